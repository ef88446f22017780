from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.docker.spec import ExecResult
from localcloud.elbv2 import health as targets
from localcloud.elbv2.tests.place import forward

if TYPE_CHECKING:
    from localcloud.elbv2.tests.place import Site

FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
PATH = {"Field": "path-pattern", "Values": ["/api/*"]}


def rule(site: Site, listener: Any, *actions: dict[str, Any], priority: int = 10, **more: Any) -> Any:
    asked = {"ListenerArn": listener["ListenerArn"], "Priority": priority, "Conditions": [PATH], "Actions": actions}
    made = site.elb.create_rule(**asked | more)["Rules"][0]
    site.settle()
    return made


def test_the_default_type_is_application_with_a_node_in_each_zone(site: Site) -> None:
    made = site.create_application()
    assert made["Type"] == "application"
    assert ":loadbalancer/app/web/" in made["LoadBalancerArn"]
    (found,) = site.elb.describe_load_balancers(Names=["web"])["LoadBalancers"]
    assert found["State"]["Code"] == "active"
    assert [zone["ZoneName"] for zone in found["AvailabilityZones"]] == ["eu-west-1a", "eu-west-1b"]
    assert [(len(node.attachments), node.security_groups) for node in site.nodes()] == [(2, (site.group,))] * 2
    assert all(node.name.startswith("alb-web-") for node in site.nodes())


def test_an_internal_one_without_groups_has_the_vpcs_default_group_and_no_public_address(site: Site) -> None:
    made = site.create_application(Scheme="internal", SecurityGroups=[])
    filters = [{"Name": "vpc-id", "Values": [site.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (default,) = site.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    assert made["SecurityGroups"] == [default["GroupId"]]
    assert [(len(node.attachments), node.security_groups) for node in site.nodes()] == [(1, (default["GroupId"],))] * 2


def test_subnets_that_aws_refuses_are_refused_and_nothing_is_left(site: Site) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationError\).*At least two subnets in two different Availability"):
        site.create_application(Subnets=site.subnets[:1])
    same = site.ec2.create_subnet(VpcId=site.vpc, CidrBlock="10.42.3.0/24", AvailabilityZone="eu-west-1a")["Subnet"]
    with pytest.raises(ClientError, match=r"\(InvalidConfigurationRequest\).*multiple subnets in the same Avail"):
        site.create_application(Subnets=[site.subnets[0], same["SubnetId"]])
    with pytest.raises(ClientError, match="Elastic IP addresses are not supported on load balancers with type 'app"):
        site.create(Type="application")
    with pytest.raises(ClientError, match=r"\(InvalidConfigurationRequest\).*security groups are invalid"):
        site.create_application(SecurityGroups=["sg-12345678"])
    assert site.elb.describe_load_balancers()["LoadBalancers"] == []
    assert site.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_rules_come_before_the_default_action_in_their_order(site: Site) -> None:
    web, api = site.http_group("web"), site.http_group("api")
    listener = site.listen(site.create_application(), web)
    site.elb.register_targets(TargetGroupArn=web, Targets=[{"Id": site.run(0)}])
    second = rule(site, listener, FIXED, priority=20)
    rule(site, listener, forward(api), priority=3)
    text = site.configurations()[0]
    assert text.index("str(3)") < text.index("str(20)") < text.index("str(default)")
    assert "http-request return status 503 if is-3 " in text
    assert "use_backend web-80 if is-default" in text
    assert "http-request return status 404 if is-20" in text
    site.elb.set_rule_priorities(RulePriorities=[{"RuleArn": second["RuleArn"], "Priority": 2}])
    site.settle()
    text = site.configurations()[0]
    assert text.index("str(2)") < text.index("str(3)")
    site.elb.modify_rule(RuleArn=second["RuleArn"], Conditions=[{"Field": "host-header", "Values": ["*.x.org"]}])
    site.settle()
    assert "acl rule-2-1 hdr(host),host_only" in site.configurations()[0]
    site.elb.delete_rule(RuleArn=second["RuleArn"])
    site.settle()
    assert "rule-2-1" not in site.configurations()[0]


def test_the_default_action_changes_and_the_default_rule_stays(site: Site) -> None:
    listener = site.listen(site.create_application(), site.http_group())
    arn = listener["ListenerArn"]
    site.elb.modify_listener(ListenerArn=arn, DefaultActions=[FIXED])
    site.settle()
    assert "http-request return status 404 if is-default" in site.configurations()[0]
    (default,) = site.elb.describe_rules(ListenerArn=arn)["Rules"]
    with pytest.raises(ClientError, match=r"\(OperationNotPermitted\).* cannot be deleted"):
        site.elb.delete_rule(RuleArn=default["RuleArn"])
    with pytest.raises(ClientError, match=r"\(OperationNotPermitted\).* cannot be modified"):
        site.elb.modify_rule(RuleArn=default["RuleArn"], Conditions=[PATH])


def test_a_target_group_has_one_load_balancer_until_that_goes(site: Site) -> None:
    group, first = site.http_group(), site.create_application()
    listener = site.listen(first, group)
    rule(site, listener, forward(group))

    def used() -> Any:
        return site.elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0].get("LoadBalancerArns", [])

    assert used() == [first["LoadBalancerArn"]]
    second = site.create_application(Name="other")
    with pytest.raises(ClientError, match=r"\(TargetGroupAssociationLimit\).*more than one load balancer: arn:aws:"):
        site.listen(second, group)
    site.elb.delete_load_balancer(LoadBalancerArn=first["LoadBalancerArn"])
    assert used() == []
    site.listen(second, group)
    assert used() == [second["LoadBalancerArn"]]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"Protocol": "TCP"}, "Listener protocol 'TCP' must be one of 'HTTP, HTTPS'"),
    ],
)
def test_other_listeners_are_refused(site: Site, more: dict[str, Any], reason: str) -> None:
    balancer = site.create_application()
    with pytest.raises(ClientError, match=reason):
        site.answer(balancer, FIXED, **more)
    listener = site.answer(balancer, FIXED)
    with pytest.raises(ClientError, match=reason):
        site.elb.modify_listener(ListenerArn=listener["ListenerArn"], **more)


def test_what_leads_nowhere_is_refused(site: Site) -> None:
    application, network = site.create_application(), site.create(Name="net")
    tcp, group = site.target_group(Name="tcp"), site.http_group()
    with pytest.raises(ClientError, match=r"\(IncompatibleProtocols\).*incompatible protocols: 'HTTP' and 'TCP'"):
        site.listen(application, tcp)
    with pytest.raises(ClientError, match=r"\(IncompatibleProtocols\).*incompatible protocols: 'TCP' and 'HTTP'"):
        site.listen(network, group)
    with pytest.raises(ClientError, match="Actions of type 'fixed-response' are not supported on load balancers with"):
        site.answer(network, FIXED, Protocol="TCP")
    listener = site.listen(network, tcp)
    with pytest.raises(
        ClientError, match=r"\(InvalidConfigurationRequest\).*Rules are not supported on load balancers with"
    ):
        rule(site, listener, forward(tcp))
    listener = site.listen(application, group)
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        site.elb.modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=[forward(f"{group}x")])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"ProtocolVersion": "GRPC"}, "The protocol version GRPC is not offered by the local cloud: HTTP1 is"),
        ({"HealthCheckProtocol": "TCP"}, "Health check protocol 'TCP' must be one of 'HTTP, HTTPS'"),
        ({"Protocol": "HTTPS"}, "The protocol HTTPS is not offered by the local cloud: HTTP and TCP are"),
    ],
)
def test_other_http_groups_are_refused(site: Site, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        site.http_group(**more)


def test_http_groups_are_checked_by_http(site: Site) -> None:
    group = site.http_group()
    site.listen(site.create_application(), group)
    text = site.configurations()[0]
    assert "http-check send meth GET uri / " in text
    assert "http-check expect rstatus ^(200)$" in text
    assert "inter 30s fastinter 1s downinter 1s rise 5 fall 2" in text
    with pytest.raises(ClientError, match="Health check protocol 'TCP' must be one of 'HTTP, HTTPS'"):
        site.elb.modify_target_group(TargetGroupArn=group, HealthCheckProtocol="TCP")
    site.elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="/it's", Matcher={"HttpCode": "204"})
    site.settle()
    assert r"uri /it\x27s " in site.configurations()[0]
    assert "http-check expect rstatus ^(204)$" in site.configurations()[0]


@pytest.mark.parametrize(
    ("statistics", "reason"),
    [
        ("DOWN,L7STS,500", ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]")),
        ("DOWN,L7TOUT,", ("Target.Timeout", "Request timed out")),
        ("DOWN,L4CON,", ("Target.FailedHealthChecks", "Health checks failed")),
    ],
)
def test_an_unhealthy_target_has_a_reason(site: Site, statistics: str, reason: tuple[str, str]) -> None:
    group, target = site.http_group(), site.run(0)
    site.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": target}])
    text = f"# pxname,svname,status,check_status,check_code\nhttp-80,{target},{statistics}\n"
    site.cloud.docker.answers["python3"] = ExecResult(exit_code=0, output=text)
    targets.ANSWERS.forget()
    site.listen(site.create_application(), group)
    (found,) = site.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert found["TargetHealth"] == {"State": "unhealthy", "Reason": reason[0], "Description": reason[1]}


def test_attributes_have_aws_defaults_and_effects(site: Site) -> None:
    made = site.create_application()
    group = site.http_group()
    site.listen(made, group)
    arn = made["LoadBalancerArn"]
    found = site.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    assert {"Key": "idle_timeout.timeout_seconds", "Value": "60"} in found
    assert {"Key": "load_balancing.cross_zone.enabled", "Value": "true"} in found
    wanted = {
        "idle_timeout.timeout_seconds": "5",
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "routing.http.xff_header_processing.mode": "remove",
        "access_logs.s3.enabled": "false",
    }
    attributes = [{"Key": key, "Value": value} for key, value in wanted.items()]
    site.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)
    attributes = [
        {"Key": "stickiness.enabled", "Value": "true"},
        {"Key": "stickiness.lb_cookie.duration_seconds", "Value": "60"},
        {"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"},
    ]
    site.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=attributes)
    site.settle()
    text = site.configurations()[0]
    for line in (
        "timeout client 5s",
        "http-request del-header X-Forwarded-For",
        "http-request del-header [^-A-Za-z0-9] -m reg",
        "cookie AWSALB insert indirect nocache httponly maxidle 60s",
        "balance leastconn",
    ):
        assert f"  {line}\n" in text


@pytest.mark.parametrize(
    ("kind", "key", "value", "reason"),
    [
        ("application", "idle_timeout.seconds", "5", r"\(ValidationError\).*key 'idle_timeout.seconds' is not recogni"),
        (
            "network",
            "idle_timeout.timeout_seconds",
            "5",
            r"\(InvalidConfigurationRequest\).*is not supported on load balancers with type 'network'",
        ),
        ("application", "idle_timeout.timeout_seconds", "0", "value '0' must be between '1-4000' inclusive"),
        ("application", "load_balancing.cross_zone.enabled", "false", "is not offered by the local cloud: true is"),
    ],
)
def test_other_attributes_of_load_balancers_are_refused(
    site: Site, kind: str, key: str, value: str, reason: str
) -> None:
    made = site.create_application() if kind == "application" else site.create()
    with pytest.raises(ClientError, match=reason):
        site.elb.modify_load_balancer_attributes(
            LoadBalancerArn=made["LoadBalancerArn"], Attributes=[{"Key": key, "Value": value}]
        )


def test_application_load_balancers_end_at_their_own_quota(site: Site) -> None:
    quotas = site.cloud.client("service-quotas")
    quotas.request_service_quota_increase(ServiceCode="elasticloadbalancing", QuotaCode="L-53DA6B97", DesiredValue=0)
    with pytest.raises(ClientError, match="TooManyLoadBalancers"):
        site.create_application()
    site.create()


def test_a_deleted_one_leaves_nothing(site: Site) -> None:
    made = site.create_application()
    rule(site, site.listen(made, site.http_group()), FIXED)
    site.elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    site.settle()
    assert site.nodes() == []
    assert site.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_rules_survive_a_restart(site: Site) -> None:
    listener = site.listen(site.create_application(), site.http_group())
    rule(site, listener, FIXED)
    before = site.configurations()
    site.cloud.boot()
    site.settle()
    assert site.configurations() == before
    assert "rule-10-1" in before[0]
