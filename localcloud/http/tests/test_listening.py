"""The server of everything that listens: whom it answers, and what slow, large and odd requests do to the others."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Request, Response
from werkzeug.test import Client

from localcloud.core.pki import Authority
from localcloud.http import server as module
from localcloud.http.edge import Edge
from localcloud.http.server import ListenError, Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

CLOSED = (ConnectionResetError, ConnectionRefusedError)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Say what was asked; read the body when the path says so."""
    request = Request(environ)
    body = len(request.get_data()) if "read" in request.path else 0
    answer = Response(f"{request.method} {request.path} {request.headers.get('X-Amz-Target')} {body}")
    return answer(environ, start_response)


@contextmanager
def serving(**options: Any) -> Iterator[int]:
    edge = Edge(application=application, hosts=frozenset({"127.0.0.1", "localhost", "x"}))
    made = Server(("127.0.0.1", 0), edge, **{"device": "lo", **options})
    made.expiration_interval = 0.05
    made.start_in_background()
    try:
        yield made.bind_addr[1]
    finally:
        made.stop()


def ask(port: int, path: str = "/", **more: Any) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", path, **more)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def talk(port: int, text: bytes) -> bytes:
    """Send bytes; all that comes back until the server closes, or has nothing more to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as talked:
        talked.sendall(text)
        found = b""
        try:
            while piece := talked.recv(65536):
                found += piece
        except TimeoutError:
            return found + b"(open)"
        return found


def test_a_stranger_gets_no_byte() -> None:
    with serving(peers=lambda address: address != "127.0.0.1") as port:
        assert talk(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        with socket.create_connection(("127.0.0.1", port), timeout=2, source_address=("127.0.0.2", 0)) as known:
            known.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert known.recv(12) == b"HTTP/1.1 200"


def test_another_device_s_neighbours_are_not_heard() -> None:
    with serving(device="lo") as port:
        assert ask(port)[0] == 200
    other = next((name for _, name in socket.if_nameindex() if name != "lo"), None)
    assert other, "this machine has loopback only"
    with serving(device=other) as port, pytest.raises(CLOSED):
        ask(port)


def test_date_and_server_are_said_once() -> None:
    with serving() as port:
        found = talk(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").lower()
    assert found.count(b"\r\ndate: ") == 1
    assert found.count(b"\r\nserver: localcloud\r\n") == 1


def test_a_connection_is_kept() -> None:
    with serving() as port, closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        for _ in range(2):
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert answer.read().startswith(b"GET /")
            assert not answer.will_close


def test_silent_clients_hold_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "THREADS", 2)
    with serving() as port:
        silent = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(8)]
        started = time.monotonic()
        assert ask(port)[0] == 200
        assert time.monotonic() - started < 5
        for each in silent:
            each.close()


def test_a_head_that_trickles_holds_a_thread_for_its_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "THREADS", 1)
    monkeypatch.setattr(module, "HEAD_PATIENCE", 0.5)
    with serving() as port, socket.create_connection(("127.0.0.1", port), timeout=5) as slow:
        slow.sendall(b"GET")
        started = time.monotonic()
        assert ask(port)[0] == 200
        assert 0.3 < time.monotonic() - started < 3
        assert slow.recv(65536).startswith(b"HTTP/1.1 408 ")
        assert slow.recv(65536) == b""


def test_a_connection_that_sent_chunks_holds_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """cheroot leaves the last chunk's end unread, and would take it for the begin of the next request."""
    monkeypatch.setattr(module, "THREADS", 1)
    with serving() as port, closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        for _ in range(2):
            connection.request("POST", "/read", body=iter([b"12", b"345"]), encode_chunked=True)
            assert connection.getresponse().read().endswith(b" 5")
            started = time.monotonic()
            assert ask(port)[0] == 200
            assert time.monotonic() - started < 2


def test_a_crowd_of_silent_clients_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECTIONS", 8)
    with serving() as port:
        crowd = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(8)]
        deadline = time.monotonic() + 5
        while True:
            try:
                assert ask(port)[0] == 200
                break
            except CLOSED:
                assert time.monotonic() < deadline, "nobody else is answered"
                time.sleep(0.1)
        for each in crowd:
            each.close()


def test_an_address_that_is_taken_is_named_with_the_next_step() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as told:
            Server(("127.0.0.1", port), application, device="lo").prepare()
    assert str(told.value) == (
        f"Can't listen on 127.0.0.1:{port} on lo: Address already in use. `ss -ltnp 'sport = {port}'` names who "
        "listens there: end it, or choose another port (README, Settings)."
    )


def test_a_device_that_is_gone_is_named() -> None:
    with pytest.raises(ListenError, match=r"Can't listen on 127\.0\.0\.1:0 on no-such0: No such device\."):
        Server(("127.0.0.1", 0), application, device="no-such0").prepare()


def test_silent_clients_hold_up_no_handshake(tmp_path: Path) -> None:
    tls = Authority(folder=tmp_path).ensure_server("localhost")
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    trust.verify_flags &= ~ssl.VERIFY_X509_STRICT  # our CA's certificates name no key identifiers
    with (
        serving(tls=tls) as port,
        socket.create_connection(("127.0.0.1", port), timeout=5),
        closing(HTTPSConnection("localhost", port, timeout=5, context=trust)) as connection,
    ):
        connection.request("GET", "/secret")
        assert connection.getresponse().read().startswith(b"GET /secret")


def test_who_speaks_no_tls_is_left_without_a_word_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with serving(tls=Authority(folder=tmp_path).ensure_server("localhost")) as port:
        found = talk(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert not found.endswith(b"(open)")
    assert caplog.text == ""


def test_a_body_is_asked_for_as_clients_expect() -> None:
    """boto3 waits for `100 Continue` before it sends an object."""
    with serving() as port, socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"PUT /read HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_the_answer_to_head_has_the_length_and_no_body() -> None:
    with serving() as port:
        found = talk(port, b"HEAD /read HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"\r\nContent-Length: 17\r\n" in found
    assert found.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"xyz\r\n", "A chunk of the body begins with b'xyz\\\\r\\\\n': needed is its size, a hexadecimal number."),
        (b"2\r\nabc\r\n", "After a chunk of the body comes b'c\\\\r': needed is CR LF, as trailers are not taken."),
        (
            b"0\r\nA: b\r\n\r\n",
            "After the last chunk of the body comes b'A:': needed is CR LF, as trailers are not taken.",
        ),
    ],
)
def test_a_broken_body_is_refused(body: bytes, told: str) -> None:
    with serving() as port:
        found = talk(port, b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body).decode()
    assert found.startswith("HTTP/1.1 400 ")
    assert f'"message": "{told}"' in found
    assert found.count("HTTP/1.1 ") == 1
    assert not found.endswith("(open)")


@pytest.mark.parametrize(
    ("path", "length", "closed"),
    [("/", 1000, []), ("/", 20 * module.DRAIN, ["close"]), ("/read", module.DRAIN + 1, [])],
)
def test_a_connection_with_much_of_a_body_left_is_closed(path: str, length: int, closed: list[str]) -> None:
    """And the answer comes all the same, also to who reads it when all is sent."""
    with serving() as port, closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("POST", path, body=b"x" * length)
        assert (connection.getresponse().headers.get_all("Connection") or []) == closed


@pytest.mark.parametrize(("path", "answers"), [("/", 1), ("/read", 2)])
def test_a_request_within_an_unread_body_is_not_taken_for_one(path: str, answers: int) -> None:
    hidden = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with serving() as port:
        found = talk(port, head + body + b"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"hidden" not in found
    assert found.count(b"HTTP/1.1 200") == answers


def test_a_header_with_an_underscore_stands_for_no_other() -> None:
    with serving() as port:
        assert ask(port, headers={"X_Amz_Target": "Other.Operation"})[1] == "GET / None 0"
        assert ask(port, headers={"X-Amz-Target": "T.O", "X_Amz_Target": "Other"})[1] == "GET / T.O 0"


def test_a_path_is_decoded_once() -> None:
    with serving() as port:
        assert ask(port, "/a%2Fb%20c%2541")[1] == "GET /a/b c%41 None 0"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_edge_knows_its_hosts(host: str) -> None:
    edge = Edge(application=application, hosts=frozenset({"127.0.0.1", "localhost"}))
    client = Client(edge)
    assert client.get("/", headers={"Host": host}).status_code == 200
    refused = client.get("/", headers={"Host": f"{host}.example"})
    assert (refused.status_code, "ask 127.0.0.1 or localhost" in refused.text) == (403, True)


@pytest.mark.parametrize("host", ["[", "[::1", "", "evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example"])
def test_the_edge_refuses_other_names(host: str) -> None:
    """A name of somebody else's may lead here: DNS rebinding."""
    client = Client(Edge(application=application, hosts=frozenset({"127.0.0.1"})))
    refused = client.get("/", headers={"Host": host})
    assert (refused.status_code, "ask 127.0.0.1" in refused.text) == (403, True)


@pytest.mark.parametrize(
    ("header", "value"), [("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-origin")]
)
def test_the_edge_refuses_web_pages(header: str, value: str) -> None:
    client = Client(Edge(application=application, hosts=frozenset({"127.0.0.1"})))
    refused = client.get("/", headers={"Host": "127.0.0.1", header: value})
    assert (refused.status_code, f"from web pages ({header}: {value})" in refused.text) == (403, True)
    assert client.get("/", headers={"Host": "127.0.0.1", "Sec-Fetch-Site": "none"}).status_code == 200
