from __future__ import annotations

import re
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.autoscaling.models import autoscaling_backends

from localcloud.conftest import until
from localcloud.core.config import ACCOUNT
from localcloud.docker.spec import ExecResult
from localcloud.elbv2 import haproxy, jobs
from localcloud.elbv2 import health as targets

if TYPE_CHECKING:
    from localcloud.elbv2.tests.place import Site


def test_a_load_balancer_has_a_node_in_each_zone_with_its_elastic_ip(site: Site) -> None:
    assert site.create()["State"]["Code"] == "provisioning"
    (balancer,) = site.elb.describe_load_balancers(Names=["web"])["LoadBalancers"]
    assert balancer["State"]["Code"] == "active"
    addresses = [zone["LoadBalancerAddresses"][0] for zone in balancer["AvailabilityZones"]]
    assert addresses == [{"IpAddress": e["PublicIp"], "AllocationId": e["AllocationId"]} for e in site.eips]
    for node, eip, prefix in zip(site.nodes(), site.eips, ("10.42.1.", "10.42.2."), strict=True):
        private, public = node.attachments
        assert private.address.startswith(prefix)
        assert private.aliases == (balancer["DNSName"],)
        assert public.address == eip["PublicIp"]
        assert node.security_groups == (site.group,)


def test_arns_say_the_type_and_lead_to_the_tags(site: Site) -> None:
    balancer = site.create(Tags=[{"Key": "k", "Value": "v"}])
    arn, name, account = balancer["LoadBalancerArn"], "web", "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
    assert re.fullmatch(f"{account}:loadbalancer/net/{name}/[0-9a-f]{{16}}", arn)
    listener = site.listen(balancer, site.target_group())["ListenerArn"]
    assert re.fullmatch(f"{account}:listener/net/{name}/[0-9a-f]{{16}}/[0-9a-f]{{16}}", listener)
    assert site.elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"] == arn
    (found,) = site.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert found == {"ResourceArn": arn, "Tags": [{"Key": "k", "Value": "v"}]}
    interfaces = site.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert {one["Description"] for one in interfaces} == {f"ELB net/{name}/{arn.rpartition('/')[2]}"}


def test_an_internal_one_has_no_public_address(site: Site) -> None:
    site.create(Scheme="internal", SubnetMappings=[{"SubnetId": subnet} for subnet in site.subnets])
    assert [len(node.attachments) for node in site.nodes()] == [1, 1]


def test_without_elastic_ips_public_addresses_are_dealt_and_given_back(site: Site) -> None:
    balancer = site.create(SubnetMappings=[{"SubnetId": subnet} for subnet in site.subnets])
    first = [node.attachments[1].address for node in site.nodes()]
    assert len(set(first)) == 2
    site.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    site.settle()
    site.create(SubnetMappings=[{"SubnetId": subnet} for subnet in site.subnets])
    assert [node.attachments[1].address for node in site.nodes()] == first


def test_listeners_lead_to_registered_instances_near_ones_first(site: Site) -> None:
    group = site.target_group()
    site.listen(site.create(), group)
    near, far = site.run(0), site.run(1)
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": near}, {"Id": far}])
    site.settle()
    first, second = site.configurations()
    assert f"server {near} 10.42.1." in first
    assert f"server {far} 10.42.2." in second
    assert [line.endswith("backup") for line in first.splitlines() if line.startswith("  server ")] == [
        i == far for i in sorted((near, far))
    ]


def test_cross_zone_makes_all_targets_equal(site: Site) -> None:
    group, balancer = site.target_group(), site.create()
    site.listen(balancer, group)
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": site.run(0)}, {"Id": site.run(1)}])
    attribute = {"Key": "load_balancing.cross_zone.enabled", "Value": "true"}
    site.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"], Attributes=[attribute])
    site.settle()
    assert "backup" not in "".join(site.configurations())


def test_targets_of_an_auto_scaling_group_come_and_go_with_it(site: Site) -> None:
    group = site.target_group()
    site.listen(site.create(), group)
    autoscaling = site.scale(MaxSize=3, DesiredCapacity=1, VPCZoneIdentifier=",".join(site.subnets))
    autoscaling.attach_load_balancer_target_groups(AutoScalingGroupName="g", TargetGroupARNs=[group])
    site.settle()
    assert site.configurations()[0].count("  server ") == 1
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=3)
    site.settle()
    assert site.configurations()[0].count("  server ") == 3
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)
    site.settle()
    assert site.configurations()[0].count("  server ") == 1


def test_a_lost_instance_of_an_auto_scaling_group_gives_its_place_to_the_new_one(site: Site) -> None:
    group = site.target_group()
    site.listen(site.create(), group)
    site.scale(MaxSize=1, VPCZoneIdentifier=site.subnets[0], TargetGroupARNs=[group])
    site.settle()
    (lost,) = [spec.name for spec in site.cloud.machines.specs.values() if spec.kind == "instance"]
    site.cloud.docker.lose(lost)
    backend: Any = autoscaling_backends[ACCOUNT]["eu-west-1"]
    backend.replace_lost({}, now=0.0)
    site.settle()
    (new,) = [spec.name for spec in site.cloud.machines.specs.values() if spec.kind == "instance"]
    assert new != lost
    assert [target["Target"]["Id"] for target in health(site, group)] == [new]
    assert f"server {new} " in site.configurations()[0]


def health(site: Site, group: str) -> Any:
    return site.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]


def test_a_changed_configuration_is_checked_and_reloaded(site: Site) -> None:
    balancer = site.create()
    site.cloud.docker.executed.clear()
    site.listen(balancer, site.target_group())
    asked = [each.argv[0] for each in site.cloud.docker.executed if each.machine == site.nodes()[0].name]
    # the states of its servers are asked before the reload; `ls`: are certificates there that nothing names?
    assert [each for each in asked if each != "sh"] == ["haproxy", "python3", "kill", "ls", "python3"]


def test_a_reload_keeps_the_states_of_targets_and_waits_until_they_are_told(site: Site) -> None:
    balancer, group = site.create(), site.target_group()
    site.listen(balancer, group)
    old, new = site.run(0), site.run(0)
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": old}])
    site.settle()
    reservations = site.ec2.describe_instances(InstanceIds=[old])["Reservations"]
    address = reservations[0]["Instances"][0]["PrivateIpAddress"]
    node, docker = site.nodes()[0].name, site.cloud.docker
    written = docker.files[node][haproxy.STATES]
    assert f" {old} {address} 0 0 " in written
    docker.executed.clear()
    docker.answers["python3"] = ExecResult(exit_code=1, output="refused")
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": new}])
    site.cloud.now.queue.settle(seconds=1)
    assert not [each for each in docker.executed if each.argv[0] == "kill"]
    docker.answers["python3"] = ExecResult(
        exit_code=0, output=written.replace(f"{old} {address} 0 0 ", f"{old} {address} 2 0 ")
    )
    until(lambda: any(each.argv[0] == "kill" and each.machine == node for each in docker.executed))
    states = docker.files[node][haproxy.STATES]
    assert f" {old} {address} 2 0 " in states
    assert re.search(rf" {new} \S+ 0 0 ", states)


def test_health_is_haproxys_word(site: Site) -> None:
    group = site.target_group()
    target = site.run(0)
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": target}])

    def state() -> str:
        site.elb.describe_target_health(TargetGroupArn=group)
        site.settle()
        (found,) = site.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return str(found["TargetHealth"]["State"])

    assert state() == "unused"
    site.listen(site.create(), group)
    for status, expected in (
        ("UP", "healthy"),
        ("DOWN", "unhealthy"),
        ("UP 1/3", "initial"),
        ("no check", "unhealthy"),
    ):
        text = f"# pxname,svname,status\nhttp-80,{target},{status}\n"
        site.cloud.docker.answers["python3"] = ExecResult(exit_code=0, output=text)
        targets.ANSWERS.forget()
        assert state() == expected
    site.cloud.docker.answers["python3"] = ExecResult(exit_code=1, output="")
    targets.ANSWERS.forget()
    assert state() == "initial"


def test_an_answer_of_before_is_kept_for_a_while_and_then_is_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    group, target = site.target_group(), site.run(0)
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": target}])
    text = f"# pxname,svname,status\nhttp-80,{target},UP\n"
    site.cloud.docker.answers["python3"] = ExecResult(exit_code=0, output=text)
    site.listen(site.create(), group)
    site.settle()
    site.cloud.docker.answers["python3"] = ExecResult(exit_code=1, output="the engine is away")
    assert [one["TargetHealth"]["State"] for one in health(site, group)] == ["healthy"]
    monkeypatch.setattr(targets, "STALE_SECONDS", 0.0)
    assert [one["TargetHealth"]["State"] for one in health(site, group)] == ["initial"]


def test_nobody_waits_while_docker_is_asked_for_health(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    group = site.target_group()
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": site.run(0)}])
    site.listen(site.create(), group)
    site.settle()
    targets.ANSWERS.forget()
    asked, go_on = Event(), Event()

    def slow(*_: Any, **__: Any) -> ExecResult:
        asked.set()
        assert go_on.wait(20)
        return ExecResult(exit_code=0, output="")

    monkeypatch.setattr(site.cloud.docker, "execute", slow)
    try:
        assert [one["TargetHealth"]["State"] for one in health(site, group)] == ["initial"]
        assert asked.wait(10)
        assert site.cloud.client("sts").get_caller_identity()["Account"] == ACCOUNT
    finally:
        go_on.set()


def test_a_deleted_load_balancer_leaves_nothing(site: Site) -> None:
    balancer = site.create()
    site.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    site.settle()
    assert site.nodes() == []
    assert site.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    for eip in site.eips:
        site.ec2.release_address(AllocationId=eip["AllocationId"])


def test_everything_survives_a_kill_of_the_server(site: Site) -> None:
    group = site.target_group()
    site.listen(site.create(), group)
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": site.run(0)}])
    site.settle()
    before = site.nodes()
    assert site.cloud.boot()
    site.settle()
    assert site.nodes() == before


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"Type": "gateway"}, "type gateway is not offered by the local cloud: application and network are"),
    ],
)
def test_other_load_balancers_are_refused(site: Site, more: dict[str, str], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        site.create(**more)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"Protocol": "UDP"}, "protocol UDP is not offered"),
        ({"TargetType": "lambda"}, "target type lambda is not offered"),
    ],
)
def test_other_target_groups_are_refused(site: Site, more: dict[str, str], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        site.target_group(**more)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"HealthCheckPath": "/health\n  option external-check"}, "Health check path '/health"),
        ({"HealthCheckPath": "health"}, "Health check path 'health' must match"),
        ({"HealthCheckPort": "10256; kill"}, "Health check port '10256; kill' must match traffic-port"),
        ({"Matcher": {"HttpCode": "200-399 or so"}}, "Health check matcher '200-399 or so' must match"),
    ],
)
def test_health_checks_that_aws_refuses_are_refused(site: Site, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        site.target_group(HealthCheckProtocol="HTTP", **more)


@pytest.mark.parametrize("target", ["not an address", "10.42.1.9:80\n  server more 10.42.1.10", "::1"])
def test_a_target_that_is_no_address_is_refused(site: Site, target: str) -> None:
    group = site.target_group(TargetType="ip")
    with pytest.raises(ClientError, match=r"(?s)\(ValidationError\).*The IP address '.*' is not a valid IPv4") as error:
        site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.42.1.9"}, {"Id": target}])
    assert f"'{target}'" in str(error.value)
    assert site.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"] == []


def test_a_health_check_asks_the_traffic_port_by_http(site: Site) -> None:
    group = site.target_group(
        HealthCheckProtocol="HTTP",
        HealthCheckPath="/nginx-health",
        HealthCheckTimeoutSeconds=5,
        Matcher={"HttpCode": "200"},
    )
    site.listen(site.create(), group)
    configuration = site.configurations()[0]
    assert "http-check send meth GET uri /nginx-health " in configuration
    assert "http-check expect rstatus ^(200)$" in configuration
    assert "timeout check 5s" in configuration
    assert " port " not in configuration  # that of each target
    site.elb.modify_target_group(TargetGroupArn=group, HealthCheckPort="8081")
    site.settle()
    assert " port 8081" in site.configurations()[0]
    with pytest.raises(ClientError, match="Health check path 'x' must match"):
        site.elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="x")


def attribute(site: Site, group: str, key: str, value: str) -> None:
    site.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": key, "Value": value}])
    site.settle()


def test_proxy_protocol_is_an_attribute_of_the_target_group(site: Site) -> None:
    group = site.target_group()
    site.listen(site.create(), group)
    assert "send-proxy" not in site.configurations()[0]
    attribute(site, group, "proxy_protocol_v2.enabled", "true")
    assert all("send-proxy-v2 check-send-proxy" in configuration for configuration in site.configurations())
    found = site.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    assert {"Key": "proxy_protocol_v2.enabled", "Value": "true"} in found
    attribute(site, group, "proxy_protocol_v2.enabled", "false")
    assert "send-proxy" not in site.configurations()[0]


def test_what_a_target_group_shows_of_its_attributes_it_takes_back(site: Site) -> None:
    group = site.target_group()
    shown = site.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    assert {"Key": "target_group_health.dns_failover.minimum_healthy_targets.count", "Value": "1"} in shown
    site.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=shown)
    assert site.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"] == shown


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (
            "proxy_protocol_v3.enabled",
            "true",
            "Target group attribute key 'proxy_protocol_v3.enabled' is not recognized",
        ),
        ("proxy_protocol_v2.enabled", "yes", "The value 'yes' of target group attribute 'proxy_protocol_v2.enabled'"),
        ("preserve_client_ip.enabled", "true", "is not offered by the local cloud: false is"),
    ],
)
def test_other_attributes_are_refused(site: Site, key: str, value: str, reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        attribute(site, site.target_group(), key, value)


def test_a_port_has_one_listener(site: Site) -> None:
    balancer, group = site.create(), site.target_group()
    site.listen(balancer, group)
    with pytest.raises(ClientError, match="already exists on this port"):
        site.listen(balancer, group)


def test_one_failure_of_docker_is_no_failed_load_balancer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.cloud.docker.fail = "connection reset"
    arn = site.create()["LoadBalancerArn"]

    def state() -> str:
        return str(site.elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"])

    assert state() == "provisioning"
    monkeypatch.setattr(jobs, "PROVISION_SECONDS", 0.0)  # for so long that it won't come any more
    until(lambda: state() == "failed")
    site.cloud.docker.fail = ""
    until(lambda: state() == "active")


def test_a_load_balancer_whose_vpc_has_a_taken_range_fails(site: Site) -> None:
    site.cloud.docker.add_network("office", "10.42.8.0/24")
    arn = site.create()["LoadBalancerArn"]
    assert site.elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"] == "failed"


def test_a_configuration_that_haproxy_refused_is_loaded_when_it_takes_it(site: Site) -> None:
    balancer = site.create()
    site.cloud.docker.answers["haproxy"] = ExecResult(exit_code=1, output="unknown keyword")
    site.listen(balancer, site.target_group())
    (failure,) = [why for key, why in site.cloud.now.queue.failing().items() if key.startswith("elbv2/")]
    assert "HAProxy refuses its configuration: unknown keyword" in failure
    site.cloud.docker.executed.clear()
    site.cloud.docker.answers.clear()
    until(lambda: not site.cloud.now.queue.failing())
    reloaded = {each.machine for each in site.cloud.docker.executed if each.argv[0] == "kill"}
    assert reloaded == {node.name for node in site.nodes()}


def test_a_load_balancer_that_can_t_be_made_whole_leaves_nothing(site: Site) -> None:
    mappings = [{"SubnetId": site.subnets[0], "AllocationId": "eipalloc-12345678"}]
    with pytest.raises(ClientError, match=r"\(AllocationIdNotFound\).*Allocation ID .*eipalloc-12345678.* not found"):
        site.create(SubnetMappings=mappings)
    assert site.elb.describe_load_balancers()["LoadBalancers"] == []
    assert site.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_name_is_given_once(site: Site) -> None:
    site.create()
    with pytest.raises(ClientError, match="DuplicateLoadBalancerName"):
        site.create()


def test_deletion_protection_is_obeyed(site: Site) -> None:
    arn = site.create()["LoadBalancerArn"]

    def protect(value: str) -> None:
        attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
        site.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)

    protect("true")
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        site.elb.delete_load_balancer(LoadBalancerArn=arn)
    protect("false")
    site.elb.delete_load_balancer(LoadBalancerArn=arn)
    site.settle()
    assert site.nodes() == []


def test_other_groups_reach_the_nodes_and_other_subnets_are_refused(site: Site) -> None:
    arn = site.create()["LoadBalancerArn"]
    group = site.ec2.create_security_group(GroupName="other", Description="other", VpcId=site.vpc)["GroupId"]
    site.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group])
    site.settle()
    assert {node.security_groups for node in site.nodes()} == {(group,)}
    site.elb.set_subnets(LoadBalancerArn=arn, Subnets=site.subnets)
    with pytest.raises(ClientError, match="make a new load balancer"):
        site.elb.set_subnets(LoadBalancerArn=arn, Subnets=site.subnets[:1])


def test_a_listener_moves_to_another_port_and_goes(site: Site) -> None:
    listener = site.listen(site.create(), site.target_group())["ListenerArn"]
    site.elb.modify_listener(ListenerArn=listener, Port=81)
    site.settle()
    assert all("bind :81" in text and "bind :80\n" not in text for text in site.configurations())
    site.elb.delete_listener(ListenerArn=listener)
    site.settle()
    assert not any("frontend" in text for text in site.configurations())


def test_what_is_deregistered_is_served_no_more(site: Site) -> None:
    group, target = site.target_group(), site.run(0)
    site.listen(site.create(), group)
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": target}])
    site.settle()
    assert f"server {target} " in site.configurations()[0]
    site.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": target}])
    site.settle()
    assert f"server {target} " not in site.configurations()[0]


def test_targets_of_a_group_that_does_not_exist_are_refused(site: Site) -> None:
    arn = f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:targetgroup/none/1234567890123456"
    for operation in (site.elb.register_targets, site.elb.deregister_targets):
        with pytest.raises(ClientError, match="TargetGroupNotFound"):
            operation(TargetGroupArn=arn, Targets=[{"Id": "i-12345678"}])


def test_load_balancers_and_target_groups_end_at_the_quota(site: Site) -> None:
    quotas = site.cloud.client("service-quotas")
    for code in ("L-69A177A2", "L-B22855CB"):
        quotas.request_service_quota_increase(ServiceCode="elasticloadbalancing", QuotaCode=code, DesiredValue=0)
    with pytest.raises(ClientError, match="TooManyLoadBalancers"):
        site.create()
    with pytest.raises(ClientError, match="TooManyTargetGroups"):
        site.elb.create_target_group(Name="t", Protocol="TCP", Port=80, VpcId=site.vpc)


def test_subnets_and_groups_of_a_load_balancer_are_of_one_vpc(site: Site) -> None:
    vpc = site.ec2.create_vpc(CidrBlock="10.43.0.0/16")["Vpc"]["VpcId"]
    subnet = site.ec2.create_subnet(VpcId=vpc, CidrBlock="10.43.1.0/24", AvailabilityZone="eu-west-1b")["Subnet"]
    group = site.ec2.create_security_group(GroupName="other", Description="d", VpcId=vpc)["GroupId"]
    here, there, missing = site.subnets[0], subnet["SubnetId"], "subnet-0123456789abcdef0"
    for asked, reason in (
        ({"Subnets": [here, missing]}, rf"\(SubnetNotFound\).*The subnet ID '{missing}' does not exist"),
        ({"Subnets": [here, there]}, r"\(InvalidConfigurationRequest\).*must be in one VPC; these are in vpc-"),
        ({"Subnets": [here], "SecurityGroups": [group]}, f"'{group}' does not belong to VPC '{site.vpc}'"),
    ):
        with pytest.raises(ClientError, match=reason):
            site.elb.create_load_balancer(Name="other", Type="network", **asked)
    arn = site.create()["LoadBalancerArn"]
    with pytest.raises(ClientError, match=f"'{group}' does not belong to VPC '{site.vpc}'"):
        site.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group])


def test_instances_of_another_vpc_are_no_targets(site: Site) -> None:
    vpc = site.ec2.create_vpc(CidrBlock="10.43.0.0/16")["Vpc"]["VpcId"]
    group, here = site.target_group(VpcId=vpc), site.run(0)
    words = rf"\(InvalidTarget\).*The following targets are not in the target group VPC '{vpc}': '{here}'"
    with pytest.raises(ClientError, match=words):
        site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": here}])
    assert site.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"] == []


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {"Id": "10.99.0.5"},
            "The Availability Zone is required for IP address '10.99.0.5' because it is not in the VPC",
        ),
        (
            {"Id": "198.51.100.7", "AvailabilityZone": "all"},
            "The IP address '198.51.100.7' is not in a range that targets may be in: 10.42.1.0/24, ",
        ),
        (
            {"Id": "10.42.1.9", "AvailabilityZone": "all"},
            "The IP address '10.42.1.9' is within the VPC, and cannot have its Availability Zone overridden to 'all'",
        ),
    ],
)
def test_addresses_that_can_t_be_targets_are_refused(site: Site, target: dict[str, str], message: str) -> None:
    group = site.target_group(TargetType="ip")
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{re.escape(message)}"):
        site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.42.1.10"}, target])
    assert site.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"] == []


@pytest.mark.parametrize("address", ["10.99.0.5", "172.16.0.1", "192.168.1.1", "100.64.3.4"])
def test_private_addresses_beside_the_vpc_are_targets_of_all_zones(site: Site, address: str) -> None:
    group = site.target_group(TargetType="ip")
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": address, "AvailabilityZone": "all"}])
    (found,) = site.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert found["Target"]["Id"] == address


def test_a_target_s_port_is_one(site: Site) -> None:
    group = site.target_group(TargetType="ip")
    with pytest.raises(ClientError, match=r"\(ValidationError\).*'targets.1.member.port' failed to satisfy constraint"):
        site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.42.1.10", "Port": 65536}])


def test_a_listener_does_not_take_the_port_of_another_one(site: Site) -> None:
    balancer, group = site.create(), site.target_group()
    first, second = (site.listen(balancer, group, port)["ListenerArn"] for port in (80, 81))
    with pytest.raises(ClientError, match=r"\(DuplicateListener\).*A listener already exists on this port"):
        site.elb.modify_listener(ListenerArn=second, Port=80)
    site.elb.modify_listener(ListenerArn=first, Port=80)
    ports = {
        each["Port"] for each in site.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    }
    assert ports == {80, 81}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("a", "a"), r"\(DuplicateTagKeys\).*Tag keys should be unique"),
        (("aws:a",), r"\(ValidationError\).*Tag key 'aws:a' cannot start with 'aws:'"),
    ],
)
def test_tags_have_keys_of_their_own(site: Site, keys: tuple[str, ...], words: str) -> None:
    tags = [{"Key": key, "Value": "v"} for key in keys]
    with pytest.raises(ClientError, match=words):
        site.target_group(Tags=tags)
    with pytest.raises(ClientError, match=words):
        site.elb.add_tags(ResourceArns=[site.target_group()], Tags=tags)
