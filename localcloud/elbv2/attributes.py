"""Attributes of load balancers and target groups, by type: what AWS knows, and which values are honoured or kept here.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from moto.elbv2.exceptions import ELBClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

type Allowed = str | range  # a pattern, or numbers
type Table = Mapping[str, Allowed]

BOOLEAN = "true|false"
TEXT = ".*"
WEEK = range(1, 604801)


def _logs(kind: str) -> Table:
    """Return the attributes of a log: state only, none is written."""
    return {f"{kind}.s3.enabled": BOOLEAN, f"{kind}.s3.bucket": TEXT, f"{kind}.s3.prefix": TEXT}


_ALL: Table = {
    "deletion_protection.enabled": BOOLEAN,
    "ipv6.deny_all_igw_traffic": BOOLEAN,
    "zonal_shift.config.enabled": BOOLEAN,
    **_logs("access_logs"),
}
BALANCERS: Mapping[str, Table] = {
    "application": {
        **_ALL,
        **_logs("connection_logs"),
        **_logs("health_check_logs"),
        "client_keep_alive.seconds": range(60, 604801),
        "idle_timeout.timeout_seconds": range(1, 4001),
        "load_balancing.cross_zone.enabled": "true",  # on AWS, too
        "routing.http.desync_mitigation_mode": "monitor|defensive|strictest",
        "routing.http.drop_invalid_header_fields.enabled": BOOLEAN,
        "routing.http.preserve_host_header.enabled": BOOLEAN,
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": BOOLEAN,
        "routing.http.xff_client_port.enabled": BOOLEAN,
        "routing.http.xff_header_processing.mode": "append|preserve|remove",
        "routing.http2.enabled": BOOLEAN,
        "waf.fail_open.enabled": BOOLEAN,
    },
    "network": {
        **_ALL,
        "dns_record.client_routing_policy": "any_availability_zone|(partial_)?availability_zone_affinity",
        "load_balancing.cross_zone.enabled": BOOLEAN,
        "secondary_ips.auto_assigned.per_subnet": range(8),
    },
}
# those that an application load balancer shows, or that have an effect, before anybody sets them
APPLICATION_DEFAULTS = {
    "idle_timeout.timeout_seconds": "60",
    "client_keep_alive.seconds": "3600",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
}

# those that a target group shows before anybody sets them: Terraform's provider hands back what it reads
GROUP_DEFAULTS = {
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
# The values are those that the local cloud honours: where it has no choice, AWS's default.
_GROUPS: Table = {
    "deregistration_delay.timeout_seconds": range(3601),
    **GROUP_DEFAULTS,
}
GROUPS: Mapping[str, Table] = {  # by protocol
    "TCP": {
        **_GROUPS,
        "deregistration_delay.connection_termination.enabled": BOOLEAN,
        "proxy_protocol_v2.enabled": BOOLEAN,
        "preserve_client_ip.enabled": "false",
        "stickiness.enabled": "false",
        "stickiness.type": "source_ip",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "target_health_state.unhealthy.draining_interval_seconds": "0",
    },
    "HTTP": {
        **_GROUPS,
        "load_balancing.algorithm.type": "round_robin|least_outstanding_requests|weighted_random",
        "load_balancing.algorithm.anomaly_mitigation": "off",
        "slow_start.duration_seconds": "0",
        "stickiness.enabled": BOOLEAN,
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": WEEK,
        "stickiness.app_cookie.cookie_name": "",
        "stickiness.app_cookie.duration_seconds": WEEK,
    },
}
BALANCE = {"round_robin": "roundrobin", "least_outstanding_requests": "leastconn", "weighted_random": "random"}


def check_balancer(kind: str, attributes: Mapping[str, str]) -> None:
    """Refuse what a load balancer of this type can't have."""
    for key, value in attributes.items():
        if not any(key in table for table in BALANCERS.values()):
            raise ELBClientError("ValidationError", f"Load balancer attribute key '{key}' is not recognized")
        if key not in BALANCERS[kind]:
            raise ELBClientError(
                "InvalidConfigurationRequest",
                f"Load balancer attribute key '{key}' is not supported on load balancers with type '{kind}'",
            )
        _check("load balancer", key, value, BALANCERS[kind][key])


def check_group(protocol: str, attributes: Mapping[str, str]) -> None:
    """Refuse what a target group of this protocol can't have."""
    for key, value in attributes.items():
        if key not in GROUPS[protocol]:
            raise ELBClientError("ValidationError", f"Target group attribute key '{key}' is not recognized")
        _check("target group", key, value, GROUPS[protocol][key])


def _check(what: str, key: str, value: str, allowed: Allowed) -> None:
    if isinstance(allowed, range):
        if str(value).isdecimal() and int(value) in allowed:
            return
        raise ELBClientError(
            "ValidationError",
            f"'{key}' value '{value}' must be between '{allowed[0]}-{allowed[-1]}' inclusive",
        )
    if not re.fullmatch(allowed, str(value)):
        raise ELBClientError(
            "ValidationError",
            f"The value '{value}' of {what} attribute '{key}' is not offered by the local cloud: {allowed} is",
        )
