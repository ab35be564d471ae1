"""Add, list and remove the faults of a sandbox.

`sandbox_client.py` makes a `SandboxFaults` as `sandbox.faults`, and `api_client.py` uses it for
`fail_next`. `add` returns a `FaultHandle` (for users: `Fault`): id, and hits and remaining hits at
the time of the call. A definition that does not fit the served APIs, or an unknown id, is a
`ControlCallError`, a negative delay a `ValueError`. The server injects the faults.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypedDict, Unpack

from mockserver.testing.control_connection import ControlConnection, Json
from mockserver.testing.time_text import duration_text


class _FaultEffect(TypedDict, total=False):
    """The effect on the requests that a fault hits; at least one of these."""

    error: str
    """An error kind, answered in the error format of the API."""
    retry_after: int
    """Seconds for the header Retry-After."""
    status: int
    """A status code, answered as the document describes it."""
    example: str
    """The name of a documented example."""
    delay: timedelta | str
    truncate: int
    """Bytes of the body to send before the connection is closed."""
    disconnect: Literal["before", "after"]
    """The connection is reset before or after the request takes effect."""


class ApiFault(_FaultEffect, total=False):
    """A fault of one API: its effect, the requests that it hits, and how often.

    Without conditions it hits every request.
    """

    operation: str
    """An operation id."""
    method: str
    path: str
    """From the mount name on, or from the path of a server or operation on; `*` matches any
    characters, `{name}` a parameter."""
    times: int
    """Maximum number of hits; unlimited if left out."""
    probability: float
    """From 0 to 1, of hitting a request that matches."""
    after: int
    """Number of matching requests that pass before the first hit."""


class FaultArguments(ApiFault, total=False):
    """A fault of one API or, without `api`, of all APIs."""

    api: str


@dataclass(frozen=True, slots=True)
class FaultHandle:
    """A fault of a sandbox, at the time of the call."""

    id: str
    hits: int
    remaining: int | None
    """Number of further hits; None if unlimited."""


class SandboxFaults:
    """The faults of one sandbox."""

    def __init__(self, control: ControlConnection, sandbox: str) -> None:
        self._control = control
        self._query = {"sandbox": sandbox}

    def add(self, **definition: Unpack[FaultArguments]) -> FaultHandle:
        """Add a fault, which applies from the next request on.

        Raises:
            ControlCallError: If the definition does not fit the served APIs.
        """
        body: dict[str, Json] = dict(definition)
        if "delay" in definition:
            body["delay"] = duration_text(definition["delay"])
        return _read(self._control.call("POST", "faults", body, self._query))

    def remove(self, fault: FaultHandle | str) -> None:
        """Remove a fault, given by its handle or its id."""
        name = fault if isinstance(fault, str) else fault.id
        self._control.call("DELETE", f"faults/{name}", query=self._query)

    def clear(self) -> None:
        """Remove all faults."""
        self._control.call("DELETE", "faults", query=self._query)

    def __iter__(self) -> Iterator[FaultHandle]:
        listed = self._control.call("GET", "faults", query=self._query)
        return map(_read, listed["faults"])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<faults: {list(self)}>"


def _read(fault: Json) -> FaultHandle:
    return FaultHandle(fault["id"], fault["hits"], fault["remaining"])
