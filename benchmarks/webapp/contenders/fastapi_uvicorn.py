"""FastAPI on uvicorn with uvloop and httptools; the middleware is plain ASGI, the fastest kind."""

from time import perf_counter
from typing import Any

import uvicorn  # type: ignore[import-not-found] # in the contenders' environment
from fastapi import FastAPI  # type: ignore[import-not-found] # likewise
from fastapi.responses import HTMLResponse  # type: ignore[import-not-found] # likewise

from benchmarks.webapp.contenders.common import observe, page, port

app = FastAPI()


@app.get("/gandalf", response_class=HTMLResponse)  # type: ignore[untyped-decorator]
async def gandalf() -> str:
    """Answer one page."""
    return page("/gandalf")


@app.get("/colombo", response_class=HTMLResponse)  # type: ignore[untyped-decorator]
async def colombo() -> str:
    """Answer the other page."""
    return page("/colombo")


async def observed(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Count and log around the application."""
    if scope["type"] != "http":
        await app(scope, receive, send)
        return
    begin, status = perf_counter(), [500]

    async def watch(message: Any) -> None:
        if message["type"] == "http.response.start":
            status[0] = message["status"]
        await send(message)

    await app(scope, receive, watch)
    observe(scope["method"], scope["path"], status[0], begin)


if __name__ == "__main__":
    uvicorn.run(observed, host="127.0.0.1", port=port(), log_level="error", access_log=False)
