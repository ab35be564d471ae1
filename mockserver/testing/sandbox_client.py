"""Give a test a sandbox: its APIs, clock, messages, requests, history, faults, and snapshots.

Users make a `SandboxClient` as `Sandbox`, for an http:// URL or an application; `server_thread.py`
makes one for `Server.sandbox`, and `failure_report.py` gets the default sandbox by `sibling`. APIs
are items and attributes: an unknown one is a `KeyError` or `AttributeError` with a similar name.
The server creates the sandbox on first use (at once if there are settings, which `reset` and
`rewind` to the start apply again); only `delete` deletes it. All is done by calls of the control
API: a refused one is a `ControlCallError`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, Unpack
from urllib.parse import quote

from mockserver.testing import name_lookup
from mockserver.testing.api_client import ApiClient
from mockserver.testing.clock_client import SandboxClock
from mockserver.testing.control_connection import ControlCallError, ControlConnection, Json, pages
from mockserver.testing.fault_client import SandboxFaults
from mockserver.testing.history_client import HistoryConditions, SeenEntry, read_history
from mockserver.testing.message_client import SandboxMessages, read_message
from mockserver.testing.request_client import SandboxRequests, SeenExchange, read_requests
from mockserver.testing.rewinding import START, entry_name, fork_name, undone_note

if TYPE_CHECKING:
    from mockserver.base.asgi import AsgiApp

_NOT_FOUND = 404
_DEFAULT = "default"


class SandboxClient:
    """A sandbox, isolated from all others; its APIs are items and attributes.

    `sandbox.cloutly_marketplace` is `sandbox["cloutly-marketplace"]`. An API with the name of
    another attribute, such as `clock`, is only an item.
    """

    def __init__(
        self,
        target: "str | AsgiApp | ControlConnection",
        name: str = "default",
        *,
        token: str | None = None,
        settings: Mapping[str, Mapping[str, Json]] | None = None,
    ) -> None:
        """Use a sandbox of the server at a URL, or of an application in this process.

        Args:
            target: A URL such as `http://127.0.0.1:8000`, or an application from `create_app`.
            name: The name of the sandbox, which is created on first use.
            token: The token of the control API, if it requires one.
            settings: Values by API and setting, applied now and after each `reset`.

        Raises:
            ControlCallError: If a setting is invalid.
        """
        self._control = (
            target if isinstance(target, ControlConnection) else ControlConnection(target, token)
        )
        self._settings = settings or {}
        self._exists = name == _DEFAULT
        self._forks: list[SandboxClient] = []
        self.name = name
        self._configure()

    @property
    def clock(self) -> SandboxClock:
        """The virtual clock."""
        return SandboxClock(self._created(), self.name)

    @property
    def messages(self) -> SandboxMessages:
        """The simulated SMS and e-mails, oldest first."""
        listed = pages(self._created(), "messages", "messages", self._query)
        return SandboxMessages(map(read_message, listed))

    @property
    def requests(self) -> SandboxRequests:
        """The requests of the journal, oldest first."""
        return read_requests(self._created(), self.name)

    def history(self, **conditions: Unpack[HistoryConditions]) -> list[SeenEntry]:
        """Return requests and control calls in order: those that meet the conditions, or all.

        Raises:
            ControlCallError: If no entry can have one of the names.
            LookupError: If a text cannot be searched for in all entries.
        """
        return read_history(self._created(), self.name, conditions)

    @property
    def faults(self) -> SandboxFaults:
        """The faults, which can be added and removed."""
        return SandboxFaults(self._created(), self.name)

    def reset(self) -> None:
        """Restore the initial state, and apply the settings again."""
        self._control.call("POST", "reset", query=self._query)
        self._configure()

    def snapshot(self) -> Json:
        """Return the whole state except the journal, as JSON."""
        return self._created().call("GET", "state", query=self._query)

    def restore(self, snapshot: Json) -> None:
        """Restore the state of a snapshot, which can be from another sandbox.

        Raises:
            ControlCallError: If the snapshot does not fit the served APIs.
        """
        self._control.call("PUT", "state", snapshot, self._query)

    def rewind(self, entry: str | SeenExchange | SeenEntry | None = None) -> int:
        """Go back to an entry, as if what came after it had never been.

        Args:
            entry: A request, an entry of `history()`, or a name such as `r17`; without one, the
                start, where the settings are applied again.

        Returns:
            The number of entries that were undone.

        Raises:
            ControlCallError: If the entry is gone, or the sandbox cannot go back so far.
        """
        body = {"to": START if entry is None else entry_name(entry)}
        undone = self._created().call("POST", "rewind", body, self._query)["undone"]
        if entry is None:
            self._configure()
        return int(undone)

    @contextmanager
    def undone(self) -> Iterator[Self]:
        """Undo at the end of a `with` block what happens in it, also if it fails.

        The requests of a block that fails are listed in a note of its error.

        Raises:
            ControlCallError: If the block resets or restores the sandbox.
        """
        entry: str = self._control.call("PUT", self._path)["entry"]
        self._exists = True
        try:
            yield self
        except BaseException as error:
            self._undo_failed(entry, error)
            raise
        self.rewind(entry)

    def _undo_failed(self, entry: str, error: BaseException) -> None:
        try:
            if note := undone_note(self.name, self.history(), entry):
                error.add_note(note)
            self.rewind(entry)
        except ControlCallError as reason:
            error.add_note(f"the sandbox was not taken back: {reason}")

    def fork(
        self, name: str | None = None, *, at: str | SeenExchange | SeenEntry | None = None
    ) -> "SandboxClient":
        """Return a new sandbox with the state and the requests of this one.

        Args:
            name: The name of the new sandbox; by default this one's with a number.
            at: An entry as for `rewind`, at which the fork begins; by default the latest.

        Raises:
            ControlCallError: If the name is taken, or the entry is gone.
        """
        control = self._created()
        if name is None:
            name = fork_name(self.name, [one["name"] for one in control.call("GET", "sandboxes")])
        fork = SandboxClient(control, name)
        query = {"from": self.name} | ({} if at is None else {"at": entry_name(at)})
        control.call("PUT", fork._path, query=query)
        fork._exists, fork._settings = True, self._settings
        self._forks.append(fork)
        return fork

    @property
    def forks(self) -> "list[SandboxClient]":
        """The forks of this sandbox that were not deleted; the fixture deletes them."""
        return [fork for fork in self._forks if fork._exists]  # noqa: SLF001 - of the same class

    def sibling(self, name: str) -> "SandboxClient":
        """Return another sandbox of the same server."""
        return SandboxClient(self._control, name)

    def delete(self) -> None:
        """Delete the sandbox with its whole state."""
        self._exists = self.name == _DEFAULT
        try:
            self._control.call("DELETE", self._path)
        except ControlCallError as error:
            if error.status != _NOT_FOUND:  # a sandbox that was never used does not exist
                raise

    def close(self) -> None:
        """Close the connection; the sandbox stays, and its next use connects again."""
        self._control.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __getitem__(self, name: str) -> ApiClient:
        known = self._control.apis
        if (found := name_lookup.find(name, known)) is None:
            raise KeyError(name_lookup.unknown("API", name, known))
        return ApiClient(self._created(), found, self.name)

    def __getattr__(self, name: str) -> ApiClient:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __iter__(self) -> Iterator[ApiClient]:
        control = self._created()
        return (ApiClient(control, name, self.name) for name in control.apis)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(name_lookup.attribute, self._control.apis)]

    @property
    def _path(self) -> str:
        return f"sandboxes/{quote(self.name, safe='')}"

    def _created(self) -> ControlConnection:
        """Return the connection, after the sandbox was created if it did not exist."""
        if not self._exists:
            self._control.call("PUT", self._path)
            self._exists = True
        return self._control

    @property
    def _query(self) -> dict[str, str]:
        return {"sandbox": self.name}

    def _configure(self) -> None:
        for api, changes in self._settings.items():
            self[api].settings.change(**changes)

    def __repr__(self) -> str:
        return f"<sandbox {self.name!r} of {self._control.origin}>"
