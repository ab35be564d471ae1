"""Values kept to a schema: what it doesn't know is left out, what it requires is added."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.json import JsonValue, unescape
from mockserver.model.contents import SampledSchema
from mockserver.model.scope import Record

_MOST_PARTS = 500
_DEEPEST = 60
_DEFINITIONS = ("$defs", "definitions", "$id")

Schema = Mapping[str, Any]


@dataclass(slots=True)
class _Parts:
    """What the parts of a schema say together."""

    members: dict[str, JsonValue] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    defaults: dict[str, JsonValue] = field(default_factory=dict)
    items: JsonValue = None
    is_open: bool = False
    """Members that it doesn't name are welcome."""
    is_hidden: bool = False
    """It is never answered."""
    is_nullable: bool = True


class Conformer:
    """A self-contained schema, read as far as its values are needed."""

    __slots__ = ("_inside", "_known", "_root", "_schema")

    def __init__(self, schema: SampledSchema) -> None:
        self._schema = schema
        self._root = schema.schema()
        self._known: dict[int, _Parts] = {}
        self._inside: dict[int, _Inner] = {}

    def conform(self, value: JsonValue, seed: str) -> JsonValue:
        """Return the value as the schema has it; the same seed samples the same members."""
        return self._conform(value, self._root, seed, 0)

    def complete(self, record: Record, seed: str) -> Record:
        """Add what the schema requires or has a default for, and the record lacks."""
        parts = self._parts(self._root)
        added = {name: told for name, told in parts.defaults.items() if name not in record}
        for name in sorted(parts.required - record.keys() - added.keys()):
            added[name] = self._sample(parts.members.get(name, {}), f"{seed}/{name}")
        return {**record, **added} if added else record

    def _conform(self, value: JsonValue, schema: JsonValue, seed: str, depth: int) -> JsonValue:
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return value
        if isinstance(value, dict):
            parts = self._parts(schema)
            return self._object(value, parts, seed, depth) if parts.members else value
        if isinstance(value, list) and (items := self._parts(schema).items) is not None:
            return [
                self._conform(item, items, f"{seed}/{index}", depth + 1)
                for index, item in enumerate(value)
            ]
        return value

    def _object(self, value: Record, parts: _Parts, seed: str, depth: int) -> Record:
        """Keep to the members of a schema, in its order."""
        made: Record = {}
        for name, member in parts.members.items():
            inner = self._parts(member)
            if inner.is_hidden:
                continue
            given = value.get(name)
            if given is not None or (name in value and inner.is_nullable):
                made[name] = self._conform(given, member, f"{seed}/{name}", depth + 1)
            elif name in parts.required:
                made[name] = self._sample(member, f"{seed}/{name}")
        if parts.is_open:
            made |= {name: given for name, given in value.items() if name not in parts.members}
        return made

    def _sample(self, schema: JsonValue, seed: str) -> JsonValue:
        from mockserver.schemas.sampling import sample  # noqa: PLC0415 - costs start time

        if not isinstance(schema, Mapping):
            return None
        return sample(self._inner(schema), seed).value

    def _inner(self, schema: Schema) -> "_Inner":
        if (known := self._inside.get(id(schema))) is None:
            shared = {key: self._root[key] for key in _DEFINITIONS if key in self._root}
            known = self._inside[id(schema)] = _Inner(self._schema, {**schema, **shared})
        return known

    def _parts(self, schema: JsonValue) -> _Parts:
        if (known := self._known.get(id(schema))) is None:
            known = self._known[id(schema)] = self._read(schema)
        return known

    def _read(self, schema: JsonValue) -> _Parts:
        parts = _Parts()
        for part, always in self._all(schema):
            for name, member in part.get("properties", {}).items():
                parts.members.setdefault(name, member)
            if always:
                parts.required.update(part.get("required", ()))
            if parts.items is None:
                parts.items = part.get("items")
            parts.is_open = parts.is_open or _is_open(part)
            parts.is_hidden = parts.is_hidden or part.get("writeOnly") is True
            parts.is_nullable = parts.is_nullable and (not always or _takes_null(part))
        if isinstance(schema, Mapping) and (choices := _choices(schema)):
            parts.is_nullable = any(self._parts(choice).is_nullable for choice in choices)
        for name, member in parts.members.items():
            given = (part["default"] for part, _ in self._all(member) if "default" in part)
            if (default := next(given, None)) is not None:
                parts.defaults[name] = default
        return parts

    def _all(self, schema: JsonValue) -> Iterator[tuple[Schema, bool]]:
        """Yield the parts of a schema, and whether each of them always applies."""
        waiting: list[tuple[JsonValue, bool]] = [(schema, True)]
        seen: set[int] = set()
        while waiting and len(seen) < _MOST_PARTS:
            part, always = waiting.pop()
            if not isinstance(part, Mapping) or id(part) in seen:
                continue
            seen.add(id(part))
            yield part, always
            parts = [(inner, always) for inner in part.get("allOf", ())]
            parts += [(inner, False) for inner in _choices(part)]
            if isinstance(reference := part.get("$ref"), str):
                parts.insert(0, (self._target(reference), always))
            waiting += reversed(parts)

    def _target(self, reference: str) -> JsonValue:
        found: Any = self._root
        for token in reference.partition("#")[2].split("/")[1:]:
            found = found.get(unescape(token)) if isinstance(found, Mapping) else None
        return found


def _choices(schema: Schema) -> list[JsonValue]:
    return [*schema.get("oneOf", ()), *schema.get("anyOf", ())]


def _is_open(schema: Schema) -> bool:
    rest = schema.get("additionalProperties", schema.get("unevaluatedProperties", False))
    return rest is not False or "patternProperties" in schema


def _takes_null(schema: Schema) -> bool:
    kinds = schema.get("type")
    if "enum" in schema and None not in schema["enum"]:
        return False
    return kinds is None or kinds == "null" or (isinstance(kinds, list) and "null" in kinds)


@dataclass(slots=True, eq=False)
class _Inner:
    """A schema inside another one, with the definitions of that."""

    whole: SampledSchema
    own: dict[str, JsonValue]
    derived: dict[object, Any] = field(default_factory=dict)
    _fits: Callable[[JsonValue], bool] | None = None

    def schema(self) -> dict[str, JsonValue]:
        return self.own

    def is_valid(self, value: JsonValue, /) -> bool:
        if self._fits is None:
            self._fits = self.whole.checker(self.own)
        return self._fits(value)

    def checker(self, part: JsonValue, /) -> Callable[[JsonValue], bool]:
        return self.whole.checker(part)


def shape_of(schema: SampledSchema) -> Conformer:
    """Return the shape of a schema; each is read once."""
    if (known := schema.derived.get(shape_of)) is None:
        known = schema.derived[shape_of] = Conformer(schema)
    shape: Conformer = known
    return shape
