"""Define the entry that a call of the control API adds to a sandbox's history if it changes state.

`engine/sandbox.py` makes a `ControlEntry` with the changes of the call, `engine/history.py` keeps
it between the exchanges, and `control/` shows both in order. Calls that only read make none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mockserver.base.time import Instant
from mockserver.model.record_change import RecordChange, Write


class SentCall(NamedTuple):
    """The request that a call came with; empty for a call that can be made again without one."""

    method: str = ""
    target: str = ""
    """Path with the query."""
    body: bytes = b""


NOT_SENT = SentCall()


@dataclass(slots=True)
class ControlEntry:
    """A call of the control API that changed something in a sandbox."""

    id: str
    """`c` and the number of the call in its run, such as `c3`."""
    call: str
    """The operation id of the call in the control API's document, such as `moveClock`."""
    at: Instant
    """The sandbox's time after the call."""
    arrived: Instant
    """The system's time at the call."""
    detail: str = ""
    """What the call named, such as the entry of a rewind."""
    sent: SentCall = NOT_SENT
    writes: Sequence[Write] = ()
    """What the call changed, in order; see `changes`."""
    cut: int | None = None
    """The position to which a rewind went back; the entries after it were removed."""
    net: Sequence[Write] = ()
    """All that a rewind changed, with what it took back."""
    position: int = 0
    ids: int = 0
    """Number of identifiers that the sandbox has made after the call."""
    removed_size: int = 0
    """About how many bytes the records need that it removed."""
    size: int = 0
    """About how many bytes of memory it needs; set when it is kept."""

    @property
    def changes(self) -> list[RecordChange]:
        """Return what it changed in the sandbox, in order."""
        return [RecordChange._make(write) for write in self.writes]
