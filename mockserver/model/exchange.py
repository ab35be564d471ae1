"""The exchange: one request, its answer, and every decision between them."""

from dataclasses import dataclass, field

from mockserver.base.time import Instant
from mockserver.model.api import Api, Operation
from mockserver.model.fault import Fault
from mockserver.model.messages import Answer, Request
from mockserver.model.refusal import Refusal
from mockserver.model.scope import Record
from mockserver.model.trace import Entry

MOCK_FAILURE = "mock_failure"
"""The reason of an answer that is a fault of the mock, or of its document."""
UNANSWERED = Answer(500, [], b"")


@dataclass(slots=True)
class Exchange:
    """One request, its answer, and why it was given; it only gains fields on its way."""

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
    """Why the mock itself decided the answer: an error kind or the like; else empty."""
    refusal: Refusal | None = None
    fault: Fault | None = None
    """The injected fault that hit it."""
