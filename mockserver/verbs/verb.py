"""The shape of a verb, and what a verb's function can see and do while a request is handled.

A verb is one module with a constant `VERB`. Its fields say what a step may contain, its function
does the work of a request. `World` is all that a verb knows of the engine.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from mockserver.base.json import JsonValue
from mockserver.base.time import Duration, Instant
from mockserver.model.api import Api, CollectionSpec, Operation
from mockserver.model.exchange import Exchange
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record, Scope
from mockserver.model.steps import RespondStep, Step

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mockserver.language.programs import Block
    from mockserver.verbs.step_context import StepCodeWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What documents can write as a step: how it is read, compiled, carried out and traced."""

    name: str
    """As documents write it."""
    fields: "type[BaseModel]"
    """What a step of this verb contains; see `fields.Role` for how values are compiled."""
    run: Callable[..., Any] | None = None
    """Called as `run(world, step, *values)`, with the values of the fields in their order; what it
    returns is bound to the field whose role is a binding."""
    compile: "Callable[[Any, StepCodeWriter], Block] | None" = None
    """Writes the code of a step; without it, the fields' roles say how `run` is called."""
    refuses_as: str = Kind.INVALID
    """Error kind of a step that refuses and has no `otherwise`."""
    details: tuple[str, ...] = ()
    """Names of the values that `run` notes in the trace."""


class Records(Protocol):
    """The records of a collection."""

    spec: CollectionSpec
    rows: dict[str, Record]
    """By key, in the order they were stored; for reading only."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Record]: ...

    def get(self, key: JsonValue) -> Record | None:
        """Return the record with a key, or None."""

    def by_key(self, key: JsonValue) -> Record | None:
        """Return the record whose key has this value, of this type, or None."""

    def find(self, where: Mapping[str, JsonValue]) -> Record | None:
        """Return the first record whose fields have these values, or None."""

    def matching(self, where: Mapping[str, JsonValue]) -> list[Record]:
        """List the records whose fields have these values, in the order they were stored."""


class World(Protocol):
    """One request and its sandbox, as a verb's function sees them.

    Records are never changed in place: write another version. What is written is taken back if the
    request is refused.
    """

    now: Instant
    scope: Scope
    api: Api
    operation: Operation
    exchange: Exchange
    delay: Duration
    """How long the answer is held back."""

    def records(self, collection: str) -> Any:  # noqa: ANN401 - Records, for reading and to write to
        """Return a collection of the API, or one that the engine keeps itself."""

    def complete(self, collection: str, record: Record) -> Record:
        """Return a record with what the schema of its collection requires."""

    def insert(self, records: Any, record: Record, /) -> str:  # noqa: ANN401 - Records
        """Store a new record and return its key; raises ConflictError if it is taken."""

    def put(self, records: Any, key: str, record: Record, /) -> None:  # noqa: ANN401 - Records
        """Store a record under its key, whether there was one before or not."""

    def replace(self, records: Any, key: str, record: Record, /) -> None:  # noqa: ANN401 - Records
        """Store another version of a record; raises ConflictError if it cannot take its place."""

    def remove(self, records: Any, key: str, /) -> None:  # noqa: ANN401 - Records
        """Remove a record."""

    def uuid(self) -> str:
        """Return the sandbox's next UUID."""

    def token(self, length: int = 32) -> str:
        """Return the sandbox's next opaque token, of 1 to 86 characters."""

    def take_steps(self, count: int) -> bool:
        """Count steps that are repeated; return False if one request may not take so many."""

    def note(self, step: Step, outcome: str, *details: JsonValue) -> None:
        """Add to the trace what a step did; the verb's `details` are the names of the values."""

    def refuse(self, step: Step, message: str, passes_at: Instant | None = None) -> NoReturn:
        """Refuse the request as the step's `otherwise` says; nothing that was written is kept."""

    def answer(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        body: JsonValue,
        content_type: str = "application/json",
        because: str = "",
    ) -> None:
        """Choose the answer; the code of the step must end the program then (`return`)."""

    def respond(
        self,
        step: RespondStep,
        status: JsonValue,
        headers: Mapping[str, JsonValue],
        body: JsonValue,
    ) -> None:
        """Choose the answer of a `respond` step, in the media type that document and client share.

        Args:
            step: Who answers.
            status: Of the answer; null is the documented success.
            headers: Of the answer, without those that are null.
            body: Any value; text and bytes are sent as they are.
        """

    def answer_error(self, kind: str, message: str) -> None:
        """Answer as an error kind, but keep what was written so far."""
