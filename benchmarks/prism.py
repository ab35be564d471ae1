"""Compares mockserver with Prism: `make bench-prism`. Needs node, npm and the network once."""

import argparse
import contextlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import run
import tables
from prism_documents import CASES, write_documents

PACKAGE = "@stoplight/prism-cli@5"
RESULTS = run.HERE / "results" / "prism.json"
_PATIENCE = 60.0
_WARM_UP = 4.0
"""Seconds of load before anything counts: Prism's engine compiles what runs often."""


def install(folder: Path) -> Path:
    """Install Prism and return its program."""
    program = folder / "node_modules" / ".bin" / "prism"
    if not program.exists():
        options = ("--no-audit", "--no-fund", "--silent", "--prefix", str(folder))
        subprocess.run(["npm", "install", *options, PACKAGE], check=True)  # noqa: S607 - as found
    return program


def commands(program: Path, document: Path) -> dict[str, list[str]]:
    """Return how each server is started; its port comes last."""
    prism = [str(program), "mock", str(document)]
    ours = [sys.executable, "-m", "mockserver", "serve", str(document)]
    return {
        tables.PRISM: [*prism, "--port"],
        tables.SILENT: [*prism, "--verboseLevel", "silent", "--port"],
        tables.OURS: [*ours, "--port"],
    }


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(command: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Run a server; yield its process, its port and the seconds until it answered."""
    port = free_port()
    start = time.perf_counter()
    process = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL)
    try:
        _await_answer(process, f"http://127.0.0.1:{port}/example")
        yield process.pid, port, time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(10)


def _await_answer(process: subprocess.Popen[bytes], address: str) -> None:
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own address
                answer.read()
            return
        time.sleep(0.005)  # noqa: TID251 - nothing tells when another program is ready
    raise SystemExit(f"nothing answered at {address}")


def rates(ports: dict[str, int], rounds: int, seconds: float) -> dict[str, dict[str, float]]:
    """Load the servers in turn with each case; return the medians of requests per second."""
    found: dict[str, dict[str, float]] = {}
    for case, request in CASES.items():
        requests = json.dumps([{"headers": {}, **request}])
        seen: dict[str, list[float]] = {name: [] for name in ports}
        for number in range(rounds + 1):
            for name, port in ports.items():
                result = run.load(port, seconds if number else _WARM_UP, requests)
                if number:
                    seen[name].append(result["requests_per_second"])
        found[case] = {name: statistics.median(values) for name, values in seen.items()}
    return found


def compared(program: Path, document: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure the servers with one document: start, memory after the load, and speed."""
    servers = commands(program, document)
    starts: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, command in servers.items():
            with serving(command) as (_, _, taken):
                starts[name].append(taken)
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(serving(one)) for name, one in servers.items()}
        idle = {name: run.resident_megabytes(one[0]) for name, one in running.items()}
        speed = rates({name: one[1] for name, one in running.items()}, rounds, seconds)
        loaded = {name: run.resident_megabytes(one[0]) for name, one in running.items()}
    return {
        "start": {name: statistics.median(taken) for name, taken in starts.items()},
        "idle": idle,
        "loaded": loaded,
        "speed": speed,
    }


def main() -> None:
    """Measure every document, print the table and keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--prism", type=Path, help="folder that Prism is or will be installed in")
    parser.add_argument("--readme", action="store_true", help="put the figures into README.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = install(options.prism or Path(folder))
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        results = {
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "prism": version.stdout.strip(),
            "documents": {
                name: compared(program, document, options.rounds, options.seconds)
                for name, document in write_documents(Path(folder)).items()
            },
        }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2))
    print(tables.beside_prism(results))
    if options.readme:
        tables.put_into_readme("bench-prism", tables.beside_prism(results))


if __name__ == "__main__":
    main()
