"""From the command line's words to an engine and the words it greets with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from mockserver.clock import Instant, system_now
from mockserver.engine.options import DEFAULT_OPTIONS, Options
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import (
    BUILT_IN,
    DEFAULT_SANDBOX,
    FixtureError,
    Sandbox,
    Sandboxes,
    check_settings,
)
from mockserver.errors import SettingsError, SpecError, SpecProblem
from mockserver.exchange import JsonValue
from mockserver.model import Api
from mockserver.server import views
from mockserver.server.app import DEFAULT_BODY_LIMIT, App, AsgiApp
from mockserver.spec.compiler import Loader
from mockserver.spec.files import Files, Stamp

Overrides = dict[str, dict[str, JsonValue]]
"""Values of settings by API, in place of their defaults."""

Settings = Mapping[str, Mapping[str, JsonValue]]
"""API → setting → value."""


def bundled_specs() -> Path:
    """Return the folder with the documents that come with the package."""
    packaged = Path(str(files("mockserver") / "_bundled" / "specs"))
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "specs"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


@dataclass(slots=True)
class Sources:
    """What an engine is made from: documents, and settings in place of their defaults."""

    documents: Sequence[Path] = ()
    settings: Settings = field(default_factory=dict)
    strict: bool = False
    thorough: bool = False
    """Look for examples that do not conform, too."""
    stateful: bool = False
    """Infer what operations do that don't say so."""
    prepare: Callable[[Api, Files], Api] | None = None
    """Makes of every API what is served, and reads what it needs for it."""
    seen: dict[Path, Stamp] = field(default_factory=dict)
    """The files of the last load, as they were before it."""
    skipped: list[str] = field(default_factory=list)
    """Files in the folders of the last load that are no documents."""

    def load(self) -> tuple[list[Api], Overrides]:
        """Load the documents, the bundled ones if there are none.

        Raises:
            SpecError: If documents are wrong.
            SettingsError: If settings are.
        """
        loader = Loader(BUILT_IN, self.strict, self.thorough, self.stateful)
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
    """Make the records of all fixtures once, to see that they can be made."""
    sandbox = Sandboxes(apis, 0, overrides).get(DEFAULT_SANDBOX)
    problems = []
    for name in apis:
        try:
            sandbox.store(name, system_now())
        except FixtureError as error:
            problems.append(SpecProblem(error.fixture.source, str(error)))
    if problems:
        raise SpecError(problems)


def open_engine(sources: Sources, seed: int = 0, options: Options | None = None) -> Engine:
    """Load documents and make an engine of them.

    Raises:
        SpecError: If documents are wrong.
        SettingsError: If settings are.
    """
    apis, overrides = sources.load()
    return Engine(apis, Sandboxes({api.name: api for api in apis}, seed, overrides), options)


def _checked(
    name: str, changes: Mapping[str, JsonValue], apis: Mapping[str, Api]
) -> dict[str, JsonValue]:
    if name not in apis:
        raise SettingsError(f"there is no API {name!r}; there are: {', '.join(apis)}")
    return check_settings(apis[name], changes)


def parse_settings(texts: Iterable[str]) -> Settings:
    """Read what a command line says about settings, each `api.setting=value`.

    Raises:
        SettingsError: If one does not have this form.
    """
    settings: dict[str, dict[str, JsonValue]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        api, dot, setting = name.partition(".")
        if not equals or not dot:
            raise SettingsError(f"{text!r} is not api.setting=value")
        settings.setdefault(api, {})[setting] = value
    return settings


def create_app(  # noqa: PLR0913 - each can be left out
    documents: str | Path | Sequence[str | Path] = (),
    *,
    seed: int = 0,
    settings: Settings | None = None,
    stateful: bool = False,
    dynamic: bool = False,
    errors: bool = False,
    options: Options | None = None,
    delays: bool = False,
    control: bool = True,
    control_token: str | None = None,
    body_limit: int = DEFAULT_BODY_LIMIT,
    clock: Callable[[], Instant] = system_now,
) -> App:
    """Make the ASGI application that serves documents, the bundled ones if there are none.

    Args:
        documents: A file or folder, or several.
        seed: Where all identifiers come from.
        settings: API → setting → value.
        stateful: Keep resources that the documents describe.
        dynamic: Make up new values for every answer.
        errors: Answer 500 where an answer breaks its own schema.
        options: How answers are dressed, besides.
        delays: Hold answers back as documents and requests say. Otherwise they come at once, with
            the time they would have taken in `Mock-Delay`.
        control: Serve the control API, under loopback names alone unless there is a token.
        control_token: What the control API asks for as a bearer token.
        body_limit: Bytes of a request's body that are read.
        clock: Tells the system's time.

    Raises:
        SpecError: If documents are wrong.
        SettingsError: If settings are.
    """
    given = [documents] if isinstance(documents, str | Path) else documents
    sources = Sources([Path(item) for item in given], settings or {}, stateful=stateful)
    base = options or DEFAULT_OPTIONS
    made = replace(base, dynamic=dynamic or base.dynamic, errors=errors or base.errors)
    engine = open_engine(sources, seed, made)
    return application(
        engine,
        control=control,
        token=control_token,
        body_limit=body_limit,
        clock=clock,
        delays=delays,
    )


def application(
    engine: Engine,
    *,
    control: bool = True,
    token: str | None = None,
    body_limit: int = DEFAULT_BODY_LIMIT,
    clock: Callable[[], Instant] = system_now,
    delays: bool = True,
) -> App:
    """Make the ASGI application of an engine, with its control API."""

    def make_control() -> AsgiApp:
        from mockserver.server.control import control_app  # noqa: PLC0415 - first use pays for it

        return control_app(engine, clock, token)

    return App(
        engine,
        control=make_control if control else None,
        body_limit=body_limit,
        clock=clock,
        delays=delays,
    )


def greeting(engine: Engine, origin: str, now: Instant, *, control: bool) -> str:
    """Say where everything is, in aligned columns."""
    # Not the sandbox that is served: its records are made at its first request.
    sandbox = Sandboxes(engine.apis).get(DEFAULT_SANDBOX)
    rows = [_row(api, origin, sandbox, now) for api in engine.apis.values()]
    width = max((len(row[0]) for row in rows), default=0)
    length = max((len(row[1]) for row in rows), default=0)
    lines = [f"  {name:<{width}}  {url:<{length}}  {key}".rstrip() for name, url, key in rows]
    pages = [f"Dashboard:   {origin}/_mock/"] if control else []
    where = f"{origin}/_mock" if control else "off"
    count = len(engine.apis)
    return "\n".join(
        [
            f"mockserver serves {count} API{'' if count == 1 else 's'} (sandbox {sandbox.name!r}):",
            *lines,
            *(
                f"  {api.recognised.sentence(api.name)}"
                for api in engine.apis.values()
                if api.recognised
            ),
            *_left_out(engine),
            *pages,
            f"Control API: {where}",
        ]
    )


def _left_out(engine: Engine) -> list[str]:
    """Say that the documents are not served as they are written."""
    count = sum(len(api.problems) for api in engine.apis.values())
    files = " ".join(api.source.file for api in engine.apis.values() if api.problems)
    if not count:
        return []
    problems = f"{count} problem{'' if count == 1 else 's'}"
    return [f"{problems} in the documents: left out, and told by `mockserver check {files}`"]


def _row(api: Api, origin: str, sandbox: Sandbox, now: Instant) -> tuple[str, str, str]:
    found = views.credentials(api, sandbox, now)
    demo = found[0] if found else None
    return api.name, views.base_url(api, origin), "" if demo is None else how_to_send(demo)


def how_to_send(credential: views.Credential) -> str:
    """Say how a credential is presented."""
    where, name, text = credential["where"], credential["name"], credential["presented"]
    if where == "header":
        return f"{'Authorization' if name == 'authorization' else name}: {text}"
    return f"{where} {name}={text}"
