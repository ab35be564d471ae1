"""The servers of a test session: one for each set of documents and manner of serving them."""

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from mockserver.testing.control_connection import Json
from mockserver.testing.sandbox_client import SandboxClient
from mockserver.testing.server_thread import ServerThread

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 50


class Manner(TypedDict, total=False):
    """How a server serves its documents; what is left out is 0 or false."""

    seed: int
    stateful: bool
    dynamic: bool
    errors: bool


class Servers:
    """Servers that are started when they are first needed, and kept until all are closed."""

    def __init__(self) -> None:
        self._started: dict[tuple[tuple[Path, ...], frozenset[object]], ServerThread] = {}
        self._numbers = itertools.count(1)

    def get(self, documents: Sequence[Path] = (), **manner: Unpack[Manner]) -> ServerThread:
        """Return the server of these documents, the bundled ones if there are none.

        Raises:
            SpecError: If documents are wrong.
        """
        said = frozenset(item for item in manner.items() if item[1])
        key = (tuple(path.resolve() for path in documents), said)
        if key not in self._started:
            self._started[key] = ServerThread(key[0], **manner)
        return self._started[key]

    def sandbox(
        self, server: ServerThread, test: str, settings: Mapping[str, Mapping[str, Json]]
    ) -> SandboxClient:
        """Return a new sandbox of a server, named after a test.

        Raises:
            ControlCallError: If settings are wrong; KeyError if there is no such setting or API.
        """
        name = _NOT_IN_A_NAME.sub("-", test)[:_LONGEST_NAME].strip("-")
        return server.sandbox(f"{name or 'test'}-{next(self._numbers)}", settings)

    def close(self) -> None:
        """Stop all."""
        while self._started:
            self._started.popitem()[1].close()
