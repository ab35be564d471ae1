"""Serve documents on a free port and a thread of the test process, until `close`.

`server_pool.py` makes a `ServerThread` for tests with pytest; users make one as
`mockserver.testing.Server`, and get sandboxes by `sandbox`. The options are those of `create_app`
in `server/factory.py`, but it waits for delays. Invalid documents raise `SpecError`, settings and
plug-ins `SettingsError`, an unknown `like` `ValueError`, and an address that is taken `OSError`.
Its control API has no token, and so answers under loopback host names only.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self, Unpack

from mockserver.server.background_server import BackgroundServer
from mockserver.server.factory import AnswerOptions, create_app
from mockserver.server.sources import DEFAULT_HISTORY_MEMORY, DEFAULT_JOURNAL, DEFAULT_RECORD_MEMORY
from mockserver.testing.control_connection import ControlConnection, Json
from mockserver.testing.sandbox_client import SandboxClient


class ServerThread:
    """Serves documents on a free port until it is closed."""

    def __init__(  # noqa: PLR0913 - all arguments are optional
        self,
        documents: str | Path | Sequence[str | Path] = (),
        *,
        seed: int = 0,
        settings: Mapping[str, Mapping[str, Json]] | None = None,
        stateful: bool = False,
        plugins: Sequence[str] = (),
        journal: int = DEFAULT_JOURNAL,
        history_memory: int = DEFAULT_HISTORY_MEMORY,
        record_memory: int = DEFAULT_RECORD_MEMORY,
        host: str = "127.0.0.1",
        port: int = 0,
        **answers: Unpack[AnswerOptions],
    ) -> None:
        """Serve documents with the options of `create_app`; without documents, the bundled ones.

        Raises:
            SpecError: If a document is invalid.
            SettingsError: If a setting or a plug-in is invalid.
            ValueError: If `like` names a server that is not known.
            OSError: If the address is not available.
        """
        app = create_app(
            documents,
            seed=seed,
            settings=settings,
            stateful=stateful,
            plugins=plugins,
            journal=journal,
            history_memory=history_memory,
            record_memory=record_memory,
            delays=True,
            **answers,
        )
        self._background = BackgroundServer(app, host, port)
        self.url = self._background.url
        self.control = ControlConnection(self.url)
        """The connection to the control API."""

    def sandbox(
        self, name: str = "default", settings: Mapping[str, Mapping[str, Json]] | None = None
    ) -> SandboxClient:
        """Return a sandbox, which is created on first use."""
        return SandboxClient(self.control, name, settings=settings)

    def close(self) -> None:
        """Stop the server, and wait until it has ended."""
        self.control.close()
        self._background.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<mockserver at {self.url}>"
