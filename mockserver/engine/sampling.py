"""Values made from a JSON Schema: valid against it wherever that takes no search."""

import random
import re
import string
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.clock import DAY, format_instant
from mockserver.exchange import JsonValue

_DEEPEST = 12
_LONGEST_LIST = 20
_LARGEST = 1_000
_FIRST_DAY = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, in microseconds: dates are made in the year after it."""
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "flint", "grove", "haven")

Schema = Mapping[str, Any]


def sample(schema: Schema, seed: int) -> JsonValue:
    """Make a value; the same schema and seed give the same one."""
    return _Sampler(schema, random.Random(seed)).value(schema, 0)  # noqa: S311 - not for secrets


class _Sampler:
    def __init__(self, root: Schema, chance: random.Random) -> None:
        self._root = root
        self._chance = chance

    def value(self, schema: JsonValue, depth: int) -> JsonValue:
        """Make a value of a schema; `depth` counts the containers around it."""
        if not isinstance(schema, Mapping):
            return None
        schema = self._whole(schema)
        for key in ("const", "default", "example"):
            if key in schema:
                return schema[key]
        if isinstance(schema.get("examples"), list) and schema["examples"]:
            return schema["examples"][0]
        if schema.get("enum"):
            return self._chance.choice(schema["enum"])
        maker = _MAKERS.get(_type_of(schema), _Sampler._nothing)
        return maker(self, schema, depth)

    def _whole(self, schema: Schema) -> Schema:
        """Follow references, merge `allOf`, and choose the first alternative."""
        merged: dict[str, Any] = dict(schema)
        for _ in range(_DEEPEST):
            if "$ref" in merged:
                merged = {**self._target(str(merged.pop("$ref"))), **merged}
            elif merged.get("allOf"):
                for part in merged.pop("allOf"):
                    merged = _merged(merged, self._whole(part))
            elif merged.get("oneOf") or merged.get("anyOf"):
                chosen = (merged.pop("oneOf", None) or merged.pop("anyOf"))[0]
                merged = _merged(merged, self._whole(chosen))
            else:
                break
        return merged

    def _target(self, reference: str) -> Schema:
        found: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        return found if isinstance(found, Mapping) else {}

    def _nothing(self, _schema: Schema, _depth: int) -> JsonValue:
        return None

    def object(self, schema: Schema, depth: int) -> JsonValue:
        """Make the required members, and the others until it is nested deeply."""
        required = set(schema.get("required", ()))
        properties = schema.get("properties", {})
        made = {
            name: self.value(member, depth + 1)
            for name, member in properties.items()
            if name in required or depth < _DEEPEST // 2
        }
        for name in required - made.keys():
            made[name] = self.value(schema.get("additionalProperties", {}), depth + 1)
        return made

    def array(self, schema: Schema, depth: int) -> JsonValue:
        """Make as many items as there must be, and at least one."""
        least = int(schema.get("minItems", 0))
        count = min(max(least, 1), int(schema.get("maxItems", _LONGEST_LIST)), _LONGEST_LIST)
        if depth >= _DEEPEST:
            return []
        items = schema.get("items", {})
        made = [self.value(part, depth + 1) for part in schema.get("prefixItems", ())]
        for _ in range(50):
            if len(made) >= count:
                break
            item = self.value(items, depth + 1)
            if not schema.get("uniqueItems") or item not in made:
                made.append(item)
        return made

    def string(self, schema: Schema, _depth: int) -> JsonValue:
        """Make a text of the format or pattern, else words."""
        if "pattern" in schema and (text := self._patterned(str(schema["pattern"]))) is not None:
            return text
        maker = _FORMATS.get(str(schema.get("format")))
        if maker is not None:
            return maker(self._chance)
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", _LARGEST))
        text = " ".join(self._chance.sample(_WORDS, 2))
        return text.ljust(least, "x")[:most]

    def _patterned(self, pattern: str) -> str | None:
        """Make a text for a pattern of character classes with counts; None for others."""
        made, rest = "", pattern.removeprefix("^").removesuffix("$")
        while rest:
            piece = _PIECE.match(rest)
            if piece is None:
                return None
            letters = _letters(piece["set"])
            count = int(piece["count"] or {"+": 1, "*": 0, "?": 0}.get(piece["many"] or "", 1))
            made += "".join(self._chance.choice(letters) for _ in range(min(count, _LARGEST)))
            rest = rest[piece.end() :]
        return made

    def integer(self, schema: Schema, _depth: int) -> JsonValue:
        """Make a whole number within the bounds."""
        low, high = _bounds(schema)
        step = int(schema.get("multipleOf", 1)) or 1
        first = -(-int(low) // step)
        return self._chance.randint(first, max(first, int(high) // step)) * step

    def number(self, schema: Schema, depth: int) -> JsonValue:
        """Make a number within the bounds, a whole one where that is possible."""
        low, high = _bounds(schema)
        if "multipleOf" in schema or high - low < 1:
            step = schema.get("multipleOf")
            return -(-low // step) * step if step else (low + high) / 2
        return self.integer(schema, depth)

    def boolean(self, _schema: Schema, _depth: int) -> JsonValue:
        """Make true or false."""
        return self._chance.choice((True, False))


_PIECE = re.compile(
    r"(?P<set>\[[^\]^]+\]|\\[dw]|[A-Za-z0-9_:@/ -])"
    r"(?:\{(?P<count>\d+)(?:,\d*)?\}|(?P<many>[+*?]))?"
)


def _letters(piece: str) -> str:
    if piece == r"\d":
        return string.digits
    if piece == r"\w":
        return string.ascii_letters
    inner = piece.strip("[]").replace(r"\d", "0-9").replace(r"\w", "a-z")
    spans = re.findall(r"(.)-(.)", inner)
    letters = "".join(chr(code) for low, high in spans for code in range(ord(low), ord(high) + 1))
    return letters + re.sub(r".-.", "", inner)


def _merged(left: Schema, right: Schema) -> dict[str, Any]:
    """Merge two schemas so that both their members and requirements hold."""
    whole = {**left, **right}
    for key in ("properties",):
        if key in left and key in right:
            whole[key] = {**left[key], **right[key]}
    if "required" in left and "required" in right:
        whole["required"] = list(dict.fromkeys([*left["required"], *right["required"]]))
    return whole


def _type_of(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return next((str(name) for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema else "string" if "pattern" in schema else "null"


def _bounds(schema: Schema) -> tuple[float, float]:
    """Return the least and the greatest number, turning exclusive bounds into inclusive ones."""
    low, high = schema.get("minimum", 0), schema.get("maximum")
    below, above = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if below is True or (isinstance(below, int | float) and below is not False):
        low = (low if below is True else below) + 1
    high = low + _LARGEST if high is None and not isinstance(above, int | float) else high
    if above is True and high is not None:
        high -= 1
    elif isinstance(above, int | float) and above is not False:
        high = above - 1
    return low, high if high is not None and high >= low else low


def _hex(chance: random.Random, digits: int) -> str:
    return f"{chance.getrandbits(digits * 4):0{digits}x}"


def _uuid(chance: random.Random) -> str:
    text = _hex(chance, 32)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _moment(chance: random.Random) -> str:
    return format_instant(_FIRST_DAY + chance.randrange(365) * DAY)


_FORMATS: Mapping[str, Callable[[random.Random], str]] = {
    "uuid": _uuid,
    "date-time": _moment,
    "date": lambda chance: _moment(chance)[:10],
    "time": lambda _chance: "09:30:00Z",
    "email": lambda chance: f"{chance.choice(_WORDS)}@example.com",
    "uri": lambda chance: f"https://example.com/{chance.choice(_WORDS)}",
    "url": lambda chance: f"https://example.com/{chance.choice(_WORDS)}",
    "hostname": lambda chance: f"{chance.choice(_WORDS)}.example.com",
    "ipv4": lambda chance: f"192.0.2.{chance.randrange(1, 255)}",
    "ipv6": lambda chance: f"2001:db8::{chance.randrange(1, 9999)}",
    "byte": lambda _chance: "bW9jaw==",
}
_MAKERS: Mapping[str, Callable[[_Sampler, Schema, int], JsonValue]] = {
    "object": _Sampler.object,
    "array": _Sampler.array,
    "string": _Sampler.string,
    "integer": _Sampler.integer,
    "number": _Sampler.number,
    "boolean": _Sampler.boolean,
}
