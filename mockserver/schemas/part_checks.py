"""Check values against parts of schemas: any subschema, also one that was just merged.

Callers: `validators.py` (`SchemaValidator.checker`, for sampling and conforming) and
`violation_search.py`. `check` returns a predicate: always False for an invalid part, True or False
for the schemas `true` and `false`. `compiled` returns a validator, None for an invalid part;
`target` returns the definition that a part refers to. Compiled parts are cached, up to a limit, and
ask the shared definitions for what they refer to.
"""

# In a part, each reference to a definition is replaced with a keyword of our own, whose check is
# done by the validator that all definitions share. So a part costs some kilobytes, whatever it
# refers to. Only a part that has to know which members or items its references evaluated, or that
# has a dynamic reference, is compiled with all definitions that it reaches; few of these are kept.

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from mockserver.base.json import JsonValue, unescape
from mockserver.schemas.compilation import Check, compile_schema
from mockserver.schemas.dialects import SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS
from mockserver.schemas.shared_definitions import ADDRESS, SharedDefinitions

_REFERENCE = "x-mock-definition"
"""The keyword for a reference to a definition; its value is the name."""
_WHOLE_KEYWORDS = frozenset(("$dynamicRef", "unevaluatedItems", "unevaluatedProperties"))
"""Keywords that need the definitions themselves."""
_REFERENCE_ALONE = frozenset(("4", "6", "7"))
"""The drafts in which a reference has no other keywords beside it."""
_FEW = 100
"""The number of definitions that may be applied to one value without counting the others."""
_MOST_WHOLE = 4
"""The maximum number of kept parts that were compiled with all definitions that they reach."""
_MOST_TEXT = 1_000_000
"""The maximum number of characters in the keys of all kept parts; some 10 MB of validators."""


class PartChecks:
    """Predicates for the values of parts, compiled when they are first used.

    Args:
        definitions: The definitions that the parts refer to.
    """

    def __init__(self, definitions: SharedDefinitions) -> None:
        self._definitions = definitions
        self._keywords = {_REFERENCE: _reference_keyword(definitions)}
        self._checks: dict[str, Check] = {}
        self._text = 0
        """The number of characters in the keys of `_checks`."""
        self._whole: dict[str, Check] = {}

    def check(self, part: JsonValue) -> Check:
        """Return a predicate for values of a subschema; always False if it is invalid."""
        if not isinstance(part, dict):
            return lambda _value: part is not False
        key = repr(part)
        known = self._checks.get(key) or self._whole.get(key)
        if known is not None:
            return known
        if _WHOLE_KEYWORDS.isdisjoint(_keywords_of(part)):
            return self._keep(key, part)
        return self._keep_whole(key, part)

    def _keep(self, key: str, part: dict[str, JsonValue]) -> Check:
        if self._text + len(key) > _MOST_TEXT:
            self._checks.clear()
            self._text = 0
        self._text += len(key)
        check = self._checks[key] = _check_of(self.compiled(part))
        return check

    def _keep_whole(self, key: str, part: dict[str, JsonValue]) -> Check:
        if len(self._whole) >= _MOST_WHOLE:
            del self._whole[next(iter(self._whole))]
        whole = self._definitions.with_needed(part, self._names_in(part))
        check = self._whole[key] = _check_of(self._compiled(whole))
        return check

    def compiled(self, part: JsonValue) -> jsonschema_rs.Validator | None:
        """Return a new validator of a subschema, which asks for definitions; None if invalid."""
        return self._compiled(self._localized(part))

    def target(self, part: dict[str, JsonValue]) -> JsonValue:
        """Return the definition that a subschema refers to; None if it refers to none."""
        name = self._name(part.get("$ref"))
        return None if name is None else self._definitions.schemas[name]

    @property
    def applies_few(self) -> bool:
        """Whether every definition applies only a few others to the same value."""
        return self._definitions.largest_cost <= _FEW

    def _compiled(self, schema: JsonValue) -> jsonschema_rs.Validator | None:
        try:
            return compile_schema(schema, self._definitions.draft, self._keywords)
        except ValueError:
            return None

    def _localized(self, schema: JsonValue) -> JsonValue:
        """Return a subschema without references to definitions, but with our own keyword."""
        if not isinstance(schema, dict):
            return schema
        name = self._name(schema.get("$ref"))
        if name is not None and self._definitions.draft in _REFERENCE_ALONE:
            return {_REFERENCE: name}
        found = {key: self._member(key, value) for key, value in schema.items()}
        if name is not None:
            del found["$ref"]
            found[_REFERENCE] = name
        return found

    def _member(self, key: str, value: JsonValue) -> JsonValue:
        """Return the value of a keyword without references."""
        if key in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
            return {name: self._localized(schema) for name, schema in value.items()}
        if key in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
            return [self._localized(schema) for schema in value]
        return self._localized(value) if key in SCHEMA_KEYWORDS else value

    def _names_in(self, part: dict[str, JsonValue]) -> list[str]:
        """Return the names of all definitions that a part refers to."""
        references = (
            value
            for schema in _subschemas(part)
            for key, value in schema.items()
            if key in ("$ref", "$dynamicRef")
        )
        return [name for value in references if (name := self._name(value)) is not None]

    def _name(self, reference: JsonValue) -> str | None:
        """Return the name of the definition that a reference leads to, if it leads to one."""
        if not isinstance(reference, str):
            return None
        address, _, fragment = reference.partition("#")
        path, _, name = fragment.rpartition("/")
        if address in ("", ADDRESS) and path == f"/{self._definitions.keyword}":
            name = unescape(name)
        else:
            name = address.removeprefix(ADDRESS)
        return name if name in self._definitions.schemas else None


def _check_of(validator: jsonschema_rs.Validator | None) -> Check:
    return validator.is_valid if validator else lambda _value: False


def _reference_keyword(definitions: SharedDefinitions) -> type[Any]:
    """Return a class for the validator library that checks a keyword: a reference."""

    class DefinitionReference:
        def __init__(self, _schema: dict[str, Any], name: str, _path: list[str | int]) -> None:
            self._check = definitions.check(name)

        def validate(self, value: JsonValue) -> None:
            if not self._check(value):
                raise ValueError

    return DefinitionReference


def _keywords_of(part: dict[str, JsonValue]) -> set[str]:
    """Return the keywords of a schema and of all its subschemas."""
    return {key for schema in _subschemas(part) for key in schema}


def _subschemas(part: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """Yield a schema and all its subschemas."""
    waiting = [part]
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict):
            continue
        yield schema
        for key, value in schema.items():
            if key in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
                waiting += value.values()
            elif key in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
                waiting += value
            elif key in SCHEMA_KEYWORDS:
                waiting.append(value)
