from __future__ import annotations

from localcloud.docker.nftables import Door, Policy, Rule, render
from localcloud.docker.security_groups import Group, Member, Permission, policy

ANY = ("0.0.0.0/0",)
OPEN = Rule(protocol="-1", ranges=ANY)


def rules(*ingress: Rule, egress: tuple[Rule, ...] = (OPEN,)) -> str:
    made = Policy(
        ingress=ingress, egress=egress, routers=("10.42.0.1",), services="198.51.100.1", service_ports=(5600, 5680)
    )
    return render(made, metadata=None, nat={})


def chain(text: str, name: str) -> list[str]:
    lines = text.partition(f"chain {name} {{")[2].partition("\n  }")[0].splitlines()
    return [line.strip() for line in lines if line.strip()]


def test_a_range_and_a_port_become_one_line() -> None:
    text = rules(Rule(protocol="tcp", first_port=22, last_port=22, ranges=("203.0.113.0/24",)))
    assert "ip saddr 203.0.113.0/24 tcp dport 22 accept" in chain(text, "ingress")


def test_what_no_rule_allows_is_dropped_last() -> None:
    assert "counter drop" in chain(rules(), "ingress")[-1]


def test_the_router_is_dropped_before_any_rule_can_let_it_in() -> None:
    lines = chain(rules(Rule(protocol="tcp", first_port=443, last_port=443, ranges=("10.42.0.0/16",))), "ingress")
    assert lines.index("ip saddr 10.42.0.1 drop") < lines.index("ip saddr 10.42.0.0/16 tcp dport 443 accept")


def test_answers_pass_before_everything() -> None:
    lines = chain(rules(), "ingress")
    assert lines.index("ct state established,related accept") < lines.index("ip saddr 10.42.0.1 drop")


def test_a_group_without_members_lets_nobody_in() -> None:
    assert "dport 443" not in rules(Rule(protocol="tcp", first_port=443, last_port=443, ranges=()))


def test_everything_is_allowed_by_protocol_minus_one() -> None:
    assert "meta nfproto ipv4 accept" in chain(rules(OPEN), "ingress")


def test_overlapping_ranges_are_joined() -> None:
    text = rules(
        Rule(protocol="udp", first_port=53, last_port=53, ranges=("10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16"))
    )
    assert "ip saddr 10.0.0.0/8 udp dport 53 accept" in text


def test_icmp_types_and_port_ranges() -> None:
    text = rules(
        Rule(protocol="icmp", first_port=8, last_port=-1, ranges=ANY),
        Rule(protocol="tcp", first_port=1025, last_port=65535, ranges=("10.0.0.5/32",)),
    )
    assert "icmp type 8 accept" in text
    assert "ip saddr 10.0.0.5 tcp dport 1025-65535 accept" in text


def test_the_metadata_service_passes_whatever_the_egress_rules_say() -> None:
    assert "ct original ip daddr 169.254.169.254 accept" in chain(rules(egress=()), "egress")


def test_who_may_speak_https_to_anybody_may_ask_the_aws_api() -> None:
    text = rules(egress=(Rule(protocol="tcp", first_port=443, last_port=443, ranges=ANY),))
    assert "ip daddr 198.51.100.1 tcp dport { 5600, 5680 } accept" in text


def test_who_may_only_speak_ssh_may_not() -> None:
    text = rules(egress=(Rule(protocol="tcp", first_port=22, last_port=22, ranges=ANY),))
    assert "5600" not in text


def test_no_policy_means_no_filter_but_the_translations() -> None:
    text = render(None, metadata=("198.51.100.1", 5651), nat={443: ("198.51.100.1", 5650)})
    assert "counter drop" not in text
    assert "ip daddr 169.254.169.254 tcp dport 80 dnat ip to 198.51.100.1:5651" in text
    direct = "ip daddr 198.51.100.1 tcp dport 5651 ct original ip daddr != 169.254.169.254 drop"
    assert direct in chain(text, "untranslated")
    for each in (text, render(None, metadata=None, nat={})):
        assert "ip daddr 169.254.169.254 drop" in chain(each, "untranslated")
    assert 'iifname "eth*" tcp dport 443 dnat ip to 198.51.100.1:5650' in text


def test_a_door_is_open_to_its_ranges_only_whatever_the_rules_allow() -> None:
    made = Policy(ingress=(OPEN,), egress=(), routers=("10.42.0.1",))
    door = Door(address="198.51.100.64", port=443, ranges=("203.0.113.0/24", "192.0.2.1/32"), callers=())
    lines = chain(render(made, metadata=None, nat={}, door=door), "ingress")
    first = lines.index("ip daddr 198.51.100.64 ip saddr { 192.0.2.1, 203.0.113.0/24 } tcp dport 443 accept")
    assert lines[first + 1 : first + 4] == [
        "ip daddr 198.51.100.64 drop",
        "tcp dport 443 drop",
        "meta nfproto ipv4 accept",
    ]
    assert lines.index("ip saddr 10.42.0.1 drop") < first


def test_a_reference_to_a_group_is_its_members_with_their_pods() -> None:
    known = {
        "sg-node": Group(ingress=(Permission(protocol="-1", groups=("sg-node",)),)),
        "sg-other": Group(ingress=(Permission(protocol="tcp", first_port=1, last_port=2, ranges=ANY),)),
    }
    members = [
        Member(groups=("sg-node",), addresses=("10.42.1.4", "10.244.1.0/24")),
        Member(groups=("sg-node", "sg-other"), addresses=("10.42.1.5",)),
        Member(groups=("sg-other",), addresses=("10.42.1.6",)),
    ]
    made = policy(["sg-node"], known=known, members=members, routers=[], services="", service_ports=())
    assert [set(rule.ranges) for rule in made.ingress] == [{"10.42.1.4", "10.244.1.0/24", "10.42.1.5"}]
