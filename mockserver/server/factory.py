"""Factories of the ASGI application, from documents or from an engine."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mockserver.base.asgi import AsgiApp
from mockserver.base.time import Instant, system_now
from mockserver.engine.conventions import Like
from mockserver.engine.engine_options import DEFAULT_OPTIONS, Options
from mockserver.engine.pipeline import Engine
from mockserver.server.application import DEFAULT_BODY_LIMIT, App
from mockserver.server.sources import DEFAULT_JOURNAL, Settings, Sources, open_engine


def create_app(  # noqa: PLR0913 - each can be left out
    documents: str | Path | Sequence[str | Path] = (),
    *,
    seed: int = 0,
    settings: Settings | None = None,
    stateful: bool = False,
    plugins: Sequence[str] = (),
    dynamic: bool = False,
    errors: bool = False,
    like: Like | None = None,
    options: Options | None = None,
    delays: bool = False,
    control: bool = True,
    control_token: str | None = None,
    body_limit: int = DEFAULT_BODY_LIMIT,
    journal: int = DEFAULT_JOURNAL,
    clock: Callable[[], Instant] = system_now,
) -> App:
    """Make the ASGI application that serves documents, or the bundled APIs if none are given.

    Args:
        documents: A file or a folder with OpenAPI documents, or several of them.
        seed: Seed of ids and sampled values.
        settings: Values of settings, by API and name.
        stateful: Create, change and delete records, as far as the documents imply it.
        plugins: Names of Python modules with verbs that steps may use.
        dynamic: Sample new values for every answer.
        errors: Answer 500 if an answer does not conform to its own schema.
        like: The mock server to imitate where this one differs: `prism`.
        options: More options of the engine.
        delays: Wait before answers with a delay; otherwise say it in the header `Mock-Delay`.
        control: Serve the control API; without a token, under loopback host names only.
        control_token: Bearer token that the control API requires.
        body_limit: Largest body of a request, in bytes.
        journal: Number of exchanges that the journal of a sandbox keeps, 1 or more.
        clock: Returns the current time.

    Raises:
        SpecError: If a document is invalid; SettingsError, if a setting or a plug-in is.
    """
    sources = Sources(_paths(documents), settings or {}, stateful=stateful, plugins=plugins)
    merged = _merged(options or DEFAULT_OPTIONS, dynamic=dynamic, errors=errors, like=like)
    return application(
        open_engine(sources, seed, merged, journal),
        control=control,
        token=control_token,
        body_limit=body_limit,
        clock=clock,
        delays=delays,
    )


def _paths(documents: str | Path | Sequence[str | Path]) -> list[Path]:
    given = [documents] if isinstance(documents, str | Path) else documents
    return [Path(path) for path in given]


def _merged(base: Options, *, dynamic: bool, errors: bool, like: Like | None) -> Options:
    return replace(
        base,
        dynamic=dynamic or base.dynamic,
        errors=errors or base.errors,
        like=like or base.like,
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
    """Make the ASGI application of an engine, with its control API; arguments as `create_app`.

    Raises:
        ValueError: If the token is empty; every client would know it.
    """
    if token is not None and not token.strip():
        raise ValueError("the control token is empty; pass a token, or None")

    def make_control() -> AsgiApp:
        from mockserver.control.control_app import control_app  # noqa: PLC0415 - costs start time

        return control_app(engine, clock, token)

    return App(
        engine,
        control=make_control if control else None,
        body_limit=body_limit,
        clock=clock,
        delays=delays,
    )
