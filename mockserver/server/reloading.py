"""Documents that change while they are served."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from mockserver.base.errors import MockserverError
from mockserver.base.json import JsonValue
from mockserver.base.time import system_now
from mockserver.documents.document_files import Stamp, stamp
from mockserver.engine.pipeline import Engine
from mockserver.model.api import Api
from mockserver.server.sources import Sources

_KEPT = "The documents as they were before are still served."
_Loaded = tuple[list[Api], Mapping[str, Mapping[str, JsonValue]]]


class Reloader:
    """Looks for changed files, and lets an engine serve what they say now."""

    def __init__(self, engine: Engine, sources: Sources, tell: Callable[[str], None]) -> None:
        """Watch the files of `sources`, which were loaded into `engine`.

        Args:
            engine: Goes on with the last documents that could be served.
            sources: What the engine was made from.
            tell: Told what became of a change.
        """
        self._engine = engine
        self._sources = sources
        self._tell = tell
        self._known: dict[Path, Stamp] = dict(sources.seen)
        self._found = self._known

    async def look(self) -> None:
        """Load what has changed since; requests are answered meanwhile, as before."""
        if self._has_settled():
            loaded = await asyncio.to_thread(self._load)
            if loaded is not None:
                self._engine.replace(*loaded, system_now())

    def _has_settled(self) -> bool:
        """Tell whether files have changed, and no longer do: none is read half written."""
        before, self._found = self._found, {path: stamp(path) for path in self._known}
        return self._found != self._known and self._found == before

    def _load(self) -> _Loaded | None:
        """Load everything anew; None if that cannot be served."""
        try:
            apis, overrides = self._sources.load()
        except MockserverError as error:
            self._tell(f"{error}\n{_KEPT}")
            return None
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end what is served
            self._tell(f"loading failed: {type(error).__name__}: {error}\n{_KEPT}")
            return None
        else:
            count = sum(len(api.problems) for api in apis)
            self._tell(f"The documents have changed and are served anew{_left_out(count)}.")
            return apis, overrides
        finally:
            self._known |= self._sources.seen
            self._found = self._known


def _left_out(count: int) -> str:
    return f", {count} problem{'' if count == 1 else 's'} left out" if count else ""
