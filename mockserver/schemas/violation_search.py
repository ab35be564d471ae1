"""Search for some violations of a value for which the validator library would need too long.

`validators.py` asks `is_listable` first, whether the library can list all errors in few steps; if
it returns False, it calls `ViolationSearch.violations`, which goes down only into what is invalid.
The search ends at 50 violations, or after some 20,000 steps if it has found one. It returns at
least one for an invalid value and none for a valid one, sorted by pointer.
"""

# The library finds out quickly whether a value conforms, but it lists all errors or none: a list of
# a million wrong items has a million errors, and an error in nested alternatives appears once for
# each of their combinations. So the steps of such a listing are counted first (`is_listable`).
# Where they are too many, this search is used. It asks the library only whether parts conform,
# lists the errors of one object or list at a time, and stops at a maximum of violations and of
# steps. It never returns an empty list for a value that does not conform.

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jsonschema_rs

from mockserver.base.json import JsonValue, escape
from mockserver.model.refusal import Violation
from mockserver.schemas.compilation import Check
from mockserver.schemas.part_checks import PartChecks
from mockserver.schemas.violations import MOST, message_for, violations_of

_SMALL = 200
"""The number of values in a small value."""
_SHALLOW = 6
"""The number of containers around the values in a small value."""
_MOST_LISTED_STEPS = 10_000
"""The maximum number of schemas applied to values for which all errors are listed; some 50 ms."""
_MOST_STEPS = 20_000
"""The maximum number of schemas applied to values in a search; some 200 ms."""
_AT_ONCE = 1_000
"""How many items or members are validated together, before each one of an invalid batch."""
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("not", "if", "then", "else")
_ALTERNATIVES = ("anyOf", "oneOf")
_TYPES = ("type", "const", "enum")
_SEARCHED = frozenset(
    (
        "$ref",
        *_LISTS,
        "if",
        "then",
        "else",
        "properties",
        "patternProperties",
        "additionalProperties",
        "prefixItems",
        "items",
        "additionalItems",
        "unevaluatedItems",
        "unevaluatedProperties",
    )
)
"""Keywords that the search follows; the library lists the errors of all others."""


class _Group(NamedTuple):
    """Members or items that one schema applies to, and their keys in the same order."""

    schema: JsonValue
    keys: Sequence[str | int]
    values: list[JsonValue]


class ViolationSearch:
    """Finds some violations of one value within a bounded number of steps."""

    def __init__(self, parts: PartChecks, where: str) -> None:
        self._parts = parts
        self._where = where
        self._steps = 0
        self._found: dict[tuple[str, str], Violation] = {}
        self._visited: set[tuple[int, str]] = set()
        """Schemas and pointers whose violations were found."""
        self._reports = 0
        """How often a violation was found, also one that was found before."""
        self._checks: dict[int, Check] = {}
        self._own: dict[int, jsonschema_rs.Validator | None] = {}
        self._kept: list[JsonValue] = []
        """Schemas that were made here; they stay alive, because caches use their `id`."""

    def violations(self, schema: JsonValue, value: JsonValue) -> list[Violation]:
        """Return violations of a schema, at most 50, sorted by pointer; empty if there is none."""
        self._search_invalid(schema, value, "")
        return sorted(self._found.values(), key=lambda violation: violation.pointer)

    def _search_invalid(self, schema: JsonValue, value: JsonValue, pointer: str) -> None:
        """Search for violations if the value does not conform to the schema."""
        if self._is_over() or self._check(schema)(value):
            return
        self._steps += 1
        if (place := (id(schema), pointer)) in self._visited:
            self._reports += 1
            return
        self._visited.add(place)
        before = self._reports
        if isinstance(schema, dict):
            self._add_own(schema, value, pointer)
            self._search_same_value(schema, value, pointer)
            for group in _groups(schema, value, self._parts):
                self._search_group(group, pointer)
        if self._reports == before:
            self._add(pointer, *_fallback(schema))

    def _is_over(self) -> bool:
        return len(self._found) >= MOST or (self._steps > _MOST_STEPS and bool(self._found))

    def _add(self, pointer: str, keyword: str, message: str) -> None:
        violation = Violation(self._where, pointer, keyword, message)
        self._found.setdefault((pointer, keyword), violation)
        self._reports += 1

    def _check(self, schema: JsonValue) -> Check:
        if (check := self._checks.get(id(schema))) is None:
            check = self._checks[id(schema)] = self._parts.check(schema)
            self._kept.append(schema)
        return check

    def _add_own(self, schema: dict[str, JsonValue], value: JsonValue, pointer: str) -> None:
        """Add the violations of the keywords that have no subschemas for members or items."""
        if id(schema) not in self._own:
            own = {key: item for key, item in schema.items() if key not in _SEARCHED}
            self._own[id(schema)] = self._parts.compiled(own)
            self._kept.append(schema)
        if (validator := self._own[id(schema)]) is None or validator.is_valid(value):
            return
        for found in violations_of(validator.iter_errors(value), self._where)[:MOST]:
            self._add(pointer + found.pointer, found.keyword, found.message)

    def _search_same_value(
        self, schema: dict[str, JsonValue], value: JsonValue, pointer: str
    ) -> None:
        if (target := self._parts.target(schema)) is not None:
            self._search_invalid(target, value, pointer)
        for part in schema.get("allOf", ()):
            self._search_invalid(part, value, pointer)
        if "if" in schema:
            branch = "then" if self._check(schema["if"])(value) else "else"
            self._search_invalid(schema.get(branch, True), value, pointer)
        for keyword in _ALTERNATIVES:
            if keyword in schema:
                self._search_alternatives(keyword, schema[keyword], value, pointer)

    def _search_alternatives(
        self, keyword: str, alternatives: list[JsonValue], value: JsonValue, pointer: str
    ) -> None:
        """Search the only alternative whose type fits, or report the whole keyword."""
        valid = [part for part in alternatives if self._check(part)(value)]
        if valid and (keyword == "anyOf" or len(valid) == 1):
            return
        fitting = [part for part in alternatives if not valid and self._allows_type(part, value)]
        if len(fitting) == 1:
            self._search_invalid(fitting[0], value, pointer)
        else:
            self._add(pointer, keyword, message_for(keyword, matches_several=bool(valid)))

    def _allows_type(self, schema: JsonValue, value: JsonValue) -> bool:
        """Return True if the types and fixed values of a schema allow a value."""
        seen: list[JsonValue] = []
        waiting = [schema]
        while waiting and len(seen) < _SMALL:
            part = waiting.pop()
            if not isinstance(part, dict):
                continue
            seen.append(part)
            waiting += [self._parts.target(part), *part.get("allOf", ())]
            kinds = {key: part[key] for key in _TYPES if key in part}
            if kinds and not self._parts.check(kinds)(value):
                return False
        return True

    def _search_group(self, group: _Group, pointer: str) -> None:
        """Search members or items; skip batches without an invalid one."""
        together: JsonValue = {"items": group.schema}
        for start in range(0, len(group.values), _AT_ONCE):
            batch = group.values[start : start + _AT_ONCE]
            if self._is_over():
                return
            if len(batch) == 1 or not self._check(together)(batch):
                for key, value in zip(group.keys[start:], batch, strict=False):
                    self._search_invalid(group.schema, value, f"{pointer}/{escape(str(key))}")


def is_listable(schema: JsonValue, value: JsonValue, parts: PartChecks) -> bool:
    """Return True if the library needs few steps to list all errors of a value."""
    if parts.applies_few and _is_small(value):
        return True
    waiting = [(schema, value)]
    for _ in range(_MOST_LISTED_STEPS):
        if not waiting:
            return True
        part, inside = waiting.pop()
        if not isinstance(part, dict):
            continue
        waiting += ((target, inside) for target in _same_value(part, parts))
        for group in _groups(part, inside, parts):
            if len(group.values) > _MOST_LISTED_STEPS:
                return False
            waiting += ((group.schema, item) for item in group.values)
    return False


def _is_small(value: JsonValue) -> bool:
    """Return True if a value contains few values, none of them deep inside."""
    waiting = [(value, 0)]
    for _ in range(_SMALL):
        if not waiting:
            return True
        part, depth = waiting.pop()
        inside = part.values() if isinstance(part, dict) else part
        if isinstance(part, dict | list):
            if len(part) > _SMALL or depth >= _SHALLOW:
                return False
            waiting += ((item, depth + 1) for item in inside)
    return False


def _same_value(schema: dict[str, JsonValue], parts: PartChecks) -> Iterator[JsonValue]:
    yield parts.target(schema)
    for keyword in _LISTS:
        yield from schema.get(keyword, ())
    for keyword in _SINGLE:
        yield schema.get(keyword)


def _groups(schema: dict[str, JsonValue], value: JsonValue, parts: PartChecks) -> Iterator[_Group]:
    if isinstance(value, dict):
        yield from _member_groups(schema, value, parts)
    elif isinstance(value, list):
        yield from _item_groups(schema, value)


def _member_groups(
    schema: dict[str, JsonValue], value: dict[str, JsonValue], parts: PartChecks
) -> Iterator[_Group]:
    properties = schema.get("properties", {})
    for name in properties.keys() & value.keys():
        yield _Group(properties[name], [name], [value[name]])
    rest = {name: item for name, item in value.items() if name not in properties}
    for pattern, inner in schema.get("patternProperties", {}).items():
        matches = parts.check({"pattern": pattern})
        matching = {name: item for name, item in value.items() if matches(name)}
        yield _Group(inner, list(matching), list(matching.values()))
        rest = {name: item for name, item in rest.items() if name not in matching}
    yield _Group(schema.get("additionalProperties", True), list(rest), list(rest.values()))


def _item_groups(schema: dict[str, JsonValue], value: list[JsonValue]) -> Iterator[_Group]:
    items = schema.get("items", True)
    first = items if isinstance(items, list) else schema.get("prefixItems", ())
    for index, (inner, item) in enumerate(zip(first, value, strict=False)):
        yield _Group(inner, [index], [item])
    rest = schema.get("additionalItems", True) if isinstance(items, list) else items
    yield _Group(rest, range(len(first), len(value)), value[len(first) :])


def _fallback(schema: JsonValue) -> tuple[str, str]:
    """Return a keyword and a message for a value that violates a schema in an unknown way."""
    if schema is False:
        return "falseSchema", message_for("falseSchema")
    for keyword in ("unevaluatedProperties", "unevaluatedItems"):
        if isinstance(schema, dict) and keyword in schema:
            return keyword, "has members or items that are not expected"
    return "schema", "does not conform to its schema"
