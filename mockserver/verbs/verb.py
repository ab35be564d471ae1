"""Define the interfaces of verbs: `Verb`, which a module has, and `World`, which the engine has.

A built-in verb is one module with a constant `VERB`; plug-ins of users define a `Verb`, too. Its
fields define what a step may contain. `step_compiler.py` calls its compile function, if it has one,
when a document is loaded; the code of a step calls its run function, if it has one, with a `World`
(the `Run` of `engine/run.py`), the step and the values of the fields. A verb reads and writes
records, refuses and answers through `World`, or raises a `Refusal`; it never imports the engine.
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
    """A verb: how a step of it is validated, compiled, run and traced."""

    name: str
    """The key of a step in a document."""
    fields: "type[BaseModel]"
    """The pydantic model of a step; `fields.Role` explains how the values are compiled."""
    run: Callable[..., Any] | None = None
    """Called as `run(world, step, *values)`, with the values of the fields in their order, except
    the binding. The value of the binding is the name for what `run` returns."""
    compile: "Callable[[Any, StepCodeWriter], Block] | None" = None
    """Called as `compile(fields, writer)`; returns the code of a step. If it is None, the roles of
    the fields decide how `run` is called."""
    refuses_as: str = Kind.INVALID
    """The error kind of a step that refuses and has no `otherwise`."""
    details: tuple[str, ...] = ()
    """The names of the values that `run` adds to the trace."""


class Records(Protocol):
    """The records of a collection."""

    spec: CollectionSpec
    rows: dict[str, Record]
    """Records by key, in the order of insertion; for reading only."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Record]: ...

    def get(self, key: JsonValue) -> Record | None:
        """Return the record with a key, or None; a number finds the text of its digits, too."""

    def by_key(self, key: JsonValue) -> Record | None:
        """Return the record whose key equals this value as JSON, or None."""

    def find(self, where: Mapping[str, JsonValue]) -> Record | None:
        """Return the first record whose fields have these values, or None."""

    def matching(self, where: Mapping[str, JsonValue]) -> list[Record]:
        """Return the records whose fields have these values, in the order of insertion."""


class World(Protocol):
    """One request and its sandbox, as the run function of a verb can use them.

    A verb must not change a record in place; it stores another version. If the request is refused,
    everything that its steps wrote is undone.
    """

    now: Instant
    scope: Scope
    api: Api
    operation: Operation
    exchange: Exchange
    delay: Duration
    """How long the answer is delayed."""

    def records(self, collection: str) -> Any:  # noqa: ANN401 - Records, for reading and to write to
        """Return a collection of the API, or a built-in one such as `messages`."""

    def complete(self, collection: str, record: Record) -> Record:
        """Return a record, with the members that the schema of its collection requires."""

    def insert(self, records: Any, record: Record, /) -> str:  # noqa: ANN401 - Records
        """Store a new record and return its key; raises ConflictError if it exists."""

    def put(self, records: Any, key: str, record: Record, /) -> None:  # noqa: ANN401 - Records
        """Store a record with a key, and replace the one that has this key, if any."""

    def replace(self, records: Any, key: str, record: Record, /) -> None:  # noqa: ANN401 - Records
        """Store another version of a record; raises ConflictError like `insert`."""

    def remove(self, records: Any, key: str, /) -> None:  # noqa: ANN401 - Records
        """Remove a record."""

    def uuid(self) -> str:
        """Return the sandbox's next UUID."""

    def token(self, length: int = 32) -> str:
        """Return the sandbox's next opaque token, of 1 to 86 characters."""

    def take_steps(self, count: int) -> bool:
        """Count repeated steps; return False if the request has more than the maximum."""

    def note(self, step: Step, outcome: str, *details: JsonValue) -> None:
        """Add what a step did to the trace; the verb's `details` are the names of the values."""

    def refuse(self, step: Step, message: str, passes_at: Instant | None = None) -> NoReturn:
        """Refuse the request with the step's `otherwise`; what the steps wrote is undone."""

    def answer(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        body: JsonValue,
        content_type: str = "application/json",
        because: str = "",
    ) -> None:
        """Choose the answer; after it, the code of the step must end the program (`return`)."""

    def respond(
        self,
        step: RespondStep,
        status: int | None,
        headers: Mapping[str, JsonValue],
        body: JsonValue,
    ) -> None:
        """Choose the answer of a `respond` step; its media type is negotiated with the client.

        Args:
            step: The step.
            status: The status code; null for the documented success.
            headers: The headers; those with the value null are omitted.
            body: Any value.
        """

    def answer_error(self, kind: str, message: str) -> None:
        """Answer with an error kind, but keep what the steps wrote."""
