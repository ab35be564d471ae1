"""Measures speed side by side: `make bench`. Nothing here passes or fails by a time."""

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import engine_cost
import tables

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "latest.json"
PATH = "/partoo/v2/review_booster/send_invitation"
NUMBERS = 1_000
CONNECTIONS = 16
SERVERS = {
    "bare ASGI application": [str(HERE / "bare.py")],
    "FastAPI endpoint": [str(HERE / "fastapi_stub.py")],
    "mockserver": [
        *("-m", "mockserver", "serve", "--port", "0"),
        *("--set", "partoo.requests_per_minute=1000000000"),
        *("--set", "partoo.sms_quota=1000000000"),
    ],
}


def invitations() -> str:
    """Describe the requests: forced, so that numbers may come again."""
    headers = {"x-APIKey": "demo-partoo-key", "Content-Type": "application/json"}
    return json.dumps(
        [
            {
                "method": "POST",
                "path": PATH,
                "headers": headers,
                "body": {
                    "business_id": "5409c35a97bbc544d8e26737",
                    "target_phone": f"+336{10_000_000 + number}",
                    "target_name": "John Doe",
                    "template_id": 31,
                    "force": "True",
                },
            }
            for number in range(NUMBERS)
        ]
    )


@contextlib.contextmanager
def serving(arguments: list[str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server and yield it with the port that it prints."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                yield process, int(found[1])
                return
        raise SystemExit(f"{arguments} did not start")
    finally:
        process.terminate()
        process.wait(10)


def load(port: int, seconds: float, requests: str) -> dict[str, float]:
    """Load a server from a process of its own."""
    command = [sys.executable, str(HERE / "load.py"), str(port), str(seconds), str(CONNECTIONS)]
    done = subprocess.run(command, input=requests, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    if result["failures"]:
        raise SystemExit(f"{result['failures']} answers of port {port} were not 200")
    return result


def throughput(rounds: int, seconds: float) -> dict[str, dict[str, float]]:
    """Load the servers in turn, round by round, and return the medians."""
    requests = invitations()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in SERVERS}
    with contextlib.ExitStack() as stack:
        ports = {
            name: stack.enter_context(serving(arguments))[1] for name, arguments in SERVERS.items()
        }
        for number in range(rounds + 1):
            for name, port in ports.items():
                result = load(port, seconds if number else 1.0, requests)
                if number:  # the first round warms up
                    found[name].append(result)
    return {
        name: {key: statistics.median(item[key] for item in results) for key in results[0]}
        for name, results in found.items()
    }


def start_and_memory(rounds: int) -> dict[str, float]:
    """Return seconds from process start to the first good answer, and the memory held then."""
    seconds, megabytes = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        with serving(["-m", "mockserver", "serve", "--port", "0"]) as (process, port):
            address = f"http://127.0.0.1:{port}/cloutly/api/v1/businesses"
            request = urllib.request.Request(address, headers={"x-api-key": "demo-cloutly-key"})
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
                answer.read()
            seconds.append(time.perf_counter() - start)
            megabytes.append(resident_megabytes(process.pid))
    return {"seconds": statistics.median(seconds), "megabytes": statistics.median(megabytes)}


def resident_megabytes(process: int) -> float:
    """Return what a process holds in memory; 0 where the system doesn't say."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    """Measure everything, print the table and keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--readme", action="store_true", help="put the figures into README.md")
    options = parser.parse_args()
    results = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "throughput": throughput(options.rounds, options.seconds),
        "start": start_and_memory(options.rounds),
        "engine": engine_cost.measured(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2))
    print(f"Python {results['python']}, {results['processors']} processors\n")
    print(tables.against_targets(results))
    if options.readme:
        tables.write_readme(results)


if __name__ == "__main__":
    main()
