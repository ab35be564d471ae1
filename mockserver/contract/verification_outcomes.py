"""What came of holding interactions against a service."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from mockserver.contract.answer_comparison import Difference
from mockserver.contract.interactions import PlacedInteraction
from mockserver.model.api import Operation


class Verdict(StrEnum):
    """What came of one interaction."""

    AGREES = "agrees"
    DRIFTED = "drifted"
    SKIPPED = "skipped"
    FAILED = "failed"
    """It could not be tried, or got no answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An interaction, and how it went."""

    placed: PlacedInteraction
    operation: Operation
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    """Why it was skipped or failed."""
    seconds: float = 0.0


@dataclass(slots=True)
class VerificationRun:
    """All that was tried of an API against one address."""

    api: str
    address: str
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        """Count the interactions of a verdict."""
        return sum(outcome.verdict == verdict for outcome in self.outcomes)

    def by_operation(self) -> Iterator[tuple[Operation, list[Outcome]]]:
        """Yield the operations that were tried, each with its outcomes."""
        operations = {outcome.operation.id: outcome.operation for outcome in self.outcomes}
        for name, operation in operations.items():
            yield operation, [one for one in self.outcomes if one.operation.id == name]

    @property
    def exit_code(self) -> int:
        """0: all that was tried agrees; 1: something drifted; 2: something could not be tried."""
        if self.count(Verdict.DRIFTED):
            return 1
        tried = self.count(Verdict.AGREES)
        return 2 if self.count(Verdict.FAILED) or not tried else 0


def summary(counts: Iterable[tuple[str, int]]) -> str:
    """Say counts in words, without those that are zero."""
    return ", ".join(f"{count} {name}" for name, count in counts if count) or "nothing was tried"
