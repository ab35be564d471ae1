"""A server on a thread of the process that tests with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from mockserver.server.background import Background
from mockserver.server.opening import create_app
from mockserver.testing.connection import Control, Json
from mockserver.testing.sandbox import Sandbox


class Server:
    """Serves documents on a free port until it is closed."""

    def __init__(
        self,
        documents: str | Path | Sequence[str | Path] = (),
        *,
        seed: int = 0,
        settings: Mapping[str, Mapping[str, Json]] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Serve documents, the bundled ones if there are none.

        Raises:
            SpecError: If documents are wrong.
            SettingsError: If settings are.
            OSError: If the address is not to be had.
        """
        app = create_app(documents, seed=seed, settings=settings, delays=True)
        self._background = Background(app, host, port)
        self.url = self._background.url
        self.control = Control(self.url)
        """Calls of the control API."""

    def sandbox(
        self, name: str = "default", settings: Mapping[str, Mapping[str, Json]] | None = None
    ) -> Sandbox:
        """Return a sandbox, which is made on first use."""
        return Sandbox(self.control, name, settings=settings)

    def close(self) -> None:
        """Stop, and return when nothing of it is left."""
        self.control.close()
        self._background.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<mockserver at {self.url}>"
