"""Evaluate JSONPaths (RFC 9535), and refuse those that take too many steps.

`overlay.py` makes a `CountedPath`, which raises ValueError if the path is invalid, and calls
`locations` with a value and a number of steps; it yields the place of each match, or raises
ValueError when the steps are used up. A step is a value that `..` visits, a value that a part of
the path selects (also of a path in a filter), or one test of a filter. Without this bound, a short
path such as `$[*,*][*,*]…` would double its work with each part. This module imports `jsonpath`,
which costs start time; so it is imported for paths that need it only.
"""

from collections.abc import Iterable, Iterator
from typing import cast

import jsonpath
from jsonpath.filter import FilterExpression
from jsonpath.match import JSONPathMatch
from jsonpath.parse import Parser
from jsonpath.segments import (
    JSONPathChildSegment,
    JSONPathRecursiveDescentSegment,
    JSONPathSegment,
)
from jsonpath.selectors import Filter, FilterContext, KeysFilter
from jsonpath.stream import TokenStream

from mockserver.base.json import JsonValue
from mockserver.documents.yaml_text import DEEPEST


class CountedPath:
    """A compiled JSONPath whose evaluations are bounded."""

    def __init__(self, path: str) -> None:
        """Compile a path.

        Raises:
            ValueError: If it is invalid; with the reason.
        """
        self._environment = _CountingEnvironment(strict=True)
        try:
            self._compiled = self._environment.compile(path)
        except RecursionError:
            raise ValueError("it is too long") from None
        except jsonpath.JSONPathError as error:
            reason = str(error.args[0]) if error.args else "it cannot be read"
            raise ValueError(reason) from None

    def locations(self, value: JsonValue, most: int) -> Iterator[tuple[str | int, ...]]:
        """Yield the location of each match.

        Raises:
            ValueError: After the maximum number of steps.
        """
        self._environment.allow(most)
        for match in self._compiled.finditer(value):
            yield match.parts


class _CountedChildSegment(JSONPathChildSegment):
    def resolve(self, nodes: Iterable[JSONPathMatch]) -> Iterator[JSONPathMatch]:
        spend = _environment(self.env).spend
        for node in nodes:
            for selector in self.selectors:
                for match in selector.resolve(node):
                    spend()
                    yield match


class _CountedDescentSegment(JSONPathRecursiveDescentSegment):
    def resolve(self, nodes: Iterable[JSONPathMatch]) -> Iterator[JSONPathMatch]:
        spend = _environment(self.env).spend
        for match in super().resolve(nodes):
            spend()
            yield match


class _CountedFilterExpression(FilterExpression):
    def evaluate(self, context: FilterContext) -> bool:
        _environment(context.env).spend()
        return super().evaluate(context)

    def cache_tree(self) -> FilterExpression:
        return _CountedFilterExpression(super().cache_tree().expression)


class _CountingParser(Parser):
    def parse_query(self, stream: TokenStream) -> Iterable[JSONPathSegment]:
        """Yield the parts of a path, also of one in a filter, as parts that count."""
        for one in super().parse_query(stream):
            is_descent = isinstance(one, JSONPathRecursiveDescentSegment)
            kind = _CountedDescentSegment if is_descent else _CountedChildSegment
            yield kind(env=one.env, token=one.token, selectors=one.selectors)

    def parse_filter_selector(
        self, stream: TokenStream, *, keys: bool = False
    ) -> Filter | KeysFilter:
        """Return a filter whose tests count."""
        found = super().parse_filter_selector(stream, keys=keys)
        found.expression = _CountedFilterExpression(found.expression.expression)
        return found


class _CountingEnvironment(jsonpath.JSONPathEnvironment):
    parser_class = _CountingParser
    _most = 0
    _left = 0

    def allow(self, most: int) -> None:
        self._most = self._left = most

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError(
                f"it visits values more than {self._most:,} times; nest fewer `..`, `*` and filters"
            )

    @property
    def max_recursion_depth(self) -> int:  # type: ignore[override] # a constant in the library
        """Return the bound, which the library reads for every value that `..` visits."""
        self.spend()
        return DEEPEST + 1


def _environment(environment: jsonpath.JSONPathEnvironment) -> _CountingEnvironment:
    return cast("_CountingEnvironment", environment)
