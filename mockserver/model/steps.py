"""Define the compiled steps of an operation, and the `Program` that is made of them.

Each verb makes a `Step` or a subclass of its own; `language/programs.py` makes the program from
their code, and `engine/run.py` calls its `function` for every request. For a failed request,
`Program.step_of` returns the step in which an exception was raised, or None. `Step.waits` says
whether and until when a step would refuse now. `Otherwise` is the refusal that a step, limit or
test value asks for; it is data, and `engine/refusals.py` makes the exception.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, cast

from mockserver.base.places import Source
from mockserver.base.time import Instant
from mockserver.model.scope import Scope, Template


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The refusal for a step that fails."""

    kind: str
    message: Template | None = None
    field: str | None = None
    """JSON Pointer to the invalid field of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stateful action of an operation, compiled."""

    verb: str
    """The keyword in the document."""
    source: Source
    otherwise: Otherwise
    collection: str | None = None
    """The collection that it works on, if any."""
    details: tuple[str, ...] = ()
    """Names of the values that it adds to the trace."""
    has_condition: bool = False
    """True if it has a `when`."""

    def waits(self, _world: Any) -> "tuple[bool, Instant | None] | None":  # noqa: ANN401 - a World
        """Return whether it would refuse the request now, and until when (None: for ever).

        Return None for a step that does not refuse for a time.
        """
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondStep(Step):
    """Chooses the answer and ends the program."""

    example: str | None
    content_type: str
    """Empty: chosen from those of the document by content negotiation."""
    conform: bool


@dataclass(slots=True)
class Program:
    """The steps of an operation, compiled to one function of the run and its scope."""

    file: str
    """The file name in tracebacks."""
    text: str
    """Python source."""
    steps: tuple[Step, ...]
    """In the order of their numbers; the steps inside `each` follow it."""
    lines: tuple[int, ...] = field(repr=False)
    """The step number of each line of the text, from 1; 0 for lines outside the steps."""
    function: Callable[[Any, Scope], None] = field(init=False, repr=False)

    def step_of(self, error: BaseException) -> Step | None:
        """Return the step in which an exception was raised, or None for another place."""
        code = cast(FunctionType, self.function).__code__
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code is code:
                number = self.lines[trace.tb_lineno - 1]
                return self.steps[number - 1] if number else None
            trace = trace.tb_next
        return None

    def get_source(self, _name: str) -> str:
        """Return the text; `linecache` calls this to show lines in tracebacks (PEP 302)."""
        return self.text
