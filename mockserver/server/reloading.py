"""Load documents again when their files have changed, and give them to the engine.

`cli/serve_command.py` makes a `Reloader` for `--reload`; the server calls its `check` twice a
second. Files count as changed if they have not changed further since the last check. New documents
are loaded on a thread and given to the engine, which keeps records that still fit; if they are
invalid, the old ones are still served. Both are reported as a text to the function that the caller
gave. Only files that were read before are watched, and their folders.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from mockserver.base.errors import MockserverError
from mockserver.base.json import JsonValue
from mockserver.base.problems import left_out
from mockserver.documents.document_files import Stamp, stamp
from mockserver.engine.pipeline import Engine
from mockserver.model.api import Api
from mockserver.server.sources import Sources

_KEPT = "The documents of before the change are still served."
_Loaded = tuple[list[Api], Mapping[str, Mapping[str, JsonValue]]]


class Reloader:
    """Watcher of document files, which gives an engine the documents that have changed."""

    def __init__(self, engine: Engine, sources: Sources, report: Callable[[str], None]) -> None:
        """Watch the files of `sources`, which were loaded into `engine`.

        Args:
            engine: Keeps the last valid documents if new ones are invalid.
            sources: What the engine was made from.
            report: Called with the result of a change, as a text.
        """
        self._engine = engine
        self._sources = sources
        self._report = report
        self._known: dict[Path, Stamp] = dict(sources.seen)
        self._last_seen = self._known

    async def check(self) -> None:
        """Load changed documents on a thread; meanwhile the old ones are served."""
        if self._has_settled():
            loaded = await asyncio.to_thread(self._load)
            if loaded is not None:
                self._engine.replace(*loaded)

    def _has_settled(self) -> bool:
        """Return True if files have changed, but not since the last check: none is half written."""
        before, self._last_seen = self._last_seen, {path: stamp(path) for path in self._known}
        return self._last_seen != self._known and self._last_seen == before

    def _load(self) -> _Loaded | None:
        """Load all documents; None if they cannot be served."""
        try:
            apis, overrides = self._sources.load()
        except MockserverError as error:
            self._report(f"{error}\n{_KEPT}")
            return None
        except Exception as error:  # noqa: BLE001 - a defect of ours must not end the server
            self._report(f"loading failed: {type(error).__name__}: {error}\n{_KEPT}")
            return None
        else:
            count = sum(left_out(api.problems) for api in apis)
            self._report(
                f"The documents have changed, and the new ones are served{_problem_count(count)}."
            )
            return apis, overrides
        finally:
            self._known |= self._sources.seen
            self._last_seen = self._known


def _problem_count(count: int) -> str:
    return f" ({count} problem{'' if count == 1 else 's'}, left out)" if count else ""
