"""Read `x-mock-ignore`: which problems are ignored in which parts of documents, and why.

`openapi/compiler.py` calls `read_switches` if there are problems, or for a thorough check. Out come
valid switches; an unknown code or a missing reason is added to `problems` as a warning. A switch at
the root of the main document covers all its files, any other one its own part.
`base/problem_switches.py` applies them. Examples and other data are not searched.
"""

from collections.abc import Iterable, Iterator

from mockserver.base.places import Source
from mockserver.base.problem_switches import SWITCHES, ProblemSwitch
from mockserver.base.problems import SpecProblem, near, warning
from mockserver.base.trails import containers, pointer_of
from mockserver.documents.document import Document
from mockserver.documents.references import Place

_LITERAL = frozenset(("example", "value", "default", "enum", "const", "x-mock"))
"""Members whose values are data."""


def read_switches(
    main: Document, others: Iterable[Document], problems: list[SpecProblem]
) -> list[ProblemSwitch]:
    """Return the valid switches of documents; add a problem for each that is not.

    Args:
        main: The document of the API: a switch at its root also covers the others.
        others: The files that it refers to.
        problems: Where problems are added.
    """
    found: list[ProblemSwitch] = []
    for document in (main, *(one for one in others if one is not main)):
        for place in _blocks(document):
            found += _read(place, problems, is_global=document is main and place.pointer == "")
    return found


def _blocks(document: Document) -> Iterator[Place]:
    """Yield the objects that have switches."""
    for trail, value in containers(document.value, _LITERAL):
        if isinstance(value, dict) and SWITCHES in value:
            yield Place(document, pointer_of(trail), value)


def _read(place: Place, problems: list[SpecProblem], *, is_global: bool) -> Iterator[ProblemSwitch]:
    from mockserver.base.problem_codes import problem_codes  # noqa: PLC0415 - costs start time

    block = place.child(SWITCHES)
    if not isinstance(block.value, dict) or not block.value:
        message = f"{SWITCHES} must be a mapping of codes to reasons"
        problems.append(warning("MS521", block.source, message, 'write {MS104: "why"}'))
        return
    codes = problem_codes()
    for code, reason in block.members():
        if code not in codes:
            hint = near(code, codes) or "see docs/problems.md for the codes"
            problems.append(warning("MS522", reason.source, f"there is no code {code!r}", hint))
        elif not isinstance(reason.value, str) or not reason.value.strip():
            message = f"{code} is ignored without a reason; it is not ignored"
            problems.append(warning("MS521", reason.source, message, "write why, as text"))
        else:
            scopes = ((place.document.file, place.pointer), *_origin(block.source))
            yield ProblemSwitch(code, reason.value, reason.source, scopes, is_global)


def _origin(block: Source) -> tuple[tuple[str, str], ...]:
    """Return where the object around a block comes from, if it is from an overlay."""
    return ((block.file, block.pointer.rpartition("/")[0]),)
