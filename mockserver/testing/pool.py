"""The servers of a test session: one for each set of documents, started when it is first needed."""

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mockserver.testing.connection import Json
from mockserver.testing.sandbox import Sandbox
from mockserver.testing.server import Server

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 50


class Servers:
    """Servers that are kept until all are closed."""

    def __init__(self) -> None:
        self._started: dict[tuple[tuple[Path, ...], int], Server] = {}
        self._numbers = itertools.count(1)

    def get(self, documents: Sequence[Path] = (), seed: int = 0) -> Server:
        """Return the server of these documents, the bundled ones if there are none.

        Raises:
            SpecError: If documents are wrong.
        """
        key = (tuple(path.resolve() for path in documents), seed)
        if key not in self._started:
            self._started[key] = Server(key[0], seed=seed)
        return self._started[key]

    def sandbox(
        self, server: Server, test: str, settings: Mapping[str, Mapping[str, Json]]
    ) -> Sandbox:
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
