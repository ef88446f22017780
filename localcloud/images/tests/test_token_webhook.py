from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from awscli.customizations.eks.get_token import STSClientFactory, TokenGenerator
from botocore.session import Session

from localcloud.http.signatures import signing_key
from localcloud.images.tests.conftest import program

if TYPE_CHECKING:
    from pathlib import Path

webhook: Any = program("control-plane/lib/token_webhook.py")
eks_token: Any = program("node/lib/eks_token.py")
KEY, SECRET = "AKIAEXAMPLE000000001", "a made-up secret/+"
KNOWN: dict[str, Any] = {
    "signingRegion": "eu-west-1",
    "signingKeys": {"20260101": "00ff"},
    "arn": "a",
    "userId": "u",
    "username": "dev",
    "groups": [],
    "expires": None,
}  # the server's answer


class Directory:
    """Knows one key, with or without a session."""

    def __init__(self, session_token: str = "", expires: float | None = None, days: tuple[int, ...] = (0,)) -> None:
        self.session_token, self.expires, self.days = session_token, expires, days

    def find(self, access_key: str, session_token: str, region: str) -> Any:
        if (access_key, session_token) != (KEY, self.session_token):
            raise webhook.RefusedError("InvalidClientTokenId: nobody has this access key")
        dates = [f"{datetime.now(tz=UTC) + timedelta(days=number):%Y%m%d}" for number in self.days]
        return webhook.Identity(
            signing_keys={date: signing_key(SECRET, date, region, "sts", "aws4_request") for date in dates},
            arn="arn:aws:iam::1:user/dev",
            user_id="AIDA",
            username="dev",
            groups=("devs",),
            expires=self.expires,
        )


def awscli_token(cluster: str = "demo", *, secret: str = SECRET, session: str | None = None, endpoint: str = "") -> str:
    """Make a token as `aws eks get-token` does."""
    botocore = Session()
    botocore.set_credentials(KEY, secret, session)
    botocore.set_config_variable("region", "eu-west-1")
    if endpoint:
        create = botocore.create_client
        botocore.create_client = lambda *a, **k: create(*a, **k | {"endpoint_url": endpoint})
    return str(TokenGenerator(STSClientFactory(botocore).get_sts_client(region_name="eu-west-1")).get_token(cluster))


def authenticate(token: str, directory: Directory | None = None, *, cluster: str = "demo", age: int = 0) -> Any:
    now = datetime.now(tz=UTC) + timedelta(seconds=age)
    return webhook.authenticate(token, cluster=cluster, directory=directory or Directory(), now=now)


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:5600", "https://sts.eu-west-1.amazonaws.com"])
def test_what_aws_eks_get_token_signs_is_accepted_whatever_its_endpoint(endpoint: str) -> None:
    assert authenticate(awscli_token(endpoint=endpoint)).username == "dev"


def test_a_session_must_come_with_its_token() -> None:
    directory = Directory(session_token="session/+=")
    assert authenticate(awscli_token(session="session/+="), directory).groups == ("devs",)
    with pytest.raises(webhook.RefusedError, match="InvalidClientTokenId"):
        authenticate(awscli_token(session="another"), directory)


def test_a_nodes_own_token_is_accepted() -> None:
    now = datetime.now(tz=UTC)
    credentials = eks_token.Credentials(
        access_key=KEY, secret_key=SECRET, session_token="s/+=", expires="2030-01-01T00:00:00Z"
    )
    token = eks_token.token(credentials, cluster="demo", region="eu-west-1", now=now)
    assert authenticate(token, Directory(session_token="s/+=")).arn == "arn:aws:iam::1:user/dev"


@pytest.mark.parametrize(
    ("token", "options", "reason"),
    [
        (awscli_token, {"age": 901}, r"the token is 9\d\d s old: at most 900 s are allowed"),
        (awscli_token, {"age": -120}, r"s old"),
        (lambda: awscli_token("other"), {}, "not signed by this key for cluster demo"),
        (lambda: awscli_token(secret="wrong"), {}, "SignatureDoesNotMatch"),
        (lambda: "k8s-aws-v2.abc", {}, "not an EKS token"),
        (lambda: "k8s-aws-v1.%%%", {}, "not a URL in base64"),
        (lambda: changed("Action=GetCallerIdentity", "Action=GetSessionToken"), {}, "not a GetCallerIdentity request"),
        (lambda: changed("host%3Bx-k8s-aws-id", "host"), {}, "must sign the headers"),
        (lambda: changed("Version=2011-06-15", "Version=2011-06-16"), {}, "SignatureDoesNotMatch"),
        (lambda: changed("eu-west-1", "us-east-1"), {}, "SignatureDoesNotMatch"),
        (lambda: changed("%2Fsts%2F", "%2Fs3%2F"), {}, "not one of STS"),
        (lambda: changed("&X-Amz-Expires=60", "&X-Amz-Expires=60&X-Amz-Expires=60"), {}, "repeats a query parameter"),
    ],
)
def test_anything_else_is_refused_with_its_reason(token: Any, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(webhook.RefusedError, match=reason):
        authenticate(token(), **options)


def changed(old: str, new: str) -> str:
    encoded = awscli_token().removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert old in url
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.replace(old, new).encode()).decode().rstrip("=")


def test_a_session_that_has_ended_is_refused_also_while_the_server_is_away() -> None:
    with pytest.raises(webhook.RefusedError, match="ExpiredToken"):
        authenticate(awscli_token(), Directory(expires=datetime.now(tz=UTC).timestamp() - 1))


def test_a_token_of_a_day_without_a_key_is_refused() -> None:
    """The server that would derive it is away."""
    with pytest.raises(webhook.RefusedError, match=rf"the local cloud is away, and told no key of {KEY} for \d{{8}}"):
        authenticate(awscli_token(), Directory(days=(-1,)))


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(webhook.RefusedError, match="InvalidClientTokenId"):
        authenticate(awscli_token(session="unknown"))


def test_a_review_names_the_user_its_groups_and_its_arn() -> None:
    status = webhook.review(awscli_token(), cluster="demo", directory=Directory(), now=datetime.now(tz=UTC))
    assert status["user"]["username"] == "dev"
    assert status["user"]["groups"] == ["devs"]
    assert status["user"]["extra"]["arn"] == ["arn:aws:iam::1:user/dev"]


def test_while_the_server_is_away_the_last_answer_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = webhook.ServerDirectory(url="http://server", secret="x", cache=tmp_path / "cache.json")
    monkeypatch.setattr(directory, "_ask", lambda *_: KNOWN)
    assert directory.find(KEY, "", "eu-west-1").username == "dev"

    restarted = webhook.ServerDirectory(url="http://server", secret="x", cache=tmp_path / "cache.json")
    monkeypatch.setattr(restarted, "_ask", away)
    assert restarted.find(KEY, "", "eu-west-1").username == "dev"
    with pytest.raises(webhook.RefusedError, match="AKIAOTHER has not logged in before"):
        restarted.find("AKIAOTHER", "", "eu-west-1")


def test_who_lost_access_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = webhook.ServerDirectory(url="http://server", secret="x", cache=tmp_path / "cache.json")
    monkeypatch.setattr(directory, "_ask", lambda *_: KNOWN)
    directory.find(KEY, "", "eu-west-1")
    monkeypatch.setattr(directory, "_ask", refused)
    with pytest.raises(webhook.RefusedError, match="no access entry"):
        directory.find(KEY, "", "eu-west-1")
    monkeypatch.setattr(directory, "_ask", away)
    with pytest.raises(webhook.RefusedError, match="has not logged in before"):
        directory.find(KEY, "", "eu-west-1")
    assert json.loads((tmp_path / "cache.json").read_text()) == {}


def away(*_: str) -> Any:
    raise ConnectionRefusedError("refused")


def refused(*_: str) -> Any:
    raise webhook.RefusedError("AccessDenied: no access entry")


def test_a_nodes_answer_is_an_exec_credential() -> None:
    answer = json.loads(eks_token.exec_credential("token", now=datetime(2026, 1, 1, tzinfo=UTC)))
    assert answer["status"] == {"token": "token", "expirationTimestamp": "2026-01-01T00:14:00Z"}


def test_a_node_goes_on_with_kept_credentials_while_the_metadata_service_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    kept = eks_token.Credentials(access_key=KEY, secret_key=SECRET, session_token="s", expires="2026-01-01T00:05:00Z")
    monkeypatch.setattr(eks_token, "CACHE", tmp_path / "c" / "credentials.json")
    monkeypatch.setattr(eks_token, "ask_metadata", away)
    eks_token.keep(kept)
    assert re.fullmatch("0o100600", oct(eks_token.CACHE.stat().st_mode))
    assert eks_token.credentials(now=now) == kept
    with pytest.raises(ConnectionRefusedError):
        eks_token.credentials(now=now + timedelta(minutes=6))
