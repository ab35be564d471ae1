"""Find operations whose path parameters contain slashes, such as `/v1/{name}` of Google's APIs.

`routing.py` makes one `SpanningPaths` for each `Router`, and asks it for requests for which no
other path has the method. A path parameter has no slash (OpenAPI), unless its `pattern` asks for
one; the decoded value must then match the pattern. At most two parameters of a path can have
slashes. `find` returns the operations by method with the raw values, or None; the path with most
literal characters is tried first.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from mockserver.model.api import PATH_PARAMETER, Operation

_MOST_SPANNING = 2
"""Parameters with slashes in one path; each multiplies the ways in which a path can match."""
_SPANNING = "(.{1,1000}?)"
_SEGMENT = "([^/]{1,300}?)"


class _SpanningPath(NamedTuple):
    pattern: re.Pattern[str]
    literals: int
    """Characters that are no parameter's."""
    methods: dict[str, Operation]

    def values(self, path: str) -> Sequence[str] | None:
        """Return the values of the parameters, still percent-encoded; None if it does not match."""
        if (found := self.pattern.fullmatch(path)) is None:
            return None
        operation = next(iter(self.methods.values()))
        for name, value in zip(operation.path_parameters, found.groups(), strict=True):
            is_match = operation.spanning.get(name)
            if is_match is not None and not is_match(unquote(value)):
                return None
        return found.groups()


class SpanningPaths:
    """The paths of an API that have parameters with slashes, most literal characters first."""

    __slots__ = ("_paths",)

    def __init__(self, operations: Iterable[Operation]) -> None:
        known: dict[str, _SpanningPath] = {}
        for operation in operations:
            if not operation.spanning.keys() & set(operation.path_parameters):
                continue
            pattern, literals = _pattern_of(operation)
            path = known.setdefault(pattern, _SpanningPath(re.compile(pattern), literals, {}))
            path.methods.setdefault(operation.method, operation)
        self._paths = sorted(known.values(), key=lambda path: -path.literals)

    def find(self, path: str) -> tuple[Mapping[str, Operation], Sequence[str]] | None:
        """Return the operations under a path and the values of its parameters, or None."""
        for candidate in self._paths:
            if (values := candidate.values(path)) is not None:
                return candidate.methods, values
        return None


def _pattern_of(operation: Operation) -> tuple[str, int]:
    """Return what matches the path of an operation, and its number of literal characters."""
    pieces = PATH_PARAMETER.split(operation.path)
    pattern, spanning = re.escape(pieces[0]), 0
    for name, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        is_spanning = name in operation.spanning and spanning < _MOST_SPANNING
        spanning += is_spanning
        pattern += (_SPANNING if is_spanning else _SEGMENT) + re.escape(literal)
    return pattern, sum(map(len, pieces[::2]))
