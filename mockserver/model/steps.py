"""The steps of an operation, and the program that is made of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, cast

from mockserver.base.places import Source
from mockserver.model.scope import Scope, Template


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The refusal of a step that does not hold."""

    kind: str
    message: Template | None = None
    field: str | None = None
    """JSON Pointer of the body field at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stateful behaviour of an operation: all that is known of it before any request."""

    verb: str
    """As documents write it."""
    source: Source
    otherwise: Otherwise
    collection: str | None = None
    """The collection that it works on, if there is one."""
    details: tuple[str, ...] = ()
    """Names of the values that it notes in the trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondStep(Step):
    """Chooses the answer, and ends the steps."""

    example: str | None
    content_type: str
    """Empty: one that the document has, as the client takes it."""
    conform: bool


@dataclass(slots=True)
class Program:
    """The steps of an operation as one function of the run and its scope."""

    file: str
    """What tracebacks call it."""
    text: str
    """As Python."""
    steps: tuple[Step, ...]
    """In the order of their numbers; those that `each` repeats come after it."""
    lines: tuple[int, ...] = field(repr=False)
    """For every line of the text the number of its step, from 1; 0 outside the steps."""
    function: Callable[[Any, Scope], None] = field(init=False, repr=False)

    def step_of(self, error: BaseException) -> Step | None:
        """Return the step in which an exception was raised, or None if it was elsewhere."""
        code = cast(FunctionType, self.function).__code__
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code is code:
                number = self.lines[trace.tb_lineno - 1]
                return self.steps[number - 1] if number else None
            trace = trace.tb_next
        return None

    def get_source(self, _name: str) -> str:
        """Return the text to `linecache`, which tracebacks read lines from (PEP 302)."""
        return self.text
