"""Queries: through POST /api/ds/query, and through a data source's proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, request

from .. import datasources, frames, prometheus
from ..access import requires
from ..answers import BAD_REQUEST, Answer, Refused, answer, body
from . import api, store

if TYPE_CHECKING:
    from ..datasources import DataSource


# what the data source's plugin lets be posted: queries, whose forms may be long
POSTED = tuple(f"api/v1/{name}" for name in ("labels", "query", "series"))  # with query_range and query_exemplars


def source(uid: str) -> DataSource:
    """Return a data source by uid, or answer 404."""
    found = datasources.find(store(), uid=uid)
    if found is None:
        raise Refused(404, "Data source not found")
    return found


def _run(query: frames.Query, of: DataSource) -> dict[str, Any]:
    fields = {"query": query.expression}
    if query.instant:
        fields |= {"time": f"{query.end:.3f}"}
    else:
        aligned = query.start // query.step * query.step
        fields |= {"start": f"{aligned:.3f}", "end": f"{query.end:.3f}", "step": f"{query.step:g}"}
    try:
        path = "api/v1/query" if query.instant else "api/v1/query_range"
        reply = prometheus.ask(of, path, fields=fields, method="POST")
    except prometheus.Unreachable as error:
        return frames.failure(query, str(error), 502)
    found = reply.json()
    if found.get("status") != "success":
        return frames.failure(query, f"{found.get('errorType')}: {found.get('error')}", reply.status)
    return frames.result(query, found["data"])


@api.post("/ds/query")
@requires("datasources:query")
def run_queries() -> Answer:
    """Run the queries one by one; where one fails, the whole answer has the status of a failure."""
    data = body()
    queries = data.get("queries") or []
    if not queries:
        raise Refused(400, "no queries found")
    results: dict[str, dict[str, Any]] = {}
    try:
        start, end = frames.moment(str(data.get("from", "now-1h"))), frames.moment(str(data.get("to", "now")))
        for item in queries:
            of = source(str((item.get("datasource") or {}).get("uid", "")))
            scrape = str(of.settings["jsonData"].get("timeInterval", ""))
            query = frames.parse(item, start=start, end=end, scrape=scrape)
            results[query.ref] = _run(query, of)
    except (ValueError, AttributeError) as error:
        raise Refused(400, BAD_REQUEST) from error
    failed = any("error" in result for result in results.values())
    return answer({"results": results}, 400 if failed else 200)


@api.get("/datasources/uid/<uid>/health")
@requires("datasources:query")
def source_health(uid: str) -> Answer:
    """Ask the data source whether it answers."""
    of = source(uid)
    try:
        reply = prometheus.ask(of, "api/v1/query", fields={"query": "1+1"}, method="POST")
        problem = "" if reply.json().get("status") == "success" else f"HTTP status {reply.status}"
    except prometheus.Unreachable as error:
        problem = str(error)
    if problem:
        return answer({"message": f"Error querying Prometheus: {problem}", "status": "ERROR"}, 400)
    details = {"application": "Prometheus", "features": {"rulerApiEnabled": False}}
    return answer({"details": details, "message": "Successfully queried the Prometheus API.", "status": "OK"})


@api.route("/datasources/proxy/uid/<uid>/<path:path>", methods=["GET", "POST", "PUT", "DELETE"])
@requires("datasources:query")
def proxy(uid: str, path: str) -> Answer:
    """Hand a request on to the data source as it is: reads, and the queries that are posted."""
    if request.method != "GET" and (request.method != "POST" or not path.startswith(POSTED)):
        raise Refused(403, f"non allow-listed {request.method}s not allowed on proxied Prometheus datasource")
    posted = request.get_data() if request.method == "POST" else None
    query = request.query_string.decode()
    try:
        reply = prometheus.ask(source(uid), path, raw_query=query, method=request.method, body=posted)
    except prometheus.Unreachable as error:
        raise Refused(502, str(error)) from error
    return Response(reply.body, reply.status, content_type=reply.content_type)
