"""Count which parameters requests have.

- In: `History.add` in `history.py` passes the parameters of an operation and a request.
- Out: the number of requests by parameter, for `coverage.py`; `sandboxes.py` adds up all sandboxes.
- Values of parameters are not stored, and path parameters are not counted: every request has them.
To keep requests fast, `count` stores only the names in a request (its shape); `counts` finds the
parameters that they belong to, at the latest after `MOST_SHAPES` shapes.
"""

import re
from collections.abc import Sequence

from mockserver.model.contents import Parameters
from mockserver.model.messages import Request

MOST_SHAPES = 1_000
"""Number of distinct shapes that are kept before they are resolved to parameters."""
_LONGEST = 500
"""Maximum length of a shape's query and headers; longer shapes are resolved at once."""
_QUERY_VALUES = re.compile(r"=[^&]*")
_COOKIE_VALUES = re.compile(r"=[^;]*")

Shape = tuple[Parameters, str, tuple[tuple[str, str], ...]]
"""An operation's parameters, with the query and headers of a request without values."""
Key = tuple[Parameters | None, str, str]
"""An operation's parameters, with the part and the name of one of them."""


class ParameterCounts:
    """Numbers of requests with each parameter, except those of the path."""

    __slots__ = ("_counts", "_shapes")

    def __init__(self) -> None:
        self._shapes: dict[Shape, int] = {}
        self._counts: dict[Key, int] = {}

    def count(self, parameters: Parameters, request: Request) -> None:
        """Count the parameters of an operation that a request has."""
        query = _QUERY_VALUES.sub("", request.query) if request.query else ""
        shape: Shape = (parameters, query, ())
        is_long = len(query) > _LONGEST
        if names := parameters.header_names:
            headers = _given(names, request)
            shape = (parameters, query, headers)
            is_long = is_long or sum(len(text) for _, text in headers) > _LONGEST
        shapes = self._shapes
        shapes[shape] = shapes.get(shape, 0) + 1
        if is_long or len(shapes) > MOST_SHAPES:
            self.counts()

    def counts(self) -> dict[Key, int]:
        """Return the number of requests with each parameter."""
        shapes, self._shapes = self._shapes, {}
        for (parameters, query, headers), number in shapes.items():
            for part, name in parameters.used_parameters(query, dict(headers)):
                key = (parameters, part, name)
                self._counts[key] = self._counts.get(key, 0) + number
        return self._counts

    def add(self, other: "ParameterCounts") -> None:
        """Add the counts of another instance."""
        for key, number in other.counts().items():
            self._counts[key] = self._counts.get(key, 0) + number


def _given(names: Sequence[str], request: Request) -> tuple[tuple[str, str], ...]:
    """Return the named headers that a request has, without values; cookies keep their names."""
    return tuple(
        (name, _COOKIE_VALUES.sub("=", request.headers[name]) if name == "cookie" else "")
        for name in names
        if name in request.headers
    )
