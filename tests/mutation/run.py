"""Mutation testing: change the code in small ways, and list the changes that no test notices.

Each mutant runs in a process of its own, forked from one that has imported the libraries but not
mockserver. It runs the tests that reach the changed lines, of those that `COVERING` lists.
"""

import argparse
import ast
import importlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

import coverage
import pytest

from tests.mutation.mutants import Mutant, mutants

ROOT = Path(__file__).parents[2]
_LIMITS = tuple(
    f"tests/engine/test_{name}.py"
    for name in ("limits", "ratelimits", "allowances", "several_limits")
)
_OAUTH = (
    "tests/apis/test_justanudge.py",
    "tests/verbs/test_oauth.py",
    "tests/verbs/test_oauth_rules.py",
)
_STATE = "tests/control/test_state_calls.py"
COVERING: Mapping[str, Sequence[str]] = {
    "base/time.py": ("tests/base/test_time.py", _STATE),
    "base/secrets.py": ("tests/base/test_secrets.py", "tests/control/test_redaction.py"),
    "control/clock_calls.py": (
        _STATE,
        "tests/control/test_control_app.py",
        "tests/testing/test_sandbox_client.py",
    ),
    "control/guard.py": ("tests/control/test_guard.py", "tests/control/test_control_app.py"),
    "control/redaction.py": ("tests/control/test_redaction.py", "tests/conformance/test_har.py"),
    "control/body_redaction.py": ("tests/control/test_body_redaction.py",),
    "engine/limits.py": (*_LIMITS, _STATE),
    "engine/allowances.py": (*_LIMITS, _STATE),
    "engine/records.py": (
        "tests/engine/test_records.py",
        "tests/engine/test_sandbox.py",
        "tests/engine/test_snapshot.py",
        "tests/verbs/test_verbs.py",
        "tests/control/test_state_calls.py",
    ),
    "verbs/oauth_authorize.py": _OAUTH,
    "verbs/oauth_records.py": _OAUTH,
    "verbs/oauth_revoke.py": _OAUTH,
    "verbs/oauth_token.py": _OAUTH,
    "wire/parameter_styles.py": (
        "tests/wire/test_parameters.py",
        "tests/wire/test_parameter_styles.py",
        "tests/conformance/test_parameter_styles.py",
        "tests/engine/test_request_validation.py",
    ),
    "contract/answer_comparison.py": ("tests/contract/test_answer_comparison.py",),
    "contract/masking.py": ("tests/contract/test_masking.py", "tests/contract/test_recording.py"),
    "contract/secret_hiding.py": (
        "tests/contract/test_masking.py",
        "tests/contract/test_secret_hiding.py",
    ),
}
"""The tests of each module; only tests without processes of their own see a mutant."""
_LIBRARIES = (
    *("anyio", "click", "httpx", "hypothesis", "jsonschema_rs", "orjson", "phonenumbers"),
    *("pydantic", "pytest_asyncio.plugin", "starlette.applications", "uvicorn", "yaml"),
)
"""What is imported once, before the processes are forked."""
_PYTEST = (
    *("-q", "-p", "no:cacheprovider", "-p", "mockserver.pytest_plugin"),
    *("-p", "pytest_asyncio.plugin", "-p", "anyio.pytest_plugin"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
_PATIENCE = 10
"""Seconds that a mutant gets beside five times the time that its tests need."""


@dataclass(slots=True)
class Reached:
    """The tests that ran, with the lines of the module that each reached."""

    tests: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Return the tests that reach a mutant, the fastest first; all for code of the import."""
        lines = range(mutant.first_line, mutant.last_line + 1)
        found = [name for name, reached in self.tests.items() if not set(lines).isdisjoint(reached)]
        if set(lines) & set(self.tests.get("", ())):
            found = list(self.seconds)
        return sorted((one for one in found if one), key=lambda one: self.seconds.get(one, 0))


class _Contexts:
    """A pytest plugin that records which test reaches which line."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Name the test as the context of what is measured."""
        self.measured.switch_context(item.nodeid)
        result = yield
        self.measured.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the time of a test, unless it failed or was skipped."""
        if report.passed:
            self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        elif report.failed:
            self.seconds[report.nodeid] = -1


class _Changed(importlib.machinery.SourceFileLoader):
    """Loads a module from a changed tree."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        super().__init__(name, str(path))
        self._tree = tree

    def get_code(self, _fullname: str) -> CodeType:
        """Compile the changed tree."""
        code: CodeType = compile(self._tree, self.path, "exec")
        return code

    def load(self) -> None:
        """Import the module, before pytest adds a finder of its own."""
        package, _, name = self.name.rpartition(".")
        spec = importlib.util.spec_from_file_location(self.name, self.path, loader=self)
        assert spec is not None
        parent = importlib.import_module(package)
        module = sys.modules[self.name] = importlib.util.module_from_spec(spec)
        self.exec_module(module)
        setattr(parent, name, module)


def _silence() -> None:
    """Discard the output of this process."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def _measure(module: Path, tests: Sequence[str]) -> Reached:
    """Run tests in a process of its own, and return which lines each reaches."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "reached.json"
        process = os.fork()
        if not process:
            try:
                _silence()
                output.write_text(json.dumps(_traced(module, tests)))
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        reached = Reached(*json.loads(output.read_text()))
    failed = [name for name, taken in reached.seconds.items() if taken < 0]
    if failed or not reached.seconds:
        sys.exit(f"these tests fail without a mutant: {', '.join(failed) or 'none was found'}")
    return reached


def _traced(module: Path, tests: Sequence[str]) -> tuple[dict[str, list[int]], dict[str, float]]:
    """Run tests; return the lines that each reaches, and the seconds that each takes."""
    measured = coverage.Coverage(data_file=None, config_file=False, include=[str(module)])
    contexts = _Contexts(measured)
    measured.start()
    pytest.main([*_PYTEST, *tests], plugins=[contexts])
    measured.stop()
    reached: dict[str, list[int]] = {}
    for line, names in measured.get_data().contexts_by_lineno(str(module)).items():
        for name in names:
            reached.setdefault(name, []).append(line)
    return reached, contexts.seconds


def _start(name: str, module: Path, mutant: Mutant, tests: Sequence[str], limit: float) -> int:
    """Start a process that imports the mutant and runs tests, and return its id."""
    process = os.fork()
    if not process:
        _silence()
        signal.alarm(int(limit))  # ends the process, if the mutant never comes to an end
        try:
            _Changed(name, module, mutant.tree).load()
        except Exception:  # noqa: BLE001 - a mutant may fail in any way
            os._exit(1)
        os._exit(int(pytest.main([*_PYTEST, "-x", *tests])))
    return process


def _unnoticed(path: str, reached: Reached, jobs: int) -> tuple[int, int]:
    """Run all mutants of a module, and print those that no test notices; return both numbers."""
    module = ROOT / "mockserver" / path
    name = f"mockserver.{path.removesuffix('.py').replace('/', '.')}"
    found = list(mutants(module.read_text("utf-8")))
    running: dict[int, Mutant] = {}
    unnoticed = 0

    def print_survivor(mutant: Mutant) -> None:
        nonlocal unnoticed
        unnoticed += 1
        print(f"mockserver/{path}:{mutant.line}: {mutant.before}  ->  {mutant.after}", flush=True)

    def wait() -> None:
        process, status = os.wait()
        mutant = running.pop(process)
        if os.waitstatus_to_exitcode(status) == 0:
            print_survivor(mutant)

    for mutant in found:
        tests = reached.tests_of(mutant)
        if not tests:
            print_survivor(mutant)
            continue
        while len(running) >= jobs:
            wait()
        limit = _PATIENCE + 5 * sum(reached.seconds.get(one, 0) for one in tests)
        running[_start(name, module, mutant, tests, limit)] = mutant
    while running:
        wait()
    return len(found), unnoticed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="modules such as engine/limits.py; default: all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    unknown = set(arguments.modules) - COVERING.keys()
    if unknown:
        parser.error(f"no tests are listed for {', '.join(sorted(unknown))} in COVERING")
    return arguments


def main() -> None:
    """Print what no test notices in each module, and how many mutants the tests noticed."""
    arguments = _arguments()
    os.chdir(ROOT)
    for library in _LIBRARIES:
        importlib.import_module(library)
    total = alive = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # most plug-ins only cost time here
        for path in arguments.modules or COVERING:
            reached = _measure(ROOT / "mockserver" / path, COVERING[path])
            number, unnoticed = _unnoticed(path, reached, arguments.jobs)
            print(f"{path}: {number - unnoticed} of {number} noticed", flush=True)
            total, alive = total + number, alive + unnoticed
    print(f"{total - alive} of {total} mutants noticed: {100 * (total - alive) / total:.0f} %")


if __name__ == "__main__":
    main()
