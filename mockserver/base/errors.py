"""Define the errors of this package that users can catch, and `ConflictError` for taken keys.

All but `ConflictError` are `MockserverError`; most rooms raise them. `SpecError` has all problems
in `problems`; its text lists up to `MOST_PROBLEMS_SHOWN`. `FaultError` lists its reasons likewise,
without a limit. The commands of `cli/` print them; `control/` and `engine/` turn them into answers.
The refusal of a request is no error: `model/refusal.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, in_reading_order

MOST_PROBLEMS_SHOWN = 50


class MockserverError(Exception):
    """The base class of the errors of this package."""


class SpecError(MockserverError):
    """Documents that cannot be served, with all problems found in them."""

    def __init__(self, problems: Iterable[SpecProblem]) -> None:
        self.problems: tuple[SpecProblem, ...] = tuple(in_reading_order(problems))
        super().__init__(str(self))

    def __str__(self) -> str:
        shown = [str(problem) for problem in self.problems[:MOST_PROBLEMS_SHOWN]]
        hidden = len(self.problems) - len(shown)
        if hidden:
            shown.append(f"… and {hidden} more problems")
        return "\n".join(shown)


class SettingsError(MockserverError):
    """An unknown setting or an invalid value, from an option, a variable or a control call."""


class FaultError(MockserverError, ValueError):
    """An invalid definition of a fault, with all reasons."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class ClockError(MockserverError):
    """An invalid change of the virtual clock."""


class ExpressionError(MockserverError):
    """An expression of a document that failed for the values of a request."""


class SandboxFullError(MockserverError):
    """A limit on records, faults or sandboxes is reached; nothing is deleted to make room."""


@dataclass(slots=True)
class ConflictError(Exception):
    """A record whose key or unique field has the value of another record."""

    collection: str
    field: str
    value: JsonValue

    def __str__(self) -> str:
        return f"another record of {self.collection} has the {self.field} {self.value!r}"
