"""Give each test a sandbox of its own (fixture `sandbox`), and report its journal if it fails.

pytest loads it in every project that has mockserver installed, so it imports `testing/` only for
tests that use a fixture of it (`sandbox`, `mockserver_server`). `testing/server_pool.py` has the
servers of a session, one for each set of documents and options of marker and configuration. A test
that passed fails after all if a request matched no operation (unless `allow_unmatched`) or the mock
itself failed (`testing/failure_report.py`). Invalid markers, options and documents fail the tests
that use them with a message.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.base.errors import MockserverError

if TYPE_CHECKING:
    from mockserver.testing import Sandbox, Server
    from mockserver.testing.failure_report import SandboxMonitor
    from mockserver.testing.server_pool import Servers

_MARKER = (
    "mockserver(*documents, settings={api: {name: value}}, seed=0, plugins=[], "
    "journal=10000, history_memory=256, record_memory=1000, stateful=False, dynamic=False, "
    "strict_requests=False, errors=False, like=None, "
    "allow_unmatched=False): the documents of the sandbox (paths relative to the test file), its "
    "initial settings, the seed of identifiers, the modules with verbs of your own (plugins), the "
    "number of entries that the history keeps (journal) and the megabytes that those of all "
    "sandboxes and their records may need (history_memory, record_memory), whether resources are "
    "kept (stateful), new values "
    "are generated for every answer (dynamic), tolerated requests are refused (strict_requests), "
    "invalid answers become status 500 (errors), the mock server that is imitated (like), and "
    "whether requests may match no operation"
)
_SWITCHES = {
    "stateful": "mockserver keeps the resources that its documents describe",
    "dynamic": "mockserver generates new values for every answer",
    "strict_requests": "mockserver refuses requests that it otherwise tolerates",
    "errors": "mockserver answers 500 if an answer does not conform to its schema",
}
"""Options of a server that a project can set in its configuration, with their help texts."""
_LIKES = ("prism",)
"""Servers that `like` may name, as in `mockserver.engine.conventions`, which costs start time."""
_NUMBERS = {
    "journal": "number of entries that the history of a sandbox of mockserver keeps",
    "history_memory": "megabytes that the histories of all sandboxes of mockserver may need",
    "record_memory": "megabytes that the records of all sandboxes of mockserver may need",
}
"""Options of a server that are numbers above 0, with their help texts."""
_OPTIONS = ("seed", "plugins", *_NUMBERS, "like", *_SWITCHES)
_KEYWORDS = ("settings", *_OPTIONS, "allow_unmatched")
_MONITOR: "pytest.StashKey[SandboxMonitor]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the configuration options for a whole project."""
    text = "OpenAPI documents or folders that mockserver serves if a test has no marker with any"
    parser.addini("mockserver_documents", text, type="paths", default=[])
    text = "modules with verbs that the documents of mockserver may use; a marker overrides it"
    parser.addini("mockserver_plugins", text, type="args", default=[])
    for name, text in _SWITCHES.items():
        parser.addini(f"mockserver_{name}", f"{text}; a marker overrides it", type="bool")
    text = f"the mock server that mockserver imitates: {', '.join(_LIKES)}; a marker overrides it"
    parser.addini("mockserver_like", text, default="")
    for name, text in _NUMBERS.items():
        parser.addini(f"mockserver_{name}", f"{text}; a marker overrides it", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def _mockserver_servers() -> Iterator["Servers"]:
    from mockserver.testing.server_pool import Servers  # noqa: PLC0415 - only needed by some tests

    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def mockserver_server(pytestconfig: pytest.Config, _mockserver_servers: "Servers") -> "Server":
    """A mockserver on a free port for the whole session: `.url`, `.sandbox(name)`."""
    try:
        documents = pytestconfig.getini("mockserver_documents")
        return _mockserver_servers.get(documents, **_configured(pytestconfig))
    except MockserverError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, _mockserver_servers: "Servers") -> Iterator["Sandbox"]:
    """A new sandbox for this test: APIs, clock, messages, requests, faults."""
    from mockserver.testing.failure_report import SandboxMonitor  # noqa: PLC0415 - only needed by some tests

    node = request.node
    marked = _read_markers(node)
    try:
        if marked.documents or marked.options:
            documents = marked.documents or request.config.getini("mockserver_documents")
            options = {**_configured(request.config), **marked.options}
            server = _mockserver_servers.get(documents, **options)
        else:
            server = request.getfixturevalue("mockserver_server")
        created = _mockserver_servers.sandbox(server, node.name, marked.settings)
    except (MockserverError, KeyError) as error:
        text = f"mockserver: {error.args[0]}"
        raise pytest.fail.Exception(text, pytrace=False) from None
    monitor = SandboxMonitor(created, allow_unmatched=marked.allow_unmatched)
    node.stash[_MONITOR] = monitor
    yield created
    del node.stash[_MONITOR]
    monitor.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test if a request matched no operation, or if the mock itself failed."""
    result = yield
    monitor = item.stash.get(_MONITOR, None)
    if monitor is not None and (problems := monitor.problems()):
        pytest.fail(problems, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the journal of the sandbox to the report of a test that fails."""
    report = yield
    monitor = item.stash.get(_MONITOR, None)
    if monitor is not None and report.failed:
        try:
            text = monitor.journal()
        except MockserverError as error:
            text = f"the journal cannot be read: {error}"
        report.sections.append(("mockserver", text))
    return report


def _configured(config: pytest.Config) -> dict[str, Any]:
    """Return the options that the configuration of the project sets."""
    options = {name: config.getini(f"mockserver_{name}") for name in _SWITCHES}
    options["plugins"] = tuple(config.getini("mockserver_plugins"))
    options["like"] = like = config.getini("mockserver_like") or None
    if like not in (None, *_LIKES):
        known = ", ".join(_LIKES)
        raise pytest.UsageError(f"mockserver_like is {like!r}, which is not known; write {known}")
    for name in _NUMBERS:
        if number := config.getini(f"mockserver_{name}"):
            if not str(number).isdecimal() or not int(number):
                raise pytest.UsageError(f"mockserver_{name} is {number!r}; write a number above 0")
            options[name] = int(number)
    return options


@dataclass(slots=True)
class _Marked:
    """The arguments of all markers of a test; the marker closest to the test wins."""

    documents: list[Path] = field(default_factory=list)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    """Options of the server."""
    allow_unmatched: bool = False


def _read_markers(node: pytest.Item) -> _Marked:
    marked = _Marked()
    for mark in reversed(list(node.iter_markers("mockserver"))):
        _check(mark)
        if mark.args:
            marked.documents = [node.path.parent / document for document in mark.args]
        for api, changes in mark.kwargs.get("settings", {}).items():
            marked.settings.setdefault(api, {}).update(changes)
        marked.options.update((name, mark.kwargs[name]) for name in _OPTIONS if name in mark.kwargs)
        if "plugins" in mark.kwargs:
            marked.options["plugins"] = _names(mark.kwargs["plugins"])
        marked.allow_unmatched = mark.kwargs.get("allow_unmatched", marked.allow_unmatched)
    return marked


def _names(plugins: str | Sequence[str]) -> tuple[str, ...]:
    return (plugins,) if isinstance(plugins, str) else tuple(plugins)


def _check(mark: pytest.Mark) -> None:
    """Fail the test if a marker has invalid arguments."""
    wrong = [
        f"unknown argument {name!r}; use {', '.join(_KEYWORDS)}"
        for name in mark.kwargs.keys() - _KEYWORDS
    ]
    if not all(isinstance(item, str | Path) for item in mark.args):
        wrong.append("documents must be paths")
    settings = mark.kwargs.get("settings", {})
    if not isinstance(settings, Mapping) or not all(
        isinstance(changes, Mapping) for changes in settings.values()
    ):
        wrong.append("settings must be a mapping such as {'partoo': {'sms_quota': 1}}")
    plugins = mark.kwargs.get("plugins", ())
    if not isinstance(plugins, str | list | tuple) or not all(
        isinstance(name, str) for name in plugins
    ):
        wrong.append("plugins must be names of modules such as ['hold_verb']")
    wrong += [
        f"{name} must be True or False"
        for name in (*_SWITCHES, "allow_unmatched")
        if not isinstance(mark.kwargs.get(name, False), bool)
    ]
    if mark.kwargs.get("like") not in (None, *_LIKES):
        wrong.append(f"like must be one of {', '.join(_LIKES)}, or None")
    if type(mark.kwargs.get("seed", 0)) is not int:
        wrong.append("seed must be a whole number")
    wrong += [f"{name} must be a number above 0" for name in _NUMBERS if _is_wrong(mark, name)]
    if wrong:
        pytest.fail(f"@pytest.mark.mockserver: {'; '.join(wrong)}", pytrace=False)


def _is_wrong(mark: pytest.Mark, name: str) -> bool:
    """Return True if an argument of a marker is no number above 0."""
    number = mark.kwargs.get(name, 1)
    return type(number) is not int or number < 1
