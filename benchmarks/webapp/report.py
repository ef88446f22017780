"""The results as Markdown: a table, ratios, and which goals they meet."""

from benchmarks.webapp.measure import PATHS, Result

OURS = "Beacon's app (Flask, granian)"
RAW = "raw WSGI function on granian"
FASTAPI = "FastAPI, uvicorn"
DEVELOPMENT = "Flask's development server"
# How many times what the other gives, per core
RATIOS = {FASTAPI: 2.0, DEVELOPMENT: 5.0, RAW: 0.2}
P99_MS, RESIDENT_MIB, READY_SECONDS = 5.0, 70.0, 0.7


def table(results: list[Result]) -> str:
    """Lay the results out; two figures in a cell are those of the two pages."""
    columns = ["contender", *(f"{path} per core-second" for path in PATHS)]
    columns += ["p99 at half load (ms)", "resident (MiB)", "start to ready (s)", "of it on a processor (s)"]
    lines = [f"| {' | '.join(columns)} |", "|---|---:|---:|---:|---:|---:|---:|"]
    for result in results:
        p99 = " / ".join(f"{result.half_p99_ms[path]:.1f}" for path in PATHS)
        rates = " | ".join(f"{result.per_core[path]:,.0f}" for path in PATHS)
        ready = f"{result.ready_seconds:.2f} | {result.ready_processor_seconds:.2f}"
        lines.append(f"| {result.name} | {rates} | {p99} | {result.resident_mib:.0f} | {ready} |")
    return "\n".join(lines) + "\n"


def goals(results: list[Result]) -> str:
    """Say for each goal whether this run meets it."""
    named = {result.name: result for result in results}
    ours = named[OURS]
    rows: list[tuple[str, list[float], float, bool]] = []
    for other, least in RATIOS.items():
        found = [ours.per_core[path] / named[other].per_core[path] for path in PATHS]
        rows.append((f"times {other}, at least", found, least, min(found) >= least))
    p99 = list(ours.half_p99_ms.values())
    rows.append(("p99 at half load in ms, at most", p99, P99_MS, max(p99) <= P99_MS))
    rows.append(("resident MiB, at most", [ours.resident_mib], RESIDENT_MIB, ours.resident_mib <= RESIDENT_MIB))
    ready = ours.ready_seconds
    rows.append(("start to ready in seconds, at most", [ready], READY_SECONDS, ready <= READY_SECONDS))
    lines = ["| goal | wanted | found | |", "|---|---:|---:|---|"]
    for goal, found, wanted, met in rows:
        lines.append(
            f"| {goal} | {wanted:g} | {' / '.join(f'{x:.2f}' for x in found)} | {'met' if met else 'MISSED'} |"
        )
    return "\n".join(lines) + "\n"
