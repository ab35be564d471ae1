"""Errors a user can catch, and the places in documents that they point at."""

from collections.abc import Iterable
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, in_reading_order

MOST_PROBLEMS_SHOWN = 50


class MockserverError(Exception):
    """The root of every error this package raises on purpose."""


class SpecError(MockserverError):
    """Documents that cannot be served, with every problem found in them."""

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
    """A flag, an environment variable or a control call names or gives an unusable setting."""


class FaultError(MockserverError, ValueError):
    """A fault that cannot be injected as it is defined, with every reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class ClockError(MockserverError):
    """A move of the virtual clock that is not possible."""


class ExpressionError(MockserverError):
    """An expression in a document failed on the values of one request."""


class SandboxFullError(MockserverError):
    """A sandbox holds as many records as it may; nothing is ever forgotten to make room."""


@dataclass(slots=True)
class ConflictError(Exception):
    """A record whose key or unique field is taken."""

    collection: str
    field: str
    value: JsonValue

    def __str__(self) -> str:
        return f"another record of {self.collection} has the {self.field} {self.value!r}"
