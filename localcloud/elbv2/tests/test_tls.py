"""Listeners that end TLS: certificates of ACM and IAM, security policies, and what HAProxy is told of them."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.core import pki, runtime
from localcloud.docker.spec import ExecResult
from localcloud.elbv2.certificates import renewed
from localcloud.elbv2.tests.place import forward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.elbv2.tests.place import Site

FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
CA = pki.authority("tests")
POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
MISSING = "arn:aws:acm:eu-west-1:123456789012:certificate/none"


def pair(name: str) -> dict[str, bytes]:
    made = pki.server(CA, name, [name])
    return {"Certificate": made.pem.encode(), "PrivateKey": made.key_pem.encode(), "CertificateChain": CA.pem.encode()}


def imported(site: Site, name: str = "web.example.org", **more: Any) -> str:
    return str(site.cloud.client("acm").import_certificate(**pair(name), **more)["CertificateArn"])


def secure(*arns: str, **more: Any) -> dict[str, Any]:
    return {"Protocol": "HTTPS", "Port": 443, "Certificates": [{"CertificateArn": arn} for arn in arns], **more}


def binds(site: Site) -> list[str]:
    lines = [line.strip() for text in site.configurations() for line in text.splitlines()]
    return sorted({line for line in lines if line.startswith("bind")})


def certificates(site: Site) -> list[str]:
    """Return the files with keys of a node, as its `bind` names them."""
    (bind,) = binds(site)
    words = bind.split()
    paths = [words[index + 1] for index, word in enumerate(words) if word == "crt"]
    files = site.nodes()[0].files
    assert {files[path].mode for path in paths} == {0o600}
    return [str(files[path].content) for path in paths]


def test_an_https_listener_ends_tls_with_its_certificate_as_its_policy_says(site: Site) -> None:
    arn = imported(site)
    listener = site.answer(site.create_application(), FIXED, **secure(arn, SslPolicy=POLICY))
    assert (listener["Protocol"], listener["SslPolicy"]) == ("HTTPS", POLICY)
    assert listener["Certificates"] == [{"CertificateArn": arn}]
    (bind,) = binds(site)
    assert bind.startswith("bind :443 ssl crt /etc/haproxy/certificates/")
    assert " ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.3 ciphers ECDHE-" in bind
    assert " ciphersuites TLS_AES_128_GCM_SHA256:" in bind
    assert bind.endswith(" alpn h2,http/1.1")
    assert "SECLEVEL" not in bind
    (text,) = certificates(site)
    assert text.index("PRIVATE KEY") < text.index("BEGIN CERTIFICATE")
    assert text.count("BEGIN CERTIFICATE") == 2, "its own, and its chain"
    told = [line.strip() for line in site.configurations()[0].splitlines()]
    assert "http-request set-header X-Forwarded-Proto https" in told
    assert "http-request set-header X-Forwarded-Port 443" in told
    site.cloud.boot()
    assert certificates(site) == [text]


def test_the_default_policy_speaks_what_aws_says_of_it(site: Site) -> None:
    listener = site.answer(site.create_application(), FIXED, **secure(imported(site)))
    assert listener["SslPolicy"] == "ELBSecurityPolicy-2016-08"
    (bind,) = binds(site)
    assert " ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.2 " in bind
    assert ":@SECLEVEL=0 " in bind
    assert "ciphersuites" not in bind


def test_attributes_of_an_application_load_balancer_take_http_2_away_and_show_tls_to_targets(site: Site) -> None:
    balancer = site.create_application()
    site.answer(balancer, FIXED, **secure(imported(site)))
    names = {"routing.http2.enabled": "false", "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "true"}
    attributes = [{"Key": name, "Value": value} for name, value in names.items()]
    site.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"], Attributes=attributes)
    site.settle()
    (bind,) = binds(site)
    assert bind.endswith(" alpn http/1.1")
    assert "set-header X-Amzn-Tls-Version %[ssl_fc_protocol]" in site.configurations()[0]


def test_a_tls_listener_of_a_network_load_balancer_leads_on_in_the_clear(site: Site) -> None:
    group = site.target_group()
    wanted = secure(imported(site), Protocol="TLS", AlpnPolicy=["HTTP2Preferred"])
    site.answer(site.create(), forward(group), **wanted)
    (bind,) = binds(site)
    assert bind.startswith("bind :443 ssl crt ")
    assert bind.endswith(" alpn h2,http/1.1,http/1.0")
    assert "mode http" not in site.configurations()[0]
    assert "default_backend http-443" in site.configurations()[0]


def test_a_tls_listener_s_alpn_policy_changes(site: Site) -> None:
    group = site.target_group()
    listener = site.answer(site.create(), forward(group), **secure(imported(site), Protocol="TLS"))["ListenerArn"]
    for policy, told in (("HTTP2Optional", " alpn http/1.1,http/1.0,h2"), ("HTTP1Only", " alpn http/1.1,http/1.0")):
        changed = site.elb.modify_listener(ListenerArn=listener, AlpnPolicy=[policy])["Listeners"][0]
        assert changed["AlpnPolicy"] == [policy]
        site.settle()
        assert binds(site)[0].endswith(told)
    kept = site.elb.modify_listener(ListenerArn=listener, SslPolicy=POLICY)["Listeners"][0]
    assert kept["AlpnPolicy"] == ["HTTP1Only"]
    site.elb.modify_listener(ListenerArn=listener, AlpnPolicy=["None"])
    site.settle()
    assert " alpn " not in binds(site)[0]
    plain = site.elb.modify_listener(ListenerArn=listener, Protocol="TCP", Port=80)["Listeners"][0]
    assert plain.get("AlpnPolicy", []) == []


def test_what_aws_refuses_of_a_change_is_refused_by_the_listener_s_own_protocol(site: Site) -> None:
    first, second = imported(site), imported(site, "api.example.org")
    https = site.answer(site.create_application(), FIXED, **secure(first))["ListenerArn"]
    http = site.answer(site.elb.describe_load_balancers()["LoadBalancers"][0], FIXED)["ListenerArn"]
    both = [{"CertificateArn": first}, {"CertificateArn": second}]
    for listener, asked, reason in (
        (https, {"Certificates": both}, "exactly one certificate if the listener protocol is HTTPS"),
        (https, {"AlpnPolicy": ["HTTP1Only"]}, "An ALPN policy cannot be specified for HTTPS listeners"),
        (https, {"AlpnPolicy": ["HTTP3"]}, "ALPN policy 'HTTP3' must be one of 'HTTP1Only, HTTP2Only, HTTP2Optional"),
        (http, {"Certificates": both[:1]}, "A certificate cannot be specified for HTTP listeners"),
    ):
        with pytest.raises(ClientError, match=reason):
            site.elb.modify_listener(ListenerArn=listener, **asked)
    assert site.elb.describe_listeners(ListenerArns=[https])["Listeners"][0]["Certificates"] == both[:1]


def test_more_certificates_are_shown_by_name_and_the_default_one_stays(site: Site) -> None:
    first, second = imported(site), imported(site, "api.example.org")
    listener = site.answer(site.create_application(), FIXED, **secure(first))["ListenerArn"]
    added = [{"CertificateArn": second}]
    site.elb.add_listener_certificates(ListenerArn=listener, Certificates=added)
    site.elb.add_listener_certificates(ListenerArn=listener, Certificates=added)
    site.settle()
    assert len(certificates(site)) == 2
    found = site.elb.describe_listener_certificates(ListenerArn=listener)["Certificates"]
    assert [each["CertificateArn"] for each in found] == [first, second]
    with pytest.raises(
        ClientError, match=r"\(OperationNotPermitted\).*default certificate of a listener cannot be rem"
    ):
        site.elb.remove_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": first}])
    site.elb.remove_listener_certificates(ListenerArn=listener, Certificates=added)
    site.settle()
    assert len(certificates(site)) == 1


def test_another_default_certificate_leaves_those_that_are_shown_by_name(site: Site) -> None:
    first, second, third = (imported(site, f"{name}.example.org") for name in "abc")
    listener = site.answer(site.create_application(), FIXED, **secure(first))["ListenerArn"]
    site.elb.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": second}])
    site.elb.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": third}])
    found = site.elb.describe_listener_certificates(ListenerArn=listener)["Certificates"]
    assert [each["CertificateArn"] for each in found] == [third, second]
    acm = site.cloud.client("acm")
    users = [acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] for arn in (first, second, third)]
    assert users == [[], [listener], [listener]]


def test_a_listener_has_25_certificates_beside_the_default_one(site: Site) -> None:
    (default, *others) = [imported(site, f"n{number}.example.org") for number in range(27)]
    listener = site.answer(site.create_application(), FIXED, **secure(default))["ListenerArn"]
    *most, last = [{"CertificateArn": arn} for arn in others]
    site.elb.add_listener_certificates(ListenerArn=listener, Certificates=most)
    with pytest.raises(ClientError, match=r"\(TooManyCertificates\)"):
        site.elb.add_listener_certificates(ListenerArn=listener, Certificates=[last])
    assert len(site.elb.describe_listener_certificates(ListenerArn=listener)["Certificates"]) == 26


def test_requests_to_acm_look_at_load_balancers_while_the_model_is_held(site: Site) -> None:
    site.answer(site.create_application(), FIXED, **secure(imported(site)))
    thread = Thread(target=renewed)
    with runtime.current().model.lock:
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(10)
    assert not thread.is_alive()


def test_a_certificate_that_is_imported_again_is_shown_at_once(site: Site) -> None:
    arn = imported(site)
    site.answer(site.create_application(), FIXED, **secure(arn))
    (before,) = certificates(site)
    site.cloud.docker.executed.clear()
    assert imported(site, CertificateArn=arn) == arn
    site.settle()
    (after,) = certificates(site)
    assert after != before
    reloads = [one for one in site.cloud.docker.executed if one.argv == ("kill", "-USR2", "1")]
    assert len(reloads) == 2, "one a node"


def test_files_of_a_certificate_that_was_replaced_are_removed(site: Site) -> None:
    arn = imported(site)
    site.answer(site.create_application(), FIXED, **secure(arn))
    (before,) = (path for path in site.nodes()[0].files if path.endswith(".pem"))
    imported(site, CertificateArn=arn)
    site.settle()

    def answer(_: str, argv: Sequence[str]) -> ExecResult:
        (after,) = (path for path in site.nodes()[0].files if path.endswith(".pem"))
        listed = "\n".join(path.rpartition("/")[2] for path in (before, after))
        return ExecResult(exit_code=0, output=listed if argv[0] == "ls" else "")

    site.cloud.docker.answer = answer
    site.cloud.docker.executed.clear()
    imported(site, CertificateArn=arn)
    site.settle()
    removed = [one.argv for one in site.cloud.docker.executed if one.argv[0] == "rm"]
    assert removed == [("rm", "-f", before)] * 2, "one a node"


def test_a_certificate_stays_as_long_as_a_listener_uses_it(site: Site) -> None:
    acm, arn = site.cloud.client("acm"), imported(site)
    balancer = site.create_application()
    listener = site.answer(balancer, FIXED, **secure(arn))["ListenerArn"]
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == [listener]
    with pytest.raises(ClientError, match=rf"\(ResourceInUseException\).*Certificate {arn} in account is in use\."):
        acm.delete_certificate(CertificateArn=arn)
    site.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    acm.delete_certificate(CertificateArn=arn)
    assert acm.list_certificates()["CertificateSummaryList"] == []


def test_a_certificate_of_iam_is_one_too(site: Site) -> None:
    made = pair("old.example.org")
    arn = site.cloud.client("iam").upload_server_certificate(
        ServerCertificateName="old",
        CertificateBody=made["Certificate"].decode(),
        PrivateKey=made["PrivateKey"].decode(),
        CertificateChain=made["CertificateChain"].decode(),
    )["ServerCertificateMetadata"]["Arn"]
    balancer = site.create_application()
    listener = site.answer(balancer, FIXED, **secure(arn))["ListenerArn"]
    (text,) = certificates(site)
    assert text.count("BEGIN CERTIFICATE") == 2
    in_use = rf"\(DeleteConflict\).*is currently in use by {balancer['LoadBalancerArn']}\. Please remove it first"
    with pytest.raises(ClientError, match=in_use):
        site.cloud.client("iam").delete_server_certificate(ServerCertificateName="old")
    site.elb.delete_listener(ListenerArn=listener)
    site.cloud.client("iam").delete_server_certificate(ServerCertificateName="old")


def test_a_listener_becomes_secure_and_open_again(site: Site) -> None:
    arn = imported(site)
    listener = site.answer(site.create_application(), FIXED)["ListenerArn"]
    needed = (
        r"\(InvalidConfigurationRequest\).*list containing exactly one certificate if the listener protocol is HTTPS"
    )
    with pytest.raises(ClientError, match=needed):
        site.elb.modify_listener(ListenerArn=listener, Protocol="HTTPS", Port=443)
    changed = site.elb.modify_listener(ListenerArn=listener, SslPolicy=POLICY, **secure(arn))["Listeners"][0]
    assert (changed["Protocol"], changed["Certificates"]) == ("HTTPS", [{"CertificateArn": arn}])
    site.settle()
    assert binds(site)[0].startswith("bind :443 ssl crt ")
    second = imported(site, "api.example.org")
    site.elb.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": second}])
    site.settle()
    assert len(certificates(site)) == 1
    site.elb.modify_listener(ListenerArn=listener, Protocol="HTTP", Port=80)
    site.settle()
    assert binds(site) == ["bind :80"]
    found = site.cloud.client("acm").describe_certificate(CertificateArn=second)["Certificate"]
    assert found["InUseBy"] == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (secure(), r"\(ValidationError\).*A certificate must be specified for HTTPS listeners"),
        (secure(MISSING), rf"\(CertificateNotFound\).*Certificate {MISSING} not found"),
        (secure(MISSING, MISSING + "2"), r"\(InvalidConfigurationRequest\).*exactly one certificate if the listener"),
        (
            secure(MISSING, Protocol="HTTP"),
            r"\(ValidationError\).*A certificate cannot be specified for HTTP listeners",
        ),
        (
            secure(MISSING, MutualAuthentication={"Mode": "passthrough"}),
            r"\(ValidationError\).*MutualAuthentication is not offered",
        ),
        (secure(MISSING, AlpnPolicy=["HTTP1Only"]), "An ALPN policy cannot be specified for HTTPS listeners"),
        (secure(MISSING, AlpnPolicy=["HTTP1Only", "None"]), "Only one ALPN policy can be specified"),
        (secure(MISSING, SslPolicy="Strong"), r"\(SSLPolicyNotFound\).*Policy Strong not found"),
    ],
)
def test_what_aws_refuses_of_a_secure_listener_is_refused(site: Site, asked: dict[str, Any], reason: str) -> None:
    balancer = site.create_application()
    with pytest.raises(ClientError, match=reason):
        site.answer(balancer, FIXED, **asked)
    assert site.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"] == []


def test_a_certificate_that_is_not_issued_yet_is_refused(site: Site) -> None:
    arn = site.cloud.client("acm").request_certificate(DomainName="web.example.org")["CertificateArn"]
    with pytest.raises(ClientError, match=r"\(InvalidConfigurationRequest\).*it is PENDING_VALIDATION"):
        site.answer(site.create_application(), FIXED, **secure(arn))


def test_a_listener_in_the_clear_takes_no_certificates(site: Site) -> None:
    listener = site.answer(site.create_application(), FIXED)["ListenerArn"]
    message = r"\(InvalidConfigurationRequest\).*Certificates are not supported on listeners with protocol 'HTTP'"
    with pytest.raises(ClientError, match=message):
        site.elb.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": imported(site)}])


def test_redirects_keep_a_secure_listener_s_protocol(site: Site) -> None:
    action = {"Type": "redirect", "RedirectConfig": {"Host": "example.org", "StatusCode": "HTTP_301"}}
    site.answer(site.create_application(), action, **secure(imported(site)))
    assert "redirect location https://example.org:443" in site.configurations()[0]
