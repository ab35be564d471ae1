"""Problems of documents: what is wrong, where, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mockserver.base.places import Source


def near(name: str, names: Iterable[str]) -> str:
    """Say which name may have been meant; empty when none is near."""
    import difflib  # noqa: PLC0415 - only mistakes need it

    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"did you mean {found[0]!r}?" if found else ""


class Severity(StrEnum):
    """What a problem costs."""

    ERROR = "error"
    """Nothing is served."""
    WARNING = "warning"
    """What it is about is left out or not relied on; the rest is served."""


@dataclass(frozen=True, slots=True)
class SpecProblem:
    """One thing that is wrong in a document, where, and what to do about it."""

    source: Source
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        pointer = self.source.pointer or "(document)"
        advice = f" ({self.hint})" if self.hint else ""
        kind = "" if self.severity is Severity.ERROR else f" {self.severity}:"
        return f"{self.source}:{kind} {pointer}: {self.message}{advice}"


def warning(source: Source, message: str, hint: str = "") -> SpecProblem:
    """Describe what is wrong with a part that the rest of a document can do without."""
    return SpecProblem(source, message, hint, Severity.WARNING)


def as_warnings(problems: Iterable[SpecProblem]) -> list[SpecProblem]:
    """Return problems whose cause is left out."""
    return [warning(item.source, item.message, item.hint) for item in problems]


def in_reading_order(problems: Iterable[SpecProblem]) -> list[SpecProblem]:
    """Sort problems by file and position; of equal ones only one stays."""
    return sorted(dict.fromkeys(problems), key=_reading_order)


def _reading_order(problem: SpecProblem) -> tuple[str, int, int, str, str]:
    source = problem.source
    return (source.file, source.line, source.column, source.pointer, problem.message)
