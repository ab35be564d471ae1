"""From the command line's words to an engine and the words it greets with."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mockserver.base.asgi import AsgiApp
from mockserver.base.time import Instant, system_now
from mockserver.engine.engine_options import DEFAULT_OPTIONS, Options
from mockserver.engine.pipeline import Engine
from mockserver.server.application import DEFAULT_BODY_LIMIT, App
from mockserver.server.sources import Settings, Sources, open_engine


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
        from mockserver.control.control_app import control_app  # noqa: PLC0415 - first use pays for it

        return control_app(engine, clock, token)

    return App(
        engine,
        control=make_control if control else None,
        body_limit=body_limit,
        clock=clock,
        delays=delays,
    )
