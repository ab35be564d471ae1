"""Errors a user can catch, and the places in documents that they point at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

MOST_PROBLEMS_SHOWN = 50

Position = tuple[int, int]
"""Line and column, both counted from 1."""


def nowhere(_pointer: str) -> Position:
    """Locate nothing: the position of what never stood in a file."""
    return (1, 1)


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a document; line and column are looked up only when they are read."""

    file: str
    pointer: str
    """JSON Pointer (RFC 6901) into the document; empty for the whole of it."""
    locate: Callable[[str], Position] = field(default=nowhere, repr=False, compare=False)

    @property
    def line(self) -> int:
        """The line the value starts on, from 1."""
        return self.locate(self.pointer)[0]

    @property
    def column(self) -> int:
        """The column the value starts in, from 1."""
        return self.locate(self.pointer)[1]

    def child(self, *keys: str | int) -> "Source":
        """Return the place of a value below this one."""
        tail = "".join("/" + escape(str(key)) for key in keys)
        return Source(self.file, self.pointer + tail, self.locate)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def escape(key: str) -> str:
    """Escape one reference token of a JSON Pointer (RFC 6901, section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """Undo `escape` (RFC 6901, section 4)."""
    return token.replace("~1", "/").replace("~0", "~")


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


def _reading_order(problem: SpecProblem) -> tuple[str, int, int, str, str]:
    source = problem.source
    return (source.file, source.line, source.column, source.pointer, problem.message)


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
