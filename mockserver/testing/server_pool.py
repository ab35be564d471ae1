"""Start the servers of a test session, one for each combination of documents and options.

`pytest_plugin.py` makes `Servers`, and closes it at the end of the session. `get` starts a server
on first use and then returns the same one; invalid documents raise `SpecError`, plug-ins that
cannot be imported (`ImportError`) or have no valid verb `SettingsError`. `sandbox` returns a new
sandbox with a unique name after the test and the settings of its marker, which so need no other
server; an invalid value is a `ControlCallError`, an unknown setting or API a `KeyError`.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from mockserver.server.factory import AnswerOptions
from mockserver.testing.control_connection import Json
from mockserver.testing.sandbox_client import SandboxClient
from mockserver.testing.server_thread import ServerThread

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 50


class ServeOptions(AnswerOptions, total=False):
    """Options of a server; without one, or with 0 or False, it has its default."""

    seed: int
    stateful: bool
    plugins: tuple[str, ...]
    journal: int
    history_memory: int
    record_memory: int


class Servers:
    """Servers that are started on first use and run until all are closed."""

    def __init__(self) -> None:
        self._started: dict[tuple[tuple[Path, ...], frozenset[object]], ServerThread] = {}
        self._numbers = itertools.count(1)

    def get(self, documents: Sequence[Path] = (), **options: Unpack[ServeOptions]) -> ServerThread:
        """Return the server of documents; without any, of the bundled ones.

        Raises:
            SpecError: If a document is invalid.
            SettingsError: If a plug-in is.
        """
        changed = frozenset(item for item in options.items() if item[1])
        key = (tuple(path.resolve() for path in documents), changed)
        if key not in self._started:
            self._started[key] = ServerThread(key[0], **dict(changed))  # type: ignore[arg-type] # the options
        return self._started[key]

    def sandbox(
        self, server: ServerThread, test: str, settings: Mapping[str, Mapping[str, Json]]
    ) -> SandboxClient:
        """Return a new sandbox of a server, named after a test.

        Raises:
            ControlCallError: If the value of a setting is invalid.
            KeyError: If there is no such setting or API.
        """
        name = _NOT_IN_A_NAME.sub("-", test)[:_LONGEST_NAME].strip("-")
        return server.sandbox(f"{name or 'test'}-{next(self._numbers)}", settings)

    def close(self) -> None:
        """Stop all servers."""
        while self._started:
            self._started.popitem()[1].close()
