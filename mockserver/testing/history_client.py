"""Give a test the history of a sandbox: its requests and the control calls that changed it.

`sandbox_client.py` calls `read_history` for `sandbox.history(…)`: a list of `SeenEntry` as it is at
the time of the call, selected by the server. A name that no entry can have is a `ControlCallError`.
If a text was not searched for in all entries, because that takes too long, it is a `LookupError`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypedDict

from mockserver.testing.change_client import SeenChange, read_changes
from mockserver.testing.control_connection import ControlConnection, Json, pages
from mockserver.testing.request_client import SeenExchange
from mockserver.testing.time_text import instant_of, instant_text


class HistoryConditions(TypedDict, total=False):
    """Conditions on an entry; all must be met."""

    kind: Literal["request", "call"]
    api: str
    operation: str
    """The operation id of a request."""
    call: str
    """The operation id of a control call, such as `moveClock`."""
    status: int
    reason: str
    since: datetime | str
    """By the clock of the sandbox, as is `until`."""
    until: datetime | str
    recipient: str
    """The recipient of a message that the entry added."""
    text: str
    """Occurs, in any case, in target, headers, bodies, reason or recipient."""
    order: Literal["oldest", "newest"]


class SeenEntry:
    """A request, or a control call that changed something, in the history of a sandbox."""

    def __init__(self, control: ControlConnection, sandbox: str, entry: Json) -> None:
        self._control = control
        self._sandbox = sandbox
        self.id: str = entry["id"]
        self.run: int = entry["run"]
        self.name = f"{self.run}.{self.id}"
        """Its id with the number of its run."""
        self.position: int = entry["position"]
        self.kind: str = entry["kind"]
        """request or call."""
        self.at: datetime = instant_of(entry["at"])
        """By the clock of the sandbox."""
        self.arrived: datetime = instant_of(entry["arrived"])
        """By the clock of the system."""
        self.change_count: int = entry["changes"]
        """Number of changes."""
        self.call: str | None = entry.get("call")
        """The operation id of a control call; None for a request."""
        self.detail: str = entry.get("detail", "")
        """What a control call named, such as a record."""
        self.method: str = entry["method"]
        self.target: str = entry["path"] if self.call is None else entry["target"]
        """The path of a request; path and query of a control call."""
        self.request: SeenExchange | None = (
            SeenExchange(control, sandbox, entry) if self.call is None else None
        )
        """The request with its answer; None for a control call."""

    @property
    def changes(self) -> list[SeenChange]:
        """What it changed in the sandbox, in order."""
        return read_changes(self._control, self._sandbox, self.name)

    def __repr__(self) -> str:
        if self.request is not None:
            return repr(self.request)
        return f"{self.id} {self.call} {self.detail}".strip()


def read_history(
    control: ControlConnection, sandbox: str, conditions: HistoryConditions
) -> list[SeenEntry]:
    """Return the entries of a history that meet the conditions."""
    query = {"sandbox": sandbox, **{name: _text(value) for name, value in conditions.items()}}
    if "text" in conditions:
        _check_searched(control, query)
    entries = pages(control, "history", "history", query)
    return [SeenEntry(control, sandbox, entry) for entry in entries]


def _check_searched(control: ControlConnection, query: Mapping[str, str]) -> None:
    """Raise LookupError if a text is not searched for in all entries."""
    missed = control.call("GET", "history", query={**query, "limit": "0"})["unsearched"]
    if missed:
        raise LookupError(f"the text was not searched for in {missed} entries; add conditions")


def _text(value: object) -> str:
    return instant_text(value) if isinstance(value, datetime) else str(value)
