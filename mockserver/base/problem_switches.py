"""Apply switches of documents (`x-mock-ignore`) that turn off problems, each for a reason.

`documents/switch_reading.py` makes each `ProblemSwitch`. `openapi/compiler.py` and
`contract/checking.py` call `without_ignored`, which returns the problems that remain, and those
that are turned off. An error always remains, and a switch for one is reported (MS524).
`contract/checking.py` also adds a warning for each of the `unused_switches` (MS523).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mockserver.base.places import Source
from mockserver.base.problems import Severity, SpecProblem, warning

SWITCHES = "x-mock-ignore"
"""The key of a mapping from codes to reasons."""


@dataclass(frozen=True, slots=True)
class ProblemSwitch:
    """Turns off the problems of one code in a part of a document."""

    code: str
    reason: str
    source: Source
    """The place of the code in the switch."""
    scopes: tuple[tuple[str, str], ...]
    """Files and JSON Pointers; problems there and below are turned off."""
    is_global: bool = False
    """Whether it stands at the root of the document, and covers all files."""

    def covers(self, problem: SpecProblem) -> bool:
        """Return True if the problem has the code and lies in the part."""
        if problem.code != self.code:
            return False
        place = problem.source
        return self.is_global or any(
            place.file == file and f"{place.pointer}/".startswith(f"{pointer}/")
            for file, pointer in self.scopes
        )

    @property
    def depth(self) -> int:
        """How far below the root it stands."""
        return self.scopes[0][1].count("/")


@dataclass(frozen=True, slots=True)
class IgnoredProblem:
    """A problem that is turned off, and by what."""

    problem: SpecProblem
    switch: ProblemSwitch


def without_ignored(
    problems: Iterable[SpecProblem], switches: Iterable[ProblemSwitch]
) -> tuple[list[SpecProblem], list[IgnoredProblem]]:
    """Divide problems into those that remain, and those that a switch turns off.

    The nearest switch counts. An error remains, because what it concerns cannot be served.
    """
    nearest_first = sorted(switches, key=lambda switch: -switch.depth)
    remaining: list[SpecProblem] = []
    ignored: list[IgnoredProblem] = []
    for problem in problems:
        switch = next((one for one in nearest_first if one.covers(problem)), None)
        if switch is None:
            remaining.append(problem)
        elif problem.severity is Severity.ERROR:
            message = f"{problem.code} is an error at {problem.source}, and cannot be ignored"
            remaining += [problem, warning("MS524", switch.source, message, "correct the error")]
        else:
            ignored.append(IgnoredProblem(problem, switch))
    return remaining, ignored


def unused_switches(
    switches: Iterable[ProblemSwitch],
    ignored: Iterable[IgnoredProblem],
    remaining: Iterable[SpecProblem],
) -> list[SpecProblem]:
    """Return a warning for each switch that turns nothing off."""
    used = {one.switch for one in ignored}
    refused = {problem.source for problem in remaining if problem.code == "MS524"}
    return [
        warning("MS523", one.source, f"there is no problem {one.code} to ignore here", "remove it")
        for one in switches
        if one not in used and one.source not in refused
    ]
