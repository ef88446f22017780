import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from beacon_webapp import VERSION
from beacon_webapp.settings import Settings
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

PAGES = ["/", "/gandalf", "/colombo"]
VOID = {"meta", "link", "br", "img", "circle", "path", "rect", "stop", "use"}


class Outline(HTMLParser):
    """Collects what accessibility asks for, and that tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def outline(client: FlaskClient, path: str) -> Outline:
    parser = Outline()
    parser.feed(client.get(path).text)
    return parser


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_page_is_sound_and_accessible(client: FlaskClient, path: str) -> None:
    page = outline(client, path)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("h1") == 1
    assert page.tags.count("main") == 1
    assert ("html", "lang", "en") in page.attributes
    assert any(tag == "meta" and value == "viewport" for tag, _, value in page.attributes)
    named = {value for _, name, value in page.attributes if name == "aria-labelledby"}
    assert named <= set(page.ids)
    referred = {value[1:] for _, name, value in page.attributes if name == "href" and value and value[0] == "#"}
    assert referred <= set(page.ids)


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_page_needs_no_other_request_and_no_loose_policy(client: FlaskClient, path: str) -> None:
    page = outline(client, path)
    assert not any(name in {"src", "style"} or name.startswith("on") for _, name, _ in page.attributes)
    assert {value for tag, name, value in page.attributes if tag == "link" and name == "rel"} == {"icon"}
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_its_own_picture(client: FlaskClient, path: str) -> None:
    titles = {page: re.findall(r'<title id="scene-title">(.*?)</title>', client.get(page).text) for page in PAGES}
    assert len(titles[path]) == 1
    assert len({title[0] for title in titles.values()}) == len(PAGES)


def sent_as_it_is(client: FlaskClient, path: str, method: str) -> tuple[str, str | None]:
    """Return status and Location; the test client would clean the path."""
    environ = EnvironBuilder(method=method).get_environ() | {"PATH_INFO": path}
    _, status, headers = run_wsgi_app(client.application, environ)
    return status, headers.get("Location")


@pytest.mark.parametrize("path", ["/gandalf/", "//gandalf", "/gandalf//", "///gandalf"])
def test_each_page_has_one_address(client: FlaskClient, path: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert sent_as_it_is(client, path, method) == ("308 PERMANENT REDIRECT", "/gandalf")


def test_redirect_keeps_the_query_and_stays_here(client: FlaskClient, fault_client: FlaskClient) -> None:
    assert client.get("/colombo/?a=%20b&c").headers["Location"] == "/colombo?a=%20b&c"
    # what is no page isn't redirected to, so //host is no way to another site
    assert sent_as_it_is(client, "//evil.example/", "GET") == ("404 NOT FOUND", None)
    assert client.get("/nothing/").status_code == 404
    assert fault_client.get("/delay/a%0D%0Ab%3F/").headers["Location"] == "/delay/a%0D%0Ab%3F"


def test_index_tells_who_answers(client: FlaskClient) -> None:
    text = client.get("/").text
    for value in (VERSION, "abc1234", "webapp-0", "eu-west-1a"):
        assert value in text


def test_index_as_json(client: FlaskClient) -> None:
    response = client.get("/", headers={"Accept": "application/json"})
    assert response.json == {
        "version": VERSION,
        "commit": "abc1234",
        "pod": "webapp-0",
        "zone": "eu-west-1a",
        "pages": ["/gandalf", "/colombo"],
    }


def test_index_without_a_pod(make_app: Callable[..., Flask]) -> None:
    assert make_app(Settings()).test_client().get("/").text.count("not told") == 2


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/", "no-cache"),
        ("/gandalf", "public, max-age=60"),
        ("/version", "no-cache"),
        ("/openapi.json", "public, max-age=300"),
    ],
)
def test_unchanged_page_is_not_sent_again(client: FlaskClient, path: str, policy: str) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == policy
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_head_has_no_body(client: FlaskClient) -> None:
    length = len(client.get("/gandalf").data)
    for response in (client.head("/gandalf"), client.head("/colombo")):
        assert response.data == b""
        assert int(response.headers["Content-Length"]) > 1000
    assert int(client.head("/gandalf").headers["Content-Length"]) == length


def test_headers_of_each_answer(client: FlaskClient) -> None:
    for path in (*PAGES, "/nothing", "/healthz", "/version"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Server"] == "beacon-webapp"
        assert "Cache-Control" in headers
        assert "Strict-Transport-Security" not in headers
