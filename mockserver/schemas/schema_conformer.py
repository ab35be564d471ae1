"""Adjust values to a schema: remove undeclared members, and add required ones.

`engine/run.py` calls `conform` for bodies of answers; `engine/records.py` calls `complete`, which
adds missing members with a default or that are required, and removes nothing. `conformer_of` makes
one `Conformer` for each schema. Added members are sampled with the caller's seed
(`sampling/sampler.py`). `conform` also removes write-only members, and null where it is not
allowed; it keeps undeclared members if the schema allows them explicitly, as by
`additionalProperties`, or declares none. Wrong values stay; the result is not validated.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.json import JsonValue, unescape
from mockserver.model.contents import SampledSchema
from mockserver.model.scope import Record
from mockserver.schemas.sampling.given_examples import as_text

_MOST_PARTS = 500
_DEEPEST = 60
_NULL = {"type": "null"}
_DEFINITIONS = ("$defs", "definitions", "$id")

Schema = Mapping[str, Any]


@dataclass(slots=True)
class _ObjectRules:
    """What a schema and its subschemas for the same value say together."""

    members: dict[str, JsonValue] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    defaults: dict[str, JsonValue] = field(default_factory=dict)
    items: JsonValue = None
    is_open: bool = False
    """Whether members that are not declared are kept."""
    is_write_only: bool = False
    is_nullable: bool = True


class Conformer:
    """Adjusts values to one self-contained schema; reads subschemas when they are needed."""

    __slots__ = ("_root", "_rules", "_schema", "_subschemas")

    def __init__(self, schema: SampledSchema) -> None:
        self._schema = schema
        self._root = schema.schema()
        self._rules: dict[int, _ObjectRules] = {}
        self._subschemas: dict[int, _Subschema] = {}

    def conform(self, value: JsonValue, seed: str) -> JsonValue:
        """Return the value with the declared members; the same seed adds the same samples."""
        return self._conform(value, self._root, seed, 0)

    def complete(self, record: Record, seed: str) -> Record:
        """Return the record with the missing members that are required or have a default."""
        rules = self._rules_of(self._root)
        added = {name: value for name, value in rules.defaults.items() if name not in record}
        for name in sorted(rules.required - record.keys() - added.keys()):
            added[name] = self._sample(rules.members.get(name, {}), f"{seed}/{name}")
        return {**record, **added} if added else record

    def _conform(self, value: JsonValue, schema: JsonValue, seed: str, depth: int) -> JsonValue:
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return value
        if isinstance(value, dict):
            rules = self._rules_of(schema)
            return self._conform_object(value, rules, seed, depth) if rules.members else value
        if isinstance(value, list) and (items := self._rules_of(schema).items) is not None:
            return [
                self._conform(item, items, f"{seed}/{index}", depth + 1)
                for index, item in enumerate(value)
            ]
        return value

    def _conform_object(self, value: Record, rules: _ObjectRules, seed: str, depth: int) -> Record:
        """Return the declared members in the order of the schema, then any others it allows."""
        made: Record = {}
        for name, member in rules.members.items():
            member_rules = self._rules_of(member)
            if member_rules.is_write_only:
                continue
            given = value.get(name)
            if given is not None or (name in value and member_rules.is_nullable):
                made[name] = self._conform(given, member, f"{seed}/{name}", depth + 1)
            elif name in rules.required:
                made[name] = self._sample(member, f"{seed}/{name}")
        if rules.is_open:
            made |= {name: given for name, given in value.items() if name not in rules.members}
        return made

    def _sample(self, schema: JsonValue, seed: str) -> JsonValue:
        from mockserver.schemas.sampling.sampler import sample  # noqa: PLC0415 - costs start time

        if not isinstance(schema, Mapping):
            return None
        return sample(self._subschema(schema), seed).value

    def _subschema(self, schema: Schema) -> "_Subschema":
        if (known := self._subschemas.get(id(schema))) is None:
            shared = {key: self._root[key] for key in _DEFINITIONS if key in self._root}
            known = _Subschema(self._schema, schema, {**schema, **shared})
            self._subschemas[id(schema)] = known
        return known

    def _rules_of(self, schema: JsonValue) -> _ObjectRules:
        if (known := self._rules.get(id(schema))) is None:
            known = self._rules[id(schema)] = self._read(schema)
        return known

    def _read(self, schema: JsonValue) -> _ObjectRules:
        rules = _ObjectRules()
        for part, is_certain in self._parts(schema):
            for name, member in part.get("properties", {}).items():
                rules.members.setdefault(name, member)
            if is_certain:
                rules.required.update(part.get("required", ()))
            if rules.items is None:
                rules.items = part.get("items")
            rules.is_open = rules.is_open or _is_open(part)
            rules.is_write_only = rules.is_write_only or part.get("writeOnly") is True
            rules.is_nullable = rules.is_nullable and (not is_certain or _allows_null(part))
        if isinstance(schema, Mapping) and (alternatives := _alternatives(schema)):
            rules.is_nullable = any(self._rules_of(item).is_nullable for item in alternatives)
        for name, member in rules.members.items():
            if (default := self._default_of(member)) is not None:
                rules.defaults[name] = default
        return rules

    def _default_of(self, schema: JsonValue) -> JsonValue:
        """Return the default of a schema, a number for a text as its text; None without one."""
        parts = [part for part, _ in self._parts(schema)]
        default = next((part["default"] for part in parts if "default" in part), None)
        types = [part["type"] for part in parts if "type" in part]
        names = [name for one in types for name in (one if isinstance(one, list) else [one])]
        return as_text({"type": names}, default)

    def _parts(self, schema: JsonValue) -> Iterator[tuple[Schema, bool]]:
        """Yield the subschemas for the same value, and whether each of them always applies."""
        waiting: list[tuple[JsonValue, bool]] = [(schema, True)]
        seen: set[int] = set()
        while waiting and len(seen) < _MOST_PARTS:
            part, is_certain = waiting.pop()
            if not isinstance(part, Mapping) or id(part) in seen:
                continue
            seen.add(id(part))
            yield part, is_certain
            parts = [(inner, is_certain) for inner in part.get("allOf", ())]
            alternatives = _alternatives(part)
            is_only = _NULL in alternatives and len(alternatives) == 2  # noqa: PLR2004 - itself and null
            parts += [(inner, is_certain and is_only) for inner in alternatives if inner != _NULL]
            if isinstance(reference := part.get("$ref"), str):
                parts.insert(0, (self._target(reference), is_certain))
            waiting += reversed(parts)

    def _target(self, reference: str) -> JsonValue:
        found: Any = self._root
        for token in reference.partition("#")[2].split("/")[1:]:
            found = found.get(unescape(token)) if isinstance(found, Mapping) else None
        return found


def _alternatives(schema: Schema) -> list[JsonValue]:
    return [*schema.get("oneOf", ()), *schema.get("anyOf", ())]


def _is_open(schema: Schema) -> bool:
    rest = schema.get("additionalProperties", schema.get("unevaluatedProperties", False))
    return rest is not False or "patternProperties" in schema


def _allows_null(schema: Schema) -> bool:
    types = schema.get("type")
    if "enum" in schema and None not in schema["enum"]:
        return False
    return types is None or types == "null" or (isinstance(types, list) and "null" in types)


@dataclass(slots=True, eq=False)
class _Subschema:
    """A schema inside another one, made self-contained with the definitions of the whole."""

    whole: SampledSchema
    part: Schema
    own: dict[str, JsonValue]
    derived: dict[object, Any] = field(default_factory=dict)
    _is_valid: Callable[[JsonValue], bool] | None = None

    def schema(self) -> dict[str, JsonValue]:
        return self.own

    def is_valid(self, value: JsonValue, /) -> bool:
        if self._is_valid is None:
            self._is_valid = self.whole.checker(self.part)
        return self._is_valid(value)

    def checker(self, part: JsonValue, /) -> Callable[[JsonValue], bool]:
        return self.whole.checker(part)


def conformer_of(schema: SampledSchema) -> Conformer:
    """Return the conformer of a schema, made at the first call."""
    if (known := schema.derived.get(conformer_of)) is None:
        known = schema.derived[conformer_of] = Conformer(schema)
    conformer: Conformer = known
    return conformer
