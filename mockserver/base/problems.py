"""Describe problems in documents as values with a code, sort them, and suggest similar names.

All that reads documents makes `SpecProblem`s: `documents/` to `openapi/`, `contract/`, and
`engine/answer_check.py`; `base/errors.py` sorts them into a `SpecError`. An error prevents serving,
a warning changes or leaves out a part, a note changes nothing. `strictly` is `--strict`; `left_out`
counts errors and warnings. Most rooms call `near` or `unknown` for a hint on a wrong name, also
where no document is involved (`cli/`, `control/`). Nothing is printed or raised here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from mockserver.base.places import Source


def near(name: str, names: Iterable[str]) -> str:
    """Return `did you mean …?` with the most similar name; empty if none is similar."""
    found = most_similar(name, names)
    return f"did you mean {found!r}?" if found else ""


def most_similar(name: str, names: Iterable[str]) -> str:
    """Return the most similar name; empty if none is similar."""
    import difflib  # noqa: PLC0415 - only mistakes need it

    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return found[0] if found else ""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return a message for an unknown name, with the most similar one or all known names."""
    names, name = list(known), name[:100]
    hint = near(name, names) or f"there are: {', '.join(names) or 'none'}"
    return f"there is no {what} {name!r}; {hint}"


class Severity(StrEnum):
    """The effect of a problem."""

    ERROR = "error"
    """The document is not served."""
    WARNING = "warning"
    """The part with the problem is left out or changed; the rest is served."""
    NOTE = "note"
    """Nothing is left out, but other tools may read the document differently."""


@dataclass(frozen=True, slots=True)
class SpecProblem:
    """One problem in a document, with its code, its place and a hint."""

    code: str
    """The kind of problem, such as `MS104`; `base/problem_codes.py` explains each."""
    source: Source
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        pointer = self.source.pointer or "(document)"
        advice = f" ({self.hint})" if self.hint else ""
        kind = "" if self.severity is Severity.ERROR else f" {self.severity}:"
        return f"{self.source}:{kind} {pointer}: {self.message}{advice} [{self.code}]"


def warning(code: str, source: Source, message: str, hint: str = "") -> SpecProblem:
    """Make a problem that does not prevent serving."""
    return SpecProblem(code, source, message, hint, Severity.WARNING)


def note(code: str, source: Source, message: str, hint: str = "") -> SpecProblem:
    """Make a problem that changes nothing of what is served."""
    return SpecProblem(code, source, message, hint, Severity.NOTE)


def as_warnings(problems: Iterable[SpecProblem]) -> list[SpecProblem]:
    """Return the problems with their severity lowered to a warning."""
    return [warning(item.code, item.source, item.message, item.hint) for item in problems]


_REFUSED = frozenset(("MS205",))
"""Notes that `--strict` refuses, because most other tools ignore what is noted."""


def strictly(problem: SpecProblem) -> SpecProblem:
    """Return a problem as `--strict` sees it: a warning, and some notes, are errors."""
    if problem.severity is Severity.NOTE and problem.code not in _REFUSED:
        return problem
    return replace(problem, severity=Severity.ERROR)


def left_out(problems: Iterable[SpecProblem]) -> int:
    """Return the number of problems by which parts of documents are left out or changed."""
    return sum(problem.severity is not Severity.NOTE for problem in problems)


def in_reading_order(problems: Iterable[SpecProblem]) -> list[SpecProblem]:
    """Sort problems by file and position, without duplicates."""
    return sorted(dict.fromkeys(problems), key=_reading_order)


def _reading_order(problem: SpecProblem) -> tuple[str, int, int, str, str]:
    source = problem.source
    return (source.file, source.line, source.column, source.pointer, problem.message)
