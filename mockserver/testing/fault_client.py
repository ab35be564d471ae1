"""Faults that a test forces on a sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypedDict, Unpack

from mockserver.testing.control_connection import ControlConnection, Json
from mockserver.testing.time_text import duration_text


class FaultEffect(TypedDict, total=False):
    """What happens to the requests that a fault hits; at least one of these."""

    error: str
    """An error kind, answered as the API words it."""
    retry_after: int
    """Seconds, for Retry-After."""
    status: int
    """Answered as the document describes it."""
    example: str
    """The name of a documented example."""
    delay: timedelta | str
    truncate: int
    """Bytes of the body before the connection ends."""
    disconnect: Literal["before", "after"]
    """The connection is reset before or after the request takes effect."""


class ApiFault(FaultEffect, total=False):
    """A fault of one API: what it hits (everything that is not narrowed), and how often."""

    operation: str
    """Id of an operation."""
    method: str
    path: str
    """`*` stands for any characters."""
    times: int
    """Hits at most; else always."""
    probability: float
    after: int
    """Requests that are let through first."""


class FaultArguments(ApiFault, total=False):
    """A fault of one API or of all."""

    api: str


@dataclass(frozen=True, slots=True)
class FaultHandle:
    """A fault of a sandbox, as it was when asked for."""

    id: str
    hits: int
    remaining: int | None
    """Hits to come; None if they don't end."""


class SandboxFaults:
    """The faults of one sandbox."""

    def __init__(self, control: ControlConnection, sandbox: str) -> None:
        self._control = control
        self._query = {"sandbox": sandbox}

    def add(self, **definition: Unpack[FaultArguments]) -> FaultHandle:
        """Force a fault from the next request on.

        Raises:
            ControlCallError: If the definition does not fit what is served.
        """
        body: dict[str, Json] = dict(definition)
        if "delay" in definition:
            body["delay"] = duration_text(definition["delay"])
        return _read(self._control.call("POST", "faults", body, self._query))

    def remove(self, fault: FaultHandle | str) -> None:
        """Remove one, by itself or its id."""
        name = fault if isinstance(fault, str) else fault.id
        self._control.call("DELETE", f"faults/{name}", query=self._query)

    def clear(self) -> None:
        """Remove all."""
        self._control.call("DELETE", "faults", query=self._query)

    def __iter__(self) -> Iterator[FaultHandle]:
        shown = self._control.call("GET", "faults", query=self._query)
        return map(_read, shown["faults"])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<faults: {list(self)}>"


def _read(shown: Json) -> FaultHandle:
    return FaultHandle(shown["id"], shown["hits"], shown["remaining"])
