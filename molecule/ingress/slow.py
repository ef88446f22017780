"""Sends one byte of a request each half second; prints after how many seconds the server had enough."""

import socket
import sys
import time

LONGEST = 20.0


def main(address: str, port: str) -> None:
    """Be slow until the connection ends."""
    began = time.monotonic()
    with socket.create_connection((address, int(port)), timeout=5) as server:
        server.sendall(b"PROXY TCP4 192.0.2.9 192.0.2.1 40000 80\r\nGET /gandalf HTTP/1.1\r\nX-Slow: ")
        server.settimeout(0.5)
        while time.monotonic() - began < LONGEST:
            try:
                server.sendall(b"x")
                if not server.recv(1000):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    print(f"{time.monotonic() - began:.1f}")  # noqa: T201 - this is the answer


if __name__ == "__main__":
    main(*sys.argv[1:3])
