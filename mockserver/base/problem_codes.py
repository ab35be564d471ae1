"""Explain the codes of problems: what each means, with a poor and a good document.

`problem_codes` reads the texts from `codes/*.toml` (a file for each group, named after the first
digit of its codes) when it is first called, and returns all codes in their order. Callers:
`cli/check_command.py` and `contract/problem_page.py` show explanations, `contract/check_reports.py`
describes the rules of SARIF, `documents/switch_reading.py` knows the codes by it. No document is
checked here.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from mockserver.base.problems import Severity

_HEADER = "openapi: 3.1.0\ninfo: {title: Example, version: '1'}\n"
"""What the documents of explanations begin with, unless they have a version of their own."""
_VERSIONS = ("openapi:", "swagger:")


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """A kind of problem, and how to recognise and correct it."""

    code: str
    group: str
    title: str
    explanation: str
    severity: Severity
    """The severity that its problems usually have, without `--strict`."""
    poor: str
    """A document that has the problem."""
    good: str
    """The same document without the problem."""
    file: str = "document.yaml"
    """The name of the document."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Other files that both documents need, by their names."""
    paths: tuple[str, ...] = ()
    """What `mockserver check` is given; the document itself by default."""
    also: tuple[str, ...] = ()
    """Other codes that the poor document has."""
    options: tuple[str, ...] = ()
    """Options of `mockserver check` that the problem needs."""
    encoding: str = "utf-8"
    """The encoding of the poor document."""
    whole: bool = False
    """Whether the documents are complete as they are written."""
    large: str = ""
    """The name of a file that must be large."""

    def written(self, document: str) -> str:
        """Return one of the two documents as it stands in its file."""
        is_complete = self.whole or self.file.endswith(".json")
        if is_complete or any(line.startswith(_VERSIONS) for line in document.splitlines()):
            return document
        return _HEADER + document

    def as_text(self) -> str:
        """Explain the code in plain text."""
        parts = [
            f"{self.code}: {self.title} ({self.severity})",
            self.explanation,
            f"Has the problem:\n\n{_indented(self.poor)}",
            f"Does not have it:\n\n{_indented(self.good)}",
        ]
        return "\n\n".join(parts)


def _indented(document: str) -> str:
    return "\n".join(f"    {line}" for line in document.rstrip().splitlines())


@cache
def problem_codes() -> Mapping[str, ProblemCode]:
    """Return all codes in their order."""
    folder = files(__package__) / "codes"
    found: dict[str, ProblemCode] = {}
    for name in sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml")):
        group = tomllib.loads((folder / name).read_text(encoding="utf-8"))
        shared = {key: value for key, value in group.items() if not key.startswith("MS")}
        for code in sorted(group.keys() - shared.keys()):
            found[code] = _read(code, {**shared, **group[code]})
    return found


def _read(code: str, fields: Mapping[str, Any]) -> ProblemCode:
    lists = {key: tuple(fields[key]) for key in ("paths", "also", "options") if key in fields}
    severity = Severity(fields["severity"])
    return ProblemCode(code=code, **{**fields, **lists, "severity": severity})
