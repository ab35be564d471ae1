"""Define the results of a verification: outcomes of interactions, the run, and its exit code.

`verification.py` makes them; `cli/verify_command.py` exits by `exit_code`, and
`verification_reports.py` writes them, with `summary` for the counts. The exit code is 1 if an
answer drifted, whatever else happened; else 2 if a request failed or no answer agrees, as when all
were skipped; else 0. An `Outcome` has a verdict, the differences, or the reason of a skip or
failure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from mockserver.contract.answer_comparison import Difference
from mockserver.contract.interactions import PlacedInteraction
from mockserver.model.api import Operation


class Verdict(StrEnum):
    """The result of one interaction."""

    AGREES = "agrees"
    DRIFTED = "drifted"
    SKIPPED = "skipped"
    FAILED = "failed"
    """The request could not be sent, or got no answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An interaction with its result."""

    placed: PlacedInteraction
    operation: Operation
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    """The reason why it was skipped or failed."""
    seconds: float = 0.0


@dataclass(slots=True)
class VerificationRun:
    """The outcomes of an API's interactions at one address."""

    api: str
    address: str
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        """Count the interactions with a verdict."""
        return sum(outcome.verdict == verdict for outcome in self.outcomes)

    def by_operation(self) -> Iterator[tuple[Operation, list[Outcome]]]:
        """Yield each operation with the outcomes of its interactions."""
        operations = {outcome.operation.id: outcome.operation for outcome in self.outcomes}
        for name, operation in operations.items():
            yield operation, [one for one in self.outcomes if one.operation.id == name]

    @property
    def exit_code(self) -> int:
        """0: all answers agree; 1: an answer drifted; 2: a request failed, or none was sent."""
        if self.count(Verdict.DRIFTED):
            return 1
        tried = self.count(Verdict.AGREES)
        return 2 if self.count(Verdict.FAILED) or not tried else 0


def summary(counts: Iterable[tuple[str, int]]) -> str:
    """Write counts as text, without those that are zero."""
    return ", ".join(f"{count} {name}" for name, count in counts if count) or "nothing was tried"
