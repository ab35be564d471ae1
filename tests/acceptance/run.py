"""Builds the wheel, installs it into a new environment, and runs the project's tests with it.

The tests are run in parallel and in another random order each time; the number of times is the
argument, 20 without one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "project"
NEEDED = ("anyio", "httpx", "pytest", "pytest-randomly", "pytest-xdist", "requests")
TIMES = 20


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Run a command, and end with its exit code if it fails."""
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=outside, check=False)  # noqa: S603 - our own
    if done.returncode:
        print(f"failed: {' '.join(map(str, command))}")
        sys.exit(done.returncode)


def install(folder: Path) -> Path:
    """Build the wheel, install it into a new environment, and return the environment's Python."""
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    run([sys.executable, *pip, *build], folder)
    (wheel,) = folder.glob("mockserver-*.whl")
    run([sys.executable, "-m", "venv", folder / "venv"], folder)
    python = folder / "venv" / "bin" / "python"
    run([python, *pip, "install", wheel, *NEEDED], folder)
    return python


def main(times: int) -> None:
    """Run the tests so many times."""
    with tempfile.TemporaryDirectory(prefix="mockserver-acceptance-") as name:
        folder = Path(name)
        python = install(folder)
        project = folder / "project"
        shutil.copytree(PROJECT, project)
        for time in range(1, times + 1):
            options = ["-q", "-W", "error", "-n", "2", f"--randomly-seed={time}"]
            print(f"{time} of {times}", flush=True)
            run([python, "-m", "pytest", *options], project)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES)
