"""Load documents and settings that a server is started with, and make the engine from them.

`factory.py` and the commands of `cli/` call `Sources` and `open_engine`; `reloading.py` loads the
same sources again. Without documents, those in `bundled_specs` are loaded. Fixtures of all APIs are
filled in once, in a sandbox that is thrown away, to find their problems. `SpecError` has all
problems of documents and fixtures, `SettingsError` is about settings, plug-ins or the journal.
`parse_settings` reads `api.setting=value` of a command line; `Sources.load` checks the values.
Files are read here and in the loader; nothing is served.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from mockserver.base.errors import SettingsError, SpecError
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem
from mockserver.base.time import system_now
from mockserver.documents.document_files import Files, Stamp
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.engine_options import Options
from mockserver.engine.fixtures import FixtureError
from mockserver.engine.pipeline import Engine
from mockserver.engine.record_budget import MEGABYTE
from mockserver.engine.sandbox import DEFAULT_BOUNDS, DEFAULT_SANDBOX
from mockserver.engine.sandboxes import Sandboxes
from mockserver.engine.setting_values import check_settings
from mockserver.model.api import Api
from mockserver.openapi.compiler import Loader
from mockserver.verbs.registry import Verbs

DEFAULT_JOURNAL = DEFAULT_BOUNDS.exchanges
"""Number of entries that the history of a sandbox keeps, if no other is given."""
DEFAULT_HISTORY_MEMORY = DEFAULT_BOUNDS.history_bytes // MEGABYTE
"""Megabytes that all histories may need together, if no other number is given."""
DEFAULT_RECORD_MEMORY = DEFAULT_BOUNDS.record_bytes // MEGABYTE
"""Megabytes that all records may need together, if no other number is given."""
Overrides = dict[str, dict[str, JsonValue]]
"""Checked values of settings, by API and name."""


Settings = Mapping[str, Mapping[str, JsonValue]]
"""Values of settings, by API and name."""


class Memory(NamedTuple):
    """Megabytes that all sandboxes together may need."""

    history: int = DEFAULT_HISTORY_MEMORY
    record: int = DEFAULT_RECORD_MEMORY


DEFAULT_MEMORY = Memory()


def bundled_specs() -> Path:
    """Return the folder of the documents that are part of the package."""
    packaged = Path(str(files("mockserver") / "_bundled" / "specs"))
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "specs"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


@dataclass(slots=True)
class Sources:
    """What an engine is made from: documents and values of settings."""

    documents: Sequence[Path] = ()
    settings: Settings = field(default_factory=dict)
    strict: bool = False
    thorough: bool = False
    """True to report examples that do not conform to their schema, too."""
    stateful: bool = False
    """True to infer the steps of operations that have none."""
    plugins: Sequence[str] = ()
    """Names of modules with verbs that steps may use."""
    prepare: Callable[[Api, Files], Api] | None = None
    """Function that changes every API before it is served; it may read more files."""
    seen: dict[Path, Stamp] = field(default_factory=dict)
    """Files of the last load, with their state before it."""
    skipped: list[str] = field(default_factory=list)
    """Files in the folders of the last load that are not OpenAPI documents."""

    def load(self) -> tuple[list[Api], Overrides]:
        """Load the documents, or the bundled ones if none are given.

        Raises:
            SpecError: If a document is invalid.
            SettingsError: If a setting is unknown or its value is invalid, or a plug-in is.
        """
        verbs = Verbs(self.plugins)
        loader = Loader(BUILT_IN, self.strict, self.thorough, self.stateful, verbs)
        try:
            apis = loader.load(self.documents or [bundled_specs()])
            if self.prepare is not None:
                apis = [self.prepare(api, loader.files) for api in apis]
        finally:
            self.seen, self.skipped = loader.files.seen, loader.files.skipped
        by_name = {api.name: api for api in apis}
        overrides = {
            name: _checked(name, changes, by_name) for name, changes in self.settings.items()
        }
        _check_fixtures(by_name, overrides)
        return apis, overrides


def _check_fixtures(apis: Mapping[str, Api], overrides: Overrides) -> None:
    """Create the records of all fixtures once; SpecError if that fails."""
    sandbox = Sandboxes(apis, 0, overrides).get(DEFAULT_SANDBOX, system_now())
    problems = []
    for name in apis:
        try:
            sandbox.store(name)
        except FixtureError as error:
            problems.append(SpecProblem("MS514", error.fixture.source, str(error)))
    if problems:
        raise SpecError(problems)


def open_engine(
    sources: Sources,
    seed: int = 0,
    options: Options | None = None,
    journal: int = DEFAULT_JOURNAL,
    memory: Memory = DEFAULT_MEMORY,
) -> Engine:
    """Load documents and return an engine that serves them.

    Args:
        sources: The documents, with their settings.
        seed: Seed of ids and sampled values.
        options: Options of the engine.
        journal: Number of entries that the history of a sandbox keeps.
        memory: What all sandboxes together may need.

    Raises:
        SpecError: If a document is invalid.
        SettingsError: If a setting is unknown or its value is invalid, or histories have no room.
    """
    if not -(2**63) <= seed < 2**63:
        raise SettingsError(f"seed={seed}: a seed has at most 64 bits")
    if journal < 1:
        raise SettingsError(f"journal={journal}: the journal keeps at least 1 exchange")
    for name, number in memory._asdict().items():
        if number < 1:
            raise SettingsError(f"{name}_memory={number}: at least 1 MB is needed")
    apis, overrides = sources.load()
    by_name = {api.name: api for api in apis}
    bounds = replace(
        DEFAULT_BOUNDS,
        exchanges=journal,
        history_bytes=memory.history * MEGABYTE,
        record_bytes=memory.record * MEGABYTE,
    )
    return Engine(apis, Sandboxes(by_name, seed, overrides, bounds), options)


def _checked(
    name: str, changes: Mapping[str, JsonValue], apis: Mapping[str, Api]
) -> dict[str, JsonValue]:
    if name not in apis:
        raise SettingsError(f"there is no API {name!r}; there are: {', '.join(apis)}")
    return check_settings(apis[name], changes)


def parse_settings(texts: Iterable[str]) -> Settings:
    """Read settings of a command line, each `api.setting=value`.

    Raises:
        SettingsError: If a text does not have this form.
    """
    settings: dict[str, dict[str, JsonValue]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        api, dot, setting = name.partition(".")
        if not equals or not dot:
            raise SettingsError(f"{text!r} is not of the form api.setting=value")
        settings.setdefault(api, {})[setting] = value
    return settings
