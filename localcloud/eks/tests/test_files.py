"""What is put into control planes and nodes."""

from __future__ import annotations

import json
import re
import tomllib
from ipaddress import IPv4Address
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from localcloud.docker.spec import MachineSpec
from localcloud.eks import controlplane, nodes, pki
from localcloud.eks.resources import Taint
from localcloud.eks.tests.conftest import IMAGES
from localcloud.eks.versions import NEWEST

HOST = "0123.gr7.eu-west-1.eks.amazonaws.com"


def node() -> nodes.NodeConfig:
    return nodes.NodeConfig(
        cluster="demo",
        region="eu-west-1",
        endpoint=f"https://{HOST}",
        certificate_authority="PEM",
        service_cidr="10.100.0.0/16",
        name="ip-10-42-1-5.eu-west-1.compute.internal",
        instance_id="i-0abc",
        instance_type="t3.medium",
        zone="eu-west-1a",
        address="10.42.1.5",
        vpc_cidr="10.42.0.0/16",
        memory_mib=4096,
        host_memory_mib=24000,
        labels={"role": "worker"},
        taints=[Taint(key="dedicated", value="gpu", effect="NO_SCHEDULE")],
        api="http://198.51.100.1:5600",
        registry_ca="CA",
    )


def read(name: str) -> Any:
    return json.loads(nodes.files(node())[f"etc/kubernetes/{name}"].data)


def test_every_address_of_the_largest_vpc_has_its_own_pods() -> None:
    first = nodes.pod_range("10.42.0.0", "10.42.0.0/16")
    last = nodes.pod_range("10.42.255.255", "10.42.0.0/16")
    assert (first, last) == ("100.64.0.0/26", "100.127.255.192/26")
    assert nodes.pod_range("10.42.1.5", "10.42.0.0/16") == "100.64.65.64/26"
    assert nodes.pod_range("10.0.0.200", "10.0.0.128/25") == "100.64.18.0/26"


def test_a_node_is_named_after_its_address() -> None:
    assert nodes.node_name("10.42.1.5", "eu-west-1") == "ip-10-42-1-5.eu-west-1.compute.internal"
    assert nodes.node_name("10.42.1.5", "us-east-1") == "ip-10-42-1-5.ec2.internal"


def test_a_kubelet_logs_in_by_token_and_says_where_it_is() -> None:
    kubelet = read("kubelet.json")
    assert kubelet["providerID"] == "aws:///eu-west-1a/i-0abc"
    assert kubelet["registerWithTaints"] == [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]
    assert kubelet["clusterDNS"] == ["10.100.0.10"]
    assert kubelet["systemReserved"] == {"memory": "19904Mi"}
    user = read("kubelet.conf")["users"][0]["user"]
    assert user["exec"]["args"] == ["demo", "eu-west-1"]


def test_zone_region_type_and_own_labels_are_on_the_node() -> None:
    values = dict(
        line.split("=", 1) for line in nodes.files(node())["etc/kubernetes/node.env"].data.decode().splitlines()
    )
    assert "topology.kubernetes.io/zone=eu-west-1a" in values["NODE_LABELS"].split(",")
    assert "role=worker" in values["NODE_LABELS"].split(",")
    assert values["POD_RANGE"] == "100.64.65.64/26"


def test_pods_get_addresses_of_their_nodes_range() -> None:
    addresses = json.loads(nodes.files(node())["etc/cni/net.d/10-pods.conflist"].data)["plugins"][0]["ipam"]
    assert addresses["ranges"] == [[{"subnet": "100.64.65.64/26"}]]


def test_ecr_is_pulled_by_its_own_provider_with_the_clouds_authority() -> None:
    provider = read("credential-providers.json")["providers"][0]
    assert {"name": "AWS_ENDPOINT_URL", "value": "http://198.51.100.1:5600"} in provider["env"]
    files = nodes.files(node())
    of_all = tomllib.loads(files["etc/containerd/certs.d/_default/hosts.toml"].data.decode())
    assert of_all == {"ca": "/etc/containerd/certs.d/_default/ca.crt"}
    assert files[of_all["ca"].lstrip("/")].data == b"CA"


def test_an_instance_becomes_a_node() -> None:
    instance = MachineSpec(name="i-0abc", image="i", attachments=(), kind="instance", files={})
    spec = nodes.extend(instance, node())
    assert spec.forwards == ("100.64.65.64/26",)
    assert spec.volumes == ("/var",)
    assert spec.metadata
    assert "etc/kubernetes/kubelet.conf" in spec.files


def test_the_units_read_the_files_that_nodes_get() -> None:
    units = (IMAGES / "node/units/kubelet.service").read_text() + (IMAGES / "node/units/kube-proxy.service").read_text()
    for name in nodes.files(node()):
        if name.endswith((".json", ".conf", ".env")) and "resolv" not in name:
            assert f"/{name}" in units, name


def test_the_api_servers_certificate_is_for_its_private_name_its_address_and_the_tunnel() -> None:
    authority, files = pki.cluster_files(endpoint_host=HOST, address="10.42.1.4", service_cidr="10.100.0.0/16")
    certificate = x509.load_pem_x509_certificate(files["etc/kubernetes/pki/apiserver.crt"].encode())
    names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert isinstance(names, x509.SubjectAlternativeName)
    assert HOST in names.get_values_for_type(x509.DNSName)
    assert {IPv4Address("127.0.0.1"), IPv4Address("10.100.0.1"), IPv4Address("10.42.1.4")} <= set(
        names.get_values_for_type(x509.IPAddress)
    )
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))


def test_each_cluster_has_keys_of_its_own() -> None:
    one = pki.cluster_files(endpoint_host=HOST, address="10.42.1.4", service_cidr="10.100.0.0/16")
    two = pki.cluster_files(endpoint_host=HOST, address="10.42.1.4", service_cidr="10.100.0.0/16")
    assert one[0] != two[0]


def test_the_units_read_the_files_that_control_planes_get() -> None:
    _, files = pki.cluster_files(endpoint_host=HOST, address="10.42.1.4", service_cidr="10.100.0.0/16")
    units = "".join(path.read_text() for path in sorted((IMAGES / "control-plane/units").iterdir()))
    missing = [f"/{name}" for name in files if f"/{name}" not in units and "etc/eks/" not in name]
    assert missing == []


def plane(**more: object) -> controlplane.ControlPlane:
    values: dict[str, object] = {
        "name": "demo",
        "version": NEWEST,
        "volume": "demo-etcd",
        "region": "eu-west-1",
        "vpc_network": "n",
        "address": "10.42.1.4",
        "public": None,
        "public_port": None,
        "endpoint_host": HOST,
        "issuer": "https://oidc",
        "service_cidr": "10.100.0.0/16",
        "security_groups": ("sg-1",),
        "server": "https://198.51.100.1:5652/_eks/eu-west-1/demo",
        "server_ca": "a certificate",
        "secret": "s",
        "secrets": {},
        "encryption_key": None,
        "log_types": (),
    }
    return controlplane.ControlPlane(**values | more)  # type: ignore[arg-type]


def test_its_programs_find_the_certificate_of_whom_they_ask() -> None:
    files = controlplane.spec(plane()).files
    for program in ("token_webhook.py", "log_shipper.py"):
        text = (IMAGES / "control-plane/lib" / program).read_text()
        (path,) = re.findall(r'^SERVER_CA = "/(.+)"$', text, re.MULTILINE)
        assert files[path].content == "a certificate"


def test_the_control_plane_answers_to_its_private_name_and_to_its_groups_only() -> None:
    spec = controlplane.spec(plane())
    assert [each.aliases for each in spec.attachments] == [(HOST,)]
    assert (spec.security_groups, spec.public_port) == (("sg-1",), None)


def test_secrets_are_encrypted_when_there_is_a_key() -> None:
    with_key = json.loads(controlplane.encryption(b"0" * 32))["resources"][0]["providers"]
    assert [next(iter(provider)) for provider in with_key] == ["secretbox", "identity"]
    without = json.loads(controlplane.encryption(None))["resources"][0]["providers"]
    assert without == [{"identity": {}}]
