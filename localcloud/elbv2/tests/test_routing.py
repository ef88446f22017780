from __future__ import annotations

import re
from typing import Any

import pytest

from localcloud.elbv2.routing import NO_TARGETS, Share, matches, rule
from localcloud.elbv2.words import quote, wildcards

OLD, NEW = "arn:old", "arn:new"


def translated(action: dict[str, Any], port: int = 80) -> Any:
    return rule(priority="1", conditions=(), action=action, port=port, names={OLD: "old", NEW: "new"})


def unquoted(word: str) -> str:
    """Read a word as HAProxy does."""
    return re.sub(r"\\x(..)", lambda found: chr(int(found[1], 16)), word)


def regex(expression: str) -> re.Pattern[str]:
    flags = re.IGNORECASE if " -i " in expression else re.NOFLAG
    return re.compile(unquoted(expression.rpartition(" -- ")[2]), flags)


def test_a_word_of_the_configuration_can_hold_anything() -> None:
    text = 'it\'s\n100% "$HOME" # {x} \\'
    assert set(quote(text)).isdisjoint("\n '\"#{}%")
    assert unquoted(quote(text)) == text
    assert quote("") == '""'


@pytest.mark.parametrize(
    ("pattern", "text", "met"),
    [
        ("/img/*", "/img/", True),
        ("/img/*", "/img/a/b.png", True),
        ("/img/*", "/imgs", False),
        ("/a?", "/ab", True),
        ("/a?", "/a", False),
        ("/a.b", "/axb", False),
        (r"what\?\*", "what?*", True),
        (r"what\?", "whatx", False),
    ],
)
def test_wildcards_stand_for_characters(pattern: str, text: str, *, met: bool) -> None:
    assert bool(re.fullmatch(wildcards(pattern), text)) is met


@pytest.mark.parametrize(
    ("condition", "begins", "met", "missed"),
    [
        ({"Field": "path-pattern", "Values": ["/api/*"]}, "path -m reg -- ", "/api/x", "/API/x"),
        ({"Field": "host-header", "HostHeaderConfig": {"Values": ["*.x.org"]}}, "hdr(host),", "A.X.org", "x.org"),
        (
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "User-Agent", "Values": ["*Chrome*"]}},
            "req.fhdr(User-Agent) -m reg -i -- ",
            "a chrome b",
            "firefox",
        ),
        (
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "version", "Value": "v?"}]}},
            "query -m reg -i -- ",
            "a=b&Version=V1",
            "version=v12",
        ),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "x"}]}}, "query ", "any=x&b=c", "x=any"),
    ],
)
def test_conditions_compare_as_aws_does(condition: dict[str, Any], begins: str, met: str, missed: str) -> None:
    (expression,) = matches(condition)
    assert expression.startswith(begins)
    assert regex(expression).search(met)
    assert not regex(expression).search(missed)


def test_one_of_a_conditions_values_is_enough() -> None:
    methods = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "HEAD"]}}
    assert matches(methods) == ("method -m str -- GET", "method -m str -- HEAD")
    assert matches({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}) == ("src -- 10.0.0.0/8",)


def test_weights_become_numbers_to_draw() -> None:
    groups = [{"TargetGroupArn": OLD, "Weight": 3}, {"TargetGroupArn": NEW, "Weight": 1}]
    found = translated({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}})
    assert found.shares == (Share(backend="old-80", first=0, last=2), Share(backend="new-80", first=3, last=3))
    assert found.numbers == 4
    groups[0]["Weight"] = 0
    assert translated({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}).shares == (
        Share(backend="new-80", first=0, last=0),
    )
    groups[1]["Weight"] = 0
    assert translated({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}).response == NO_TARGETS


def test_a_forward_to_one_target_group_leads_all_there() -> None:
    assert translated({"Type": "forward", "TargetGroupArn": NEW}, port=8080).shares == (
        Share(backend="new-8080", first=0, last=0),
    )


@pytest.mark.parametrize(
    ("config", "response"),
    [
        (
            {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
            "redirect location https://%[hdr(host),host_only]:443/%[path,regsub(^/,)]%[var(txn.query)] code 301",
        ),
        (
            {"Host": "new.#{host}", "Path": "/v2/#{path}", "Query": "", "StatusCode": "HTTP_302"},
            "redirect location http://new.%[hdr(host),host_only]:8080/v2/%[path,regsub(^/,)] code 302",
        ),
        (
            {"Host": "x.org", "Path": "/100%", "Query": "from=#{host}&#{query}", "StatusCode": "HTTP_302"},
            r"redirect location http://x.org:8080/100\x25\x25?from=%[hdr(host),host_only]&%[query] code 302",
        ),
    ],
)
def test_redirects_keep_what_they_do_not_name(config: dict[str, str], response: str) -> None:
    assert translated({"Type": "redirect", "RedirectConfig": config}, port=8080).response == response


def test_fixed_responses_have_a_body_or_none() -> None:
    fixed = {"StatusCode": "404"}
    assert translated({"Type": "fixed-response", "FixedResponseConfig": fixed}).response == "return status 404"
    fixed |= {"MessageBody": "no\n", "ContentType": "text/html"}
    assert translated({"Type": "fixed-response", "FixedResponseConfig": fixed}).response == (
        r"return status 404 content-type text/html string no\x0a"
    )
