"""Define the exchange: one request with its answer and every decision about it.

`engine/pipeline.py` makes one for each request, its stages fill the fields, and `engine/history.py`
keeps it. `server/application.py` sends its `answer` (`UNANSWERED`, a 500, until there is one);
`control/` shows and exports exchanges, `server/` logs them. `trace` lists the decisions
(`trace.py`). `reason` says why the mock itself chose the answer; `MOCK_FAILURE` is the reason when
the mock or its document failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mockserver.base.time import Instant
from mockserver.model.api import Api, Operation
from mockserver.model.fault import Fault
from mockserver.model.messages import Answer, Request
from mockserver.model.record_change import RecordChange, Write
from mockserver.model.refusal import Refusal
from mockserver.model.scope import Record
from mockserver.model.trace import Entry

MOCK_FAILURE = "mock_failure"
"""The reason of an answer to a request for which the mock or its document failed."""
UNANSWERED = Answer(500, [], b"")
BEGINNING = Instant(0)


@dataclass(slots=True)
class Exchange:
    """One request with its answer; fields are added by the stages and never removed."""

    id: str
    sandbox: str
    at: Instant
    request: Request
    answer: Answer
    """`UNANSWERED` until there is one."""
    api: Api | None = None
    operation: Operation | None = None
    principal: Record | None = None
    trace: list[Entry] = field(default_factory=list)
    reason: str = ""
    """Why the mock itself chose the answer, such as an error kind; otherwise empty."""
    refusal: Refusal | None = None
    fault: Fault | None = None
    """The injected fault that was applied to it."""
    arrived: Instant = BEGINNING
    """The time of the system's clock."""
    writes: Sequence[Write] = ()
    """What the request changed in the sandbox, in order; see `changes`."""
    position: int = 0
    """Position in the history of the sandbox, from 1; later entries have higher ones."""
    is_traced: bool = True
    """False if it was read from a store, which keeps no traces."""
    ids: int = 0
    """Number of identifiers that the sandbox has made after the request."""
    removed_size: int = 0
    """About how many bytes the records need that it removed."""
    size: int = 0
    """About how many bytes of memory it needs; set when it is kept."""

    @property
    def changes(self) -> list[RecordChange]:
        """Return what it changed in the sandbox, in order."""
        return [RecordChange._make(write) for write in self.writes]
