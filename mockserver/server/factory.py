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
from typing import TYPE_CHECKING, TypedDict, Unpack

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
from mockserver.stores.store_address import MEMORY, store_at

if TYPE_CHECKING:
    from mockserver.control.call_log import CallLog
    from mockserver.stores.committer import Committer
    from mockserver.stores.history_store import HistoryStore


class AnswerOptions(TypedDict, total=False):
    """The options of `Options` that users can pass one by one; see there."""

    dynamic: bool
    errors: bool
    strict_requests: bool
    echo: Echo
    like: Like


class AppOptions(AnswerOptions, total=False):
    """The options of `create_app` that are seldom used."""

    history_memory: int
    """Megabytes that the histories of all sandboxes may need together; 256 by default."""
    record_memory: int
    """Megabytes that the records of all sandboxes may need together; 1,000 by default."""


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
    store: str = MEMORY,
    clock: Callable[[], Instant] = system_now,
    **more: Unpack[AppOptions],
) -> App:
    """Make the ASGI application that serves documents, or the bundled APIs if none are given.

    Args:
        documents: Files or folders.
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
        store: Where sandboxes are kept: `memory`, the path of a file, or the URL of a Redis server.
        clock: Returns the current time.
        more: Bounds, and single options in place of `options`; see `AppOptions`.

    Raises:
        MockserverError: If a document, a setting, a plug-in, a bound or a store is invalid.
    """
    sources = Sources(_paths(documents), settings or {}, stateful=stateful, plugins=plugins)
    return application(
        open_engine(sources, seed, _merged(options, more, control=control), journal, _memory(more)),
        control=control,
        token=control_token,
        body_limit=body_limit,
        clock=clock,
        delays=delays,
        store=store_at(store),
    )


def _merged(options: Options | None, more: AppOptions, *, control: bool) -> Options:
    base, answers = options or DEFAULT_OPTIONS, more.copy()
    answers.pop("history_memory", None)
    answers.pop("record_memory", None)
    return replace(base, control=control and base.control, **answers)  # type: ignore[misc] # the rest


def _memory(more: AppOptions) -> Memory:
    return Memory(
        more.get("history_memory", DEFAULT_HISTORY_MEMORY),
        more.get("record_memory", DEFAULT_RECORD_MEMORY),
    )


def _paths(documents: str | Path | Sequence[str | Path]) -> list[Path]:
    given = [documents] if isinstance(documents, str | Path) else documents
    return [Path(path) for path in given]


def application(  # noqa: PLR0913 - each can be left out
    engine: Engine,
    *,
    control: bool = True,
    token: str | None = None,
    body_limit: int = DEFAULT_BODY_LIMIT,
    clock: Callable[[], Instant] = system_now,
    delays: bool = True,
    store: "HistoryStore | None" = None,
    calls: "CallLog | None" = None,
) -> App:
    """Make the ASGI application of an engine, with its control API; arguments as `create_app`.

    `calls` gets the calls of the control API, if there is no store.

    Raises:
        ValueError: If the token is empty; every client would know it.
    """
    if token is not None and not token.strip():
        raise ValueError("the control token is empty; pass a token, or None")

    committer = None if store is None else _committer(engine, store)

    def make_control() -> AsgiApp:
        from mockserver.control.control_app import control_app  # noqa: PLC0415 - costs start time

        inner = clock if calls is None else calls.clock
        app = control_app(engine, inner, token, committer)
        return app if calls is None else calls.watch(app)

    return App(
        engine,
        control=make_control if control else None,
        body_limit=body_limit,
        clock=clock,
        delays=delays,
        committer=committer,
    )


def _committer(engine: Engine, store: "HistoryStore") -> "Committer":
    from mockserver.stores.committer import Committer  # noqa: PLC0415 - costs start time

    return Committer(engine, store)
