"""Find definitions that apply themselves, or too many others, to one and the same value.

Validation with them would not end, or not soon. `shared_definitions.py` calls
`SameValueCosts.unbounded` with a name: out come the names, among those reached from it, that close
a cycle or cost more than 4 million steps; it then replaces them with a schema that accepts
anything. `largest` is the highest cost of all that stay. Nothing is replaced or reported here.
"""

# Validation follows the references that apply to the same value, through `$ref`, `allOf`, `not` and
# so on. Where they form a cycle it would never end (JSON Schema Core, section 9.4.1). Where they
# form a net, such as 40 schemas that each list the next one twice in `allOf`, it would end after
# 2^40 steps. References through `properties` or `items` are fine: they end where the value ends.

from collections.abc import Iterator, Mapping

from mockserver.base.json import JsonValue, unescape

_MOST_STEPS = 4_000_000
"""The maximum number of definitions that one value is validated against; some 200 ms."""
_LOCAL = ("#/$defs/", "#/definitions/", "mock:/#/$defs/")
"""The prefixes of references to definitions."""
_SUBSCHEMA_KEYWORDS = ("not", "if", "then", "else")
_SUBSCHEMA_LIST_KEYWORDS = ("allOf", "anyOf", "oneOf")


class SameValueCosts:
    """How many definitions one value is validated against, for each definition.

    Args:
        schemas: Definitions by name. More may be added, but none may change.
    """

    def __init__(self, schemas: Mapping[str, JsonValue]) -> None:
        self._schemas = schemas
        self._costs: dict[str, int] = {}
        self.largest = 1
        """The largest number so far."""

    def unbounded(self, name: str) -> list[str]:
        """Return the definitions, reached from one, that close a cycle or cost too much.

        The caller has to replace them with a schema that accepts anything; from then on they cost
        one step. No definition is returned twice.
        """
        found: dict[str, None] = {}
        path: dict[str, Iterator[str]] = {}
        if name not in self._costs:
            path[name] = iter(self._references_of(name))
        while path:
            present, remaining = next(reversed(path.items()))
            target = next(remaining, None)
            if target is None:
                del path[present]
                self._add_cost(present, found)
            elif target in path:
                names = list(path)
                found |= dict.fromkeys(names[names.index(target) :])
            elif target not in self._costs:
                path[target] = iter(self._references_of(target))
        return list(found)

    def _add_cost(self, name: str, found: dict[str, None]) -> None:
        """Set the cost of a definition whose references all have theirs."""
        cost = 1 + sum(self._costs.get(target, 1) for target in self._references_of(name))
        if cost > _MOST_STEPS:
            found[name] = None
        self._costs[name] = 1 if name in found else cost
        self.largest = max(self.largest, self._costs[name])

    def _references_of(self, name: str) -> Iterator[str]:
        """Yield the definitions that a definition applies to the same value, with repetitions."""
        waiting: list[JsonValue] = [self._schemas.get(name)]
        while waiting:
            part = waiting.pop()
            if not isinstance(part, Mapping):
                continue
            if isinstance(target := part.get("$ref"), str) and target.startswith(_LOCAL):
                yield unescape(target.rpartition("/")[2])
            waiting += [part.get(key) for key in _SUBSCHEMA_KEYWORDS]
            for key in _SUBSCHEMA_LIST_KEYWORDS:
                found = part.get(key)
                waiting += found if isinstance(found, list) else []
            if isinstance(dependent := part.get("dependentSchemas"), Mapping):
                waiting += dependent.values()
