"""A sandbox as a test uses it: its APIs, clock, messages, requests and faults."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from mockserver.testing import name_lookup
from mockserver.testing.api_client import ApiClient
from mockserver.testing.clock_client import SandboxClock
from mockserver.testing.control_connection import ControlCallError, ControlConnection, Json, pages
from mockserver.testing.fault_client import SandboxFaults
from mockserver.testing.message_client import SandboxMessages, read_message
from mockserver.testing.request_client import SandboxRequests, read_requests

if TYPE_CHECKING:
    from mockserver.base.asgi import AsgiApp

_NOT_FOUND = 404


class SandboxClient:
    """One isolated world; its APIs are attributes and items.

    `sandbox.cloutly_marketplace` is `sandbox["cloutly-marketplace"]`. An API that is called like
    something else of a sandbox (`clock`) is an item only.
    """

    def __init__(
        self,
        target: "str | AsgiApp | ControlConnection",
        name: str = "default",
        *,
        token: str | None = None,
        settings: Mapping[str, Mapping[str, Json]] | None = None,
    ) -> None:
        """Use a sandbox of the server at an address, or of an application in this process.

        Args:
            target: Such as `http://127.0.0.1:8000`, or what `create_app` made.
            name: Of the sandbox, which is made on first use.
            token: What the control API asks for.
            settings: API → setting → value, set at once and after each `reset`.

        Raises:
            ControlCallError: If settings are wrong.
        """
        self._control = (
            target if isinstance(target, ControlConnection) else ControlConnection(target, token)
        )
        self._settings = settings or {}
        self.name = name
        self._configure()

    @property
    def clock(self) -> SandboxClock:
        """The clock."""
        return SandboxClock(self._control, self.name)

    @property
    def messages(self) -> SandboxMessages:
        """The SMS and e-mails that would have been sent, oldest first."""
        shown = pages(self._control, "messages", "messages", self._query)
        return SandboxMessages(map(read_message, shown))

    @property
    def requests(self) -> SandboxRequests:
        """The requests of the journal, oldest first."""
        return read_requests(self._control, self.name)

    @property
    def faults(self) -> SandboxFaults:
        """The faults."""
        return SandboxFaults(self._control, self.name)

    def reset(self) -> None:
        """Make it as it was at start."""
        self._control.call("POST", "reset", query=self._query)
        self._configure()

    def snapshot(self) -> Json:
        """Return all it holds but the journal, as JSON."""
        return self._control.call("GET", "state", query=self._query)

    def restore(self, snapshot: Json) -> None:
        """Make it as it was when a snapshot was taken, here or in another sandbox.

        Raises:
            ControlCallError: If the snapshot does not fit what is served.
        """
        self._control.call("PUT", "state", snapshot, self._query)

    def sibling(self, name: str) -> "SandboxClient":
        """Return another sandbox of the same server."""
        return SandboxClient(self._control, name)

    def delete(self) -> None:
        """Forget it and all it holds."""
        try:
            self._control.call("DELETE", f"sandboxes/{quote(self.name, safe='')}")
        except ControlCallError as error:
            if error.status != _NOT_FOUND:  # it was never used
                raise

    def close(self) -> None:
        """Let go of the connection; the sandbox stays, and using it again connects again."""
        self._control.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __getitem__(self, name: str) -> ApiClient:
        known = self._control.apis
        if (found := name_lookup.find(name, known)) is None:
            raise KeyError(name_lookup.unknown("API", name, known))
        return ApiClient(self._control, found, self.name)

    def __getattr__(self, name: str) -> ApiClient:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __iter__(self) -> Iterator[ApiClient]:
        return (ApiClient(self._control, name, self.name) for name in self._control.apis)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(name_lookup.attribute, self._control.apis)]

    @property
    def _query(self) -> dict[str, str]:
        return {"sandbox": self.name}

    def _configure(self) -> None:
        for api, changes in self._settings.items():
            self[api].settings.change(**changes)

    def __repr__(self) -> str:
        return f"<sandbox {self.name!r} of {self._control.origin}>"
