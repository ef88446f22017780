"""Elastic Load Balancing: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html.

moto has the rules of target groups' names, and lengths of conditions' values.
Rules: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from localcloud.arguments.rules.kinds import Asked, Rules

ONE_CERTIFICATE = "You must provide a list containing exactly one certificate if the listener protocol is {}."
NO_CERTIFICATE = "A certificate cannot be specified for {} listeners"
NO_ALPN = "An ALPN policy cannot be specified for {} listeners"
# https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html#alpn-policies
ALPN_POLICIES = ("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None")
LONGEST = 32
NAME = re.compile(r"[a-zA-Z0-9-]+")
ZONES = 2  # of an application load balancer, at least
VALUES = 5  # of all conditions of a rule
HEAVIEST = 999
CONFIGS = {  # what says more of an action; one is enough
    "fixed-response": ("FixedResponseConfig",),
    "forward": ("TargetGroupArn", "ForwardConfig"),
    "redirect": ("RedirectConfig",),
}
OF_ACTIONS = tuple(name for names in CONFIGS.values() for name in names)
SAME = {"Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}", "Query": "#{query}"}
PORT = re.compile(r"#\{port\}|[1-9][0-9]{0,4}")
VISIBLE = re.compile(r"[\x21-\x7e]*")  # the rest is encoded in locations
SINGLE = ("host-header", "http-request-method", "path-pattern", "source-ip")
HEADER = re.compile(r"[!#$%&*+.^_`|~0-9A-Za-z-]{1,40}")
TEXTS = {
    "host-header": re.compile(r"[A-Za-z0-9.*?:-]+"),
    "path-pattern": re.compile(r"[A-Za-z0-9_.$/~\"'@:+&*?-]+"),
    "http-request-method": re.compile(r"[A-Z_-]{1,40}"),
}


def _balancer(asked: Asked) -> Iterator[Fault]:
    name = asked["Name"]
    problem = ""
    if len(name) > LONGEST:
        problem = f"cannot be longer than '{LONGEST}' characters"
    elif not NAME.fullmatch(name):
        problem = "can only contain characters that are alphanumeric characters and hyphens(-)"
    elif name.startswith("-") or name.endswith("-"):
        problem = "cannot begin or end with '-'"
    elif name.startswith("internal-"):
        problem = "cannot begin with 'internal-'"
    if problem:
        yield Fault(code="ValidationError", message=f"The load balancer name '{name}' {problem}")


def _zones(asked: Asked) -> Iterator[Fault]:
    subnets = [*(asked.get("Subnets") or []), *(asked.get("SubnetMappings") or [])]
    if asked.get("Type", "application") == "application" and len(subnets) < ZONES:
        yield Fault(
            code="ValidationError",
            message="At least two subnets in two different Availability Zones must be specified",
        )


def _actions(asked: Asked) -> Iterator[Fault]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html."""
    actions = [*(asked.get("Actions") or []), *(asked.get("DefaultActions") or [])]
    if len(actions) != 1 and ("Actions" in asked or "DefaultActions" in asked):
        text = f"A rule must include exactly one of the actions '{', '.join(sorted(CONFIGS))}', not {len(actions)}"
        yield Fault(code="InvalidLoadBalancerAction", message=text)
    for action in actions:
        kind = action["Type"]
        if kind not in CONFIGS:
            text = f"Actions of type '{kind}' are not offered by the local cloud: {', '.join(sorted(CONFIGS))} are"
            yield Fault(code="ValidationError", message=text)
        elif not any(action.get(config) for config in CONFIGS[kind]):
            text = f"For actions of type '{kind}', you must specify the following fields: '{CONFIGS[kind][0]}'"
            yield Fault(code="InvalidLoadBalancerAction", message=text)
        elif wrong := next((name for name in OF_ACTIONS if action.get(name) and name not in CONFIGS[kind]), None):
            text = f"'{wrong}' cannot be specified for actions of type '{kind}'"
            yield Fault(code="InvalidLoadBalancerAction", message=text)
        elif kind == "redirect":
            yield from _redirect(action["RedirectConfig"])
        elif (action.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig", {}).get("Enabled"):
            text = (
                "Stickiness of target groups in a forward action is not offered by the local cloud: that of targets is"
            )
            yield Fault(code="ValidationError", message=text)
        else:
            yield from _same_group(action)
            yield from _weights((action.get("ForwardConfig") or {}).get("TargetGroups") or [])


def _same_group(action: Mapping[str, Any]) -> Iterator[Fault]:
    """Refuse a target group beside others: a forward action has one in two places, or some in one."""
    arn, groups = action.get("TargetGroupArn"), (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    if arn and groups and [group.get("TargetGroupArn") for group in groups] != [arn]:
        text = "A forward action's TargetGroupArn must be the only target group of its ForwardConfig, or one of the two left out"
        yield Fault(code="InvalidLoadBalancerAction", message=text)


def _weights(groups: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    for group in groups:
        if not 0 <= group.get("Weight", 1) <= HEAVIEST:
            text = f"Target group weight '{group['Weight']}' must be between '0' and '{HEAVIEST}' inclusive"
            yield Fault(code="ValidationError", message=text)


def _redirect(config: Mapping[str, Any]) -> Iterator[Fault]:
    problem = ""
    if all(config.get(name, value) == value for name, value in SAME.items()):
        problem = "The redirect configuration is not valid because it creates a loop."
    elif not config.get("Path", "/").startswith("/"):
        problem = f"The Path parameter must be a valid path, should start with a '/': '{config['Path']}'"
    elif not PORT.fullmatch(config.get("Port", SAME["Port"])):
        problem = f"The Port parameter must be a valid port from 1 to 65535 or '#{{port}}': '{config['Port']}'"
    elif wrong := next((name for name in SAME if not VISIBLE.fullmatch(config.get(name, ""))), None):
        problem = f"The {wrong} parameter contains characters that are not allowed: '{config[wrong]}'"
    if problem:
        yield Fault(code="InvalidLoadBalancerAction", message=problem)


def _conditions(asked: Asked) -> Iterator[Fault]:
    if asked.get("Transforms"):
        yield Fault(code="ValidationError", message="Transforms are not offered by the local cloud")
    fields, count = [], 0
    for condition in asked.get("Conditions") or []:
        field = condition.get("Field")
        if not field:
            yield Fault(code="ValidationError", message="A condition field must be specified")
            return
        name = f"{''.join(part.capitalize() for part in field.split('-'))}Config"
        config = condition.get(name) or {}
        values = config.get("Values") or condition.get("Values") or []
        if config and condition.get("Values"):
            text = f"You cannot provide both Values and '{name}' for a condition of type '{field}'"
            yield Fault(code="ValidationError", message=text)
        if condition.get("RegexValues") or config.get("RegexValues"):
            text = f"Regular expressions for '{field}' are not offered by the local cloud: wildcards are"
            yield Fault(code="ValidationError", message=text)
        if field in fields and field in SINGLE:
            yield Fault(code="ValidationError", message=f"A rule can only have one '{field}' condition")
        fields.append(field)
        count += len(values)
        yield from _values(field, config, values)
    if count > VALUES:
        yield Fault(code="ValidationError", message=f"A rule can only have '{VALUES}' condition values")


def _values(field: str, config: Mapping[str, Any], values: list[Any]) -> Iterator[Fault]:
    problem = ""
    if field == "http-header" and not HEADER.fullmatch(config.get("HttpHeaderName", "")):
        problem = f"The 'http-header' name '{config.get('HttpHeaderName', '')}' is not a valid name of a header field"
    elif field == "http-header" and config["HttpHeaderName"].lower() == "host":
        problem = "The 'http-header' name 'host' is not supported: use a 'host-header' condition"
    elif field == "source-ip":
        wrong = next((value for value in values if not _is_range(value)), None)
        problem = f"The 'source-ip' value '{wrong}' is not a valid CIDR block" if wrong else ""
    elif field in TEXTS:
        wrong = next((value for value in values if not TEXTS[field].fullmatch(value)), None)
        problem = f"The '{field}' value '{wrong}' contains characters that are not allowed" if wrong else ""
    if problem:
        yield Fault(code="ValidationError", message=problem)


def _is_range(value: str) -> bool:
    try:
        ip_network(value)
    except ValueError:
        return False
    return "/" in value


def _certificates(asked: Asked) -> Iterator[Fault]:
    given, protocol = asked.get("Certificates") or [], asked.get("Protocol")
    if given and protocol in ("HTTP", "TCP", "UDP", "TCP_UDP"):
        yield Fault(code="ValidationError", message=NO_CERTIFICATE.format(protocol))
    if (asked.get("MutualAuthentication") or {}).get("Mode", "off") != "off":
        text = "MutualAuthentication is not offered by the local cloud: leave it out, or set its mode to off"
        yield Fault(code="ValidationError", message=text)
    if len(given) > 1 and protocol:  # a listener that is modified may keep its own
        yield Fault(code="InvalidConfigurationRequest", message=ONE_CERTIFICATE.format(protocol))


def _alpn(asked: Asked) -> Iterator[Fault]:
    given = asked.get("AlpnPolicy") or []
    if len(given) > 1:
        yield Fault(code="ValidationError", message="Only one ALPN policy can be specified")
    for policy in given:
        if policy not in ALPN_POLICIES:
            text = f"ALPN policy '{policy}' must be one of '{', '.join(ALPN_POLICIES)}'"
            yield Fault(code="ValidationError", message=text)
    if given and (protocol := asked.get("Protocol", "TLS")) != "TLS":
        yield Fault(code="ValidationError", message=NO_ALPN.format(protocol))


def _tags(asked: Asked) -> Iterator[Fault]:
    """Words: https://github.com/aws/elastic-load-balancing-tools/issues/6, https://github.com/ernestio/ernest/issues/237."""
    keys = [tag.get("Key", "") for tag in asked.get("Tags") or []]
    if len(set(keys)) < len(keys):
        text = "Duplicate Tag Keys found in the request. Tag keys should be unique."
        yield Fault(code="DuplicateTagKeys", message=text)
    for key in keys:
        if key.lower().startswith("aws:"):
            yield Fault(code="ValidationError", message=f"Tag key '{key}' cannot start with 'aws:'")


RULES: Rules = {
    "AddTags": (_tags,),
    "CreateListener": (_tags, _actions, _certificates, _alpn),
    "CreateLoadBalancer": (_balancer, _zones, _tags),
    "CreateRule": (_tags, _conditions, _actions),
    "CreateTargetGroup": (_tags,),
    "ModifyListener": (_actions, _certificates, _alpn),
    "ModifyRule": (_conditions, _actions),
}
