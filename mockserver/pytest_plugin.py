"""The pytest plugin: a fresh sandbox for each test, and its journal where a test fails.

It is loaded in every project that has mockserver installed, and imports the server only for those
tests that use a fixture of it.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.base.errors import MockserverError

if TYPE_CHECKING:
    from mockserver.testing import Sandbox, Server
    from mockserver.testing.failure_report import Witness
    from mockserver.testing.server_pool import Servers

_MARKER = (
    "mockserver(*documents, settings={api: {name: value}}, seed=0, stateful=False, dynamic=False, "
    "errors=False, allow_unmatched=False): the documents (relative to the test's file) that its "
    "sandbox serves, the settings it starts with, where identifiers come from, whether resources "
    "are kept, values made up and broken answers refused, and whether its requests may match no "
    "operation"
)
_SWITCHES = {
    "stateful": "mockserver keeps resources that its documents describe",
    "dynamic": "mockserver makes up new values for every answer",
    "errors": "mockserver answers 500 where an answer breaks its own schema",
}
"""What is said of a whole project in its configuration, and otherwise by markers."""
_MANNER = ("seed", *_SWITCHES)
_KEYWORDS = ("settings", *_MANNER, "allow_unmatched")
_WITNESS: "pytest.StashKey[Witness]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the documents of a whole project, and how they are served."""
    told = "OpenAPI documents or folders that mockserver serves where no marker names any"
    parser.addini("mockserver_documents", told, type="paths", default=[])
    for name, told in _SWITCHES.items():
        parser.addini(f"mockserver_{name}", f"{told}, where no marker says", type="bool")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def _mockserver_servers() -> Iterator["Servers"]:
    from mockserver.testing.server_pool import Servers  # noqa: PLC0415 - only tests that use it pay

    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def mockserver_server(pytestconfig: pytest.Config, _mockserver_servers: "Servers") -> "Server":
    """A mockserver on a free port, for the whole session: `.url`, `.sandbox(name)`."""
    try:
        documents = pytestconfig.getini("mockserver_documents")
        return _mockserver_servers.get(documents, **_configured(pytestconfig))
    except MockserverError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, _mockserver_servers: "Servers") -> Iterator["Sandbox"]:
    """A world of its own for this test: APIs, clock, messages, requests, faults."""
    from mockserver.testing.failure_report import Witness  # noqa: PLC0415 - only tests that use it pay

    node = request.node
    marked = _read_markers(node)
    try:
        if marked.documents or marked.manner:
            documents = marked.documents or request.config.getini("mockserver_documents")
            manner = {**_configured(request.config), **marked.manner}
            server = _mockserver_servers.get(documents, **manner)
        else:
            server = request.getfixturevalue("mockserver_server")
        world = _mockserver_servers.sandbox(server, node.name, marked.settings)
    except (MockserverError, KeyError) as error:
        text = f"mockserver: {error.args[0]}"
        raise pytest.fail.Exception(text, pytrace=False) from None
    node.stash[_WITNESS] = witness = Witness(world, allow_unmatched=marked.allow_unmatched)
    yield world
    del node.stash[_WITNESS]
    witness.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test whose requests matched no operation, or met a failure of the mock."""
    result = yield
    witness = item.stash.get(_WITNESS, None)
    if witness is not None and (complaints := witness.complaints()):
        pytest.fail(complaints, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the journal of a test that fails."""
    report = yield
    witness = item.stash.get(_WITNESS, None)
    if witness is not None and report.failed:
        try:
            text = witness.journal()
        except MockserverError as error:
            text = f"the journal cannot be read: {error}"
        report.sections.append(("mockserver", text))
    return report


def _configured(config: pytest.Config) -> dict[str, Any]:
    """Return how the documents of a project are served."""
    return {name: config.getini(f"mockserver_{name}") for name in _SWITCHES}


@dataclass(slots=True)
class _Marked:
    """What the markers of a test say; the closest to the test wins."""

    documents: list[Path] = field(default_factory=list)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    manner: dict[str, Any] = field(default_factory=dict)
    """How documents are served."""
    allow_unmatched: bool = False


def _read_markers(node: pytest.Item) -> _Marked:
    marked = _Marked()
    for mark in reversed(list(node.iter_markers("mockserver"))):
        _check(mark)
        if mark.args:
            marked.documents = [node.path.parent / document for document in mark.args]
        for api, changes in mark.kwargs.get("settings", {}).items():
            marked.settings.setdefault(api, {}).update(changes)
        said = {name: mark.kwargs[name] for name in _MANNER if name in mark.kwargs}
        marked.manner.update(said)
        marked.allow_unmatched = mark.kwargs.get("allow_unmatched", marked.allow_unmatched)
    return marked


def _check(mark: pytest.Mark) -> None:
    """Refuse a marker that says something else than it can."""
    wrong = [
        f"{name!r} is not among {', '.join(_KEYWORDS)}" for name in mark.kwargs.keys() - _KEYWORDS
    ]
    if not all(isinstance(item, str | Path) for item in mark.args):
        wrong.append("documents are paths")
    settings = mark.kwargs.get("settings", {})
    if not isinstance(settings, Mapping) or not all(
        isinstance(changes, Mapping) for changes in settings.values()
    ):
        wrong.append("settings are a mapping: {'partoo': {'sms_quota': 1}}")
    wrong += [
        f"{name} is True or False"
        for name in _SWITCHES
        if not isinstance(mark.kwargs.get(name, False), bool)
    ]
    if wrong:
        pytest.fail(f"@pytest.mark.mockserver: {'; '.join(wrong)}", pytrace=False)
