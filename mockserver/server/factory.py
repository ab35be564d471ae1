"""Make the ASGI application, with the control API; never open a socket, and never reload.

`create_app` loads documents (the bundled APIs if none are given) and raises `SpecError`,
`SettingsError`, or `ValueError` for an unknown `like`. Users call it as `mockserver.create_app`,
and `testing/server_thread.py` for its server. `application` takes an engine that is loaded already;
`cli/serve_command.py` and `cli/run_command.py` call it. Both raise `ValueError` for an empty token;
`control=False` leaves the control API out. By default, `application` waits for delays; `create_app`
only states them in `Mock-Delay` (on our own server, both wait).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

from mockserver.base.asgi import AsgiApp
from mockserver.base.time import Instant, system_now
from mockserver.engine.conventions import Like
from mockserver.engine.engine_options import DEFAULT_OPTIONS, Echo, Options
from mockserver.engine.pipeline import Engine
from mockserver.server.application import DEFAULT_BODY_LIMIT, App
from mockserver.server.sources import (
    DEFAULT_HISTORY_MEMORY,
    DEFAULT_JOURNAL,
    DEFAULT_RECORD_MEMORY,
    Memory,
    Settings,
    Sources,
    open_engine,
)


class AnswerOptions(TypedDict, total=False):
    """The options of `Options` that users can pass one by one; see there."""

    dynamic: bool
    errors: bool
    strict_requests: bool
    echo: Echo
    like: Like


def create_app(  # noqa: PLR0913 - each can be left out
    documents: str | Path | Sequence[str | Path] = (),
    *,
    seed: int = 0,
    settings: Settings | None = None,
    stateful: bool = False,
    plugins: Sequence[str] = (),
    options: Options | None = None,
    delays: bool = False,
    control: bool = True,
    control_token: str | None = None,
    body_limit: int = DEFAULT_BODY_LIMIT,
    journal: int = DEFAULT_JOURNAL,
    history_memory: int = DEFAULT_HISTORY_MEMORY,
    record_memory: int = DEFAULT_RECORD_MEMORY,
    clock: Callable[[], Instant] = system_now,
    **answers: Unpack[AnswerOptions],
) -> App:
    """Make the ASGI application that serves documents, or the bundled APIs if none are given.

    Args:
        documents: A file or a folder with OpenAPI documents, or several of them.
        seed: Seed of ids and sampled values.
        settings: Values of settings, by API and name.
        stateful: Create, change and delete records, as far as the documents imply it.
        plugins: Names of Python modules with verbs that steps may use.
        options: More options of the engine.
        delays: Wait before answers with a delay; otherwise say it in the header `Mock-Delay`.
        control: Serve the control API; without a token, under loopback host names only.
        control_token: Bearer token that the control API requires.
        body_limit: Largest body of a request, in bytes.
        journal: Number of entries that the history of a sandbox keeps, 1 or more.
        history_memory: Megabytes that the histories of all sandboxes may need together.
        record_memory: Megabytes that the records of all sandboxes may need together.
        clock: Returns the current time.
        answers: Options by name, such as `dynamic=True`; they replace those of `options`.

    Raises:
        SpecError: If a document is invalid.
        SettingsError: If a setting, a plug-in or a bound is.
        ValueError: If `like` names a server that is not known.
    """
    sources = Sources(_paths(documents), settings or {}, stateful=stateful, plugins=plugins)
    merged = replace(options or DEFAULT_OPTIONS, **answers)
    merged = merged if control else replace(merged, control=False)
    engine = open_engine(sources, seed, merged, journal, Memory(history_memory, record_memory))
    token, limit = control_token, body_limit
    return application(
        engine, control=control, token=token, body_limit=limit, clock=clock, delays=delays
    )


def _paths(documents: str | Path | Sequence[str | Path]) -> list[Path]:
    given = [documents] if isinstance(documents, str | Path) else documents
    return [Path(path) for path in given]


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
