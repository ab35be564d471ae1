"""The results of a measurement as tables: beside their targets, and for the README."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

README = Path(__file__).parent.parent / "README.md"
OURS, PRISM, SILENT = "mockserver", "Prism", "Prism, log off"
BARE, FASTAPI = "bare ASGI application", "FastAPI endpoint"
TARGETS = {BARE: "at least 0.45", FASTAPI: "at least 2.0"}
"""What mockserver's requests per second should be of another's."""


def against_targets(results: dict[str, Any]) -> str:
    """Write everything that was measured, each figure beside its target."""
    speed, start = results["throughput"], results["start"]
    ours = speed["mockserver"]
    rows = [(f"{name}, requests/s", _rate(item), "") for name, item in speed.items()]
    rows += [
        (f"mockserver : {name}", _ratio(speed, name), target) for name, target in TARGETS.items()
    ]
    rows += [
        ("mockserver, p50 / p99", _latency(ours), ""),
        ("start to first answer, five APIs", f"{start['seconds']:.2f} s", "under 0.5 s"),
        ("resident memory after start", f"{start['megabytes']:.0f} MB", "under 80 MB"),
    ]
    rows += [(f"engine, {name}", f"{cost:.1f} µs", "") for name, cost in results["engine"].items()]
    return table(("measured", "figure", "target"), rows)


def write_readme(results: dict[str, Any]) -> None:
    """Put the figures between the README's marks."""
    speed, start, engine = results["throughput"], results["start"], results["engine"]
    ours = speed["mockserver"]
    few, many, empty, full, documented = (f"{cost:.1f}" for cost in engine.values())
    rows = [
        (
            "POST to Partoo's invitation, all steps and the journal on",
            f"{_rate(ours)} requests/s",
        ),
        (
            "the same against a bare ASGI application that sends fixed bytes",
            _ratio(speed, BARE),
        ),
        (
            "the same against a hand-written FastAPI endpoint that remembers nothing",
            _ratio(speed, FASTAPI),
        ),
        ("p50 / p99 with 16 connections", _latency(ours)),
        ("process start to first answer, five APIs", f"{start['seconds']:.2f} s"),
        ("resident memory after start", f"{start['megabytes']:.0f} MB"),
        ("engine, a document of 10 / of 1,000 operations", f"{few} / {many} µs a request"),
        ("engine, an empty store / 1,000,000 records", f"{empty} / {full} µs a request"),
        ("engine, a documented answer without steps", f"{documented} µs a request"),
    ]
    put_into_readme("bench", table(("measured", "figure"), rows))


def put_into_readme(mark: str, table: str) -> None:
    """Put a table between two marks of the README."""
    marked = f"<!-- {mark} -->\n{table}\n<!-- /{mark} -->"
    pattern = re.compile(f"<!-- {mark} -->.*<!-- /{mark} -->", re.DOTALL)
    README.write_text(pattern.sub(lambda _found: marked, README.read_text()))


def beside_prism(results: dict[str, Any]) -> str:
    """Write the figures of mockserver and Prism side by side, with their ratios."""
    rows = []
    for document, found in results["documents"].items():
        for case, speed in found["speed"].items():
            rows.append(_beside(f"{document}: {case}, requests/s", speed, "{:,.0f}"))
        rows.append(_beside(f"{document}: start to first answer, s", found["start"], "{:.2f}"))
        rows.append(_beside(f"{document}: memory after start, MB", found["idle"], "{:.0f}"))
        rows.append(_beside(f"{document}: memory after the load, MB", found["loaded"], "{:.0f}"))
    heads = ("measured", OURS, f"{PRISM} {results['prism']}", "ratio", SILENT, "ratio")
    return table(heads, rows)


def _beside(measured: str, values: dict[str, float], form: str) -> tuple[str, ...]:
    """Write one line: a ratio says how many times ours is the other's figure."""
    ours = values[OURS]
    others = [(form.format(values[name]), f"{ours / values[name]:.2f}") for name in (PRISM, SILENT)]
    return (measured, form.format(ours), *others[0], *others[1])


def _rate(item: dict[str, float]) -> str:
    return f"{item['requests_per_second']:,.0f}"


def _ratio(speed: dict[str, Any], other: str) -> str:
    ours = speed["mockserver"]["requests_per_second"]
    return f"{ours / speed[other]['requests_per_second']:.2f}"


def _latency(item: dict[str, float]) -> str:
    return f"{item['p50_ms']:.1f} / {item['p99_ms']:.1f} ms"


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a table in Markdown; its numbers are aligned on the right."""
    rule = "|".join("---" if head in ("measured", "target", "store") else "---:" for head in heads)
    lines = [heads, *rows]
    return "\n".join(
        [f"| {' | '.join(line)} |" for line in lines[:1]]
        + [f"|{rule}|"]
        + [f"| {' | '.join(line)} |" for line in lines[1:]]
    )
