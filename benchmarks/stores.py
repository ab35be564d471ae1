"""Measures stores side by side with memory: `make bench-stores`. It needs a redis-server."""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import run
import tables

Figures = dict[str, dict[str, float]]
Servers = dict[str, tuple[list[str], list[list[str]]]]
"""By name: options of the command, and for each process the sandboxes that are used there."""
CONNECTIONS = 64
SERVER = run.SERVERS["mockserver"]


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis server that keeps nothing on disk, and yield its URL."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise SystemExit("no redis-server is installed (Debian: apt install redis-server)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        while True:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def processor_seconds(process: int) -> float:
    """Return the processor time that a process and its children have used."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parts = status.read_text().rpartition(")")[2].split()
            if int(status.parent.name) == process or int(parts[1]) == process:
                total += (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
    return total


def invitations(sandbox: str) -> str:
    """Describe forced invitations to one sandbox."""
    prefix = f"/~{sandbox}" if sandbox else ""
    requests = json.loads(run.invitations())
    return json.dumps([{**item, "path": prefix + item["path"]} for item in requests])


def loads(targets: list[tuple[int, str]], seconds: float) -> dict[str, float]:
    """Load ports with one generator for each sandbox; return their sums."""
    count = CONNECTIONS // len(targets)
    processes = []
    before = os.times()
    for port, name in targets:
        command = [sys.executable, str(run.HERE / "load.py"), str(port), str(seconds), str(count)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        process.stdin.write(invitations(name))
        process.stdin.close()
        processes.append(process)
    found = []
    for process in processes:
        assert process.stdout is not None
        found.append(json.loads(process.stdout.read()))
        process.wait()
    after = os.times()
    if failures := sum(item["failures"] for item in found):
        raise SystemExit(f"{failures} answers were not 200")
    return {
        "requests_per_second": sum(item["requests_per_second"] for item in found),
        "p99_ms": max(item["p99_ms"] for item in found),
        "generator": (after.children_user - before.children_user)
        + (after.children_system - before.children_system),
    }


def measured(servers: Servers, rounds: int, seconds: float) -> Figures:
    """Load all servers in turn, round by round, and return the medians."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    with contextlib.ExitStack() as stack:
        running = {
            name: [
                (*stack.enter_context(run.serving([*SERVER, *options])), sandboxes)
                for sandboxes in served
            ]
            for name, (options, served) in servers.items()
        }
        for number in range(rounds + 1):
            for name, processes in running.items():
                targets = [(port, one) for _, port, sandboxes in processes for one in sandboxes]
                used = sum(processor_seconds(process.pid) for process, *_ in processes)
                result = loads(targets, seconds if number else 1.0)
                used = sum(processor_seconds(process.pid) for process, *_ in processes) - used
                done = result["requests_per_second"] * (seconds if number else 1.0)
                result["microseconds"] = 1e6 * used / done
                result["generator"] = 1e6 * result["generator"] / done
                if number:  # the first round warms up
                    found[name].append(result)
    return {
        name: {key: statistics.median(item[key] for item in results) for key in results[0]}
        for name, results in found.items()
    }


def table(results: Figures) -> str:
    """Write the figures, each beside those of memory."""
    memory = results["memory"]["requests_per_second"]
    rows = [
        (
            name,
            f"{item['requests_per_second']:,.0f}",
            f"{item['requests_per_second'] / memory:.2f}",
            f"{item['microseconds']:.0f}",
            f"{item['p99_ms']:.1f}",
            f"{item['generator']:.0f}",
        )
        for name, item in results.items()
    ]
    heads = (
        "store",
        "requests/s",
        "beside memory",
        "µs of processor a request",
        "p99 ms",
        "µs of the load generator",
    )
    return tables.table(heads, rows)


def main() -> None:
    """Measure all stores, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--readme", action="store_true", help="put the figures into README.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as url:
        one, two, each = [[""]], [["a", "b"]], [["a"], ["b"]]
        results = measured(
            {
                "memory": ([], one),
                "SQLite": (["--store", f"{folder}/one.db"], one),
                "SQLite, synchronous=full": (["--store", f"{folder}/f.db?synchronous=full"], one),
                "Redis": (["--store", f"{url}?prefix=one"], one),
                "Redis, 2 sandboxes": (["--store", f"{url}?prefix=two"], two),
                "Redis, 2 servers with a sandbox each": (["--store", f"{url}?prefix=three"], each),
                "Redis, 2 workers for 2 sandboxes": (
                    ["--store", f"{url}?prefix=four", "--workers", "2"],
                    two,
                ),
            },
            options.rounds,
            options.seconds,
        )
    written = table(results)
    print(written)
    if options.readme:
        tables.put_into_readme("stores", re.sub(r" +\|", " |", written))


if __name__ == "__main__":
    main()
