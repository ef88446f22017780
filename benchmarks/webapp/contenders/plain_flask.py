"""Flask as its tutorial has it; run by gunicorn (gthread), or by Flask's development server."""

from time import perf_counter

from flask import Flask, Response, g, request

from benchmarks.webapp.contenders.common import observe, page, port

app = Flask(__name__)


@app.before_request
def begin() -> None:
    """Start the clock."""
    g.begin = perf_counter()


@app.after_request
def end(response: Response) -> Response:
    """Count and log."""
    observe(request.method, request.path, response.status_code, g.begin)
    return response


@app.get("/gandalf")
def gandalf() -> str:
    """Answer one page."""
    return page("/gandalf")


@app.get("/colombo")
def colombo() -> str:
    """Answer the other page."""
    return page("/colombo")


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=port(), threaded=True)
