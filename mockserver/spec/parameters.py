"""Parameters of an operation, from the text of a request to typed values."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mockserver.exchange import JsonValue, Violation
from mockserver.model import Decoded, Validator
from mockserver.spec.references import Place, References

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,30})", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?", re.ASCII)
_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_MOST_PARAMETERS = 1_000

Pairs = Sequence[tuple[str, str]]


class UndecodableError(ValueError):
    """A text that is not percent-encoded UTF-8, or not of the form that its style asks for."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema lets a text become."""

    types: frozenset[str]
    """JSON types; empty if the schema names none."""
    items: "Shape | None" = None
    properties: Mapping[str, "Shape"] | None = None

    def read(self, text: str) -> JsonValue:
        """Return the text as the first of the types that it fits, else as it is."""
        for kind in ("integer", "number", "boolean", "null"):
            if kind in self.types and (value := _READERS[kind](text)) is not _MISFIT:
                return value
        return text


TEXT = Shape(frozenset(("string",)))
"""The shape of what no schema describes."""
_MISFIT = object()
_BOOLEANS = {"true": True, "false": False}
_READERS: Mapping[str, Callable[[str], JsonValue]] = {
    "integer": lambda text: int(text) if _INTEGER.fullmatch(text) else _MISFIT,
    "number": lambda text: _number(text) if _NUMBER.fullmatch(text) else _MISFIT,
    "boolean": lambda text: _BOOLEANS.get(text, _MISFIT),
    "null": lambda text: None if text in ("", "null") else _MISFIT,
}


def _number(text: str) -> JsonValue:
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def shape_of(place: Place, references: References, depth: int = 0) -> Shape:
    """Find out what a schema lets a text become, through references and combinations."""
    place = references.resolve(place)
    value = place.value
    if not isinstance(value, dict) or depth > _DEEPEST_SHAPE:
        return Shape(frozenset())
    types = value.get("type")
    names = set(types if isinstance(types, list) else [types] if types else [])
    if value.get("nullable") is True:
        names.add("null")
    items = shape_of(place.child("items"), references, depth + 1) if "items" in value else None
    properties = {
        name: shape_of(member, references, depth + 1)
        for name, member in place.child("properties").members()
    }
    for key in ("allOf", "anyOf", "oneOf"):
        for branch in place.child(key).items():
            inner = shape_of(branch, references, depth + 1)
            names |= inner.types
            items = items or inner.items
            properties = {**(inner.properties or {}), **properties}
    return Shape(frozenset(str(name) for name in names), items, properties)


_DEEPEST_SHAPE = 5


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, compiled."""

    name: str
    where: str
    required: bool
    style: str
    explode: bool
    shape: Shape
    validator: Validator | None
    default: JsonValue
    is_json: bool
    """Written as JSON (`content: application/json`) instead of in a style."""
    may_be_empty: bool


def style_of(where: str, value: Mapping[str, JsonValue]) -> tuple[str, bool]:
    """Return a parameter's style and whether it explodes, with OpenAPI's defaults."""
    style = str(value.get("style", _DEFAULT_STYLES[where]))
    return style, bool(value.get("explode", style == "form"))


class ParameterSet:
    """All parameters of an operation."""

    __slots__ = ("_blank", "_parameters")

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters = tuple(parameters)
        self._blank: dict[str, dict[str, JsonValue]] = {
            where: {} for where in ("path", "query", "header", "cookie")
        }
        for parameter in self._parameters:
            self._blank[parameter.where][parameter.name] = parameter.default

    def decode(
        self,
        path: Mapping[str, str],
        query: str,
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
    ) -> Decoded:
        """Return the typed values (`path`, `query`, `header`, `cookie`) and all violations."""
        values = {where: blank.copy() for where, blank in self._blank.items()}
        violations: list[Violation] = []
        pairs = _query_pairs(query, violations) if query and self._blank["query"] else ()
        single = {"path": path, "header": headers, "cookie": cookies}
        for parameter in self._parameters:
            where, name = parameter.where, parameter.name
            try:
                if where == "query":
                    found, value = _from_query(parameter, pairs)
                else:
                    found, value = _from_text(parameter, single[where].get(name))
            except UndecodableError as error:
                violations.append(Violation(where, f"/{name}", "encoding", str(error)))
                continue
            if found:
                values[where][name] = value
                _check(parameter, value, violations)
            elif parameter.required:
                violations.append(Violation(where, f"/{name}", "required", "is required"))
        return values, violations


def _check(parameter: Parameter, value: JsonValue, violations: list[Violation]) -> None:
    validator = parameter.validator
    if validator is None or validator.is_valid(value):
        return
    if value == "" and parameter.may_be_empty:
        return
    for found in validator.violations(value, parameter.where):
        pointer = f"/{parameter.name}{found.pointer}"
        violations.append(Violation(found.where, pointer, found.keyword, found.message))


def _unquoted(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise UndecodableError("is not percent-encoded UTF-8") from None


def _query_pairs(query: str, violations: list[Violation]) -> list[tuple[str, str]]:
    """Split a query or a form into names and values, both still percent-encoded but for names."""
    pairs = []
    parts = query.split("&", _MOST_PARAMETERS)
    for part in parts[:_MOST_PARAMETERS]:
        name, _, value = part.partition("=")
        try:
            pairs.append((_unquoted(name.replace("+", " ")), value.replace("+", " ")))
        except UndecodableError as error:
            violations.append(Violation("query", "", "encoding", str(error)))
    return pairs


Found = tuple[bool, JsonValue]
_ABSENT: Found = (False, None)


def _from_text(parameter: Parameter, raw: str | None) -> Found:
    """Read a parameter of which there can be only one text: in path, header or cookie."""
    if raw is None:
        return _ABSENT
    text = _unquoted(raw) if parameter.where == "path" else raw
    if parameter.is_json:
        return True, _json(text)
    shape = parameter.shape
    if not shape.types or not shape.types & {"array", "object"}:
        return True, shape.read(_without_prefix(parameter, text))
    separator = {"label": ".", "matrix": ";"}.get(parameter.style, ",")
    separator = separator if parameter.explode else ","
    parts = _without_prefix(parameter, raw if parameter.where == "path" else text).split(separator)
    decoded = [_unquoted(part) if parameter.where == "path" else part.strip() for part in parts]
    return True, _structured(parameter, [part for part in decoded if decoded != [""]])


def _without_prefix(parameter: Parameter, text: str) -> str:
    if parameter.style == "label":
        return text.removeprefix(".")
    if parameter.style == "matrix":
        return text.removeprefix(f";{parameter.name}=").removeprefix(";")
    return text


def _structured(parameter: Parameter, parts: list[str]) -> JsonValue:
    shape = parameter.shape
    if "array" in shape.types:
        read = shape.items.read if shape.items else str
        own = f"{parameter.name}="
        return [read(part.removeprefix(own) if parameter.explode else part) for part in parts]
    if parameter.explode:
        pairs = [part.partition("=")[::2] for part in parts]
    else:
        pairs = list(zip(parts[::2], parts[1::2], strict=False))
    return _object(shape, pairs)


def _object(shape: Shape, pairs: Iterable[tuple[str, str]]) -> dict[str, JsonValue]:
    known = shape.properties or {}
    return {name: known[name].read(text) if name in known else text for name, text in pairs}


def _from_query(parameter: Parameter, pairs: Pairs) -> Found:
    name, shape = parameter.name, parameter.shape
    if parameter.style == "deepObject":
        return _deep_object(parameter, pairs)
    if "object" in shape.types and parameter.explode and not parameter.is_json:
        known = shape.properties or {}
        members = [(key, _unquoted(raw)) for key, raw in pairs if key in known]
        return (True, _object(shape, members)) if members else _ABSENT
    raws = [raw for key, raw in pairs if key == name]
    return (True, _from_values(parameter, raws)) if raws else _ABSENT


def _from_values(parameter: Parameter, raws: list[str]) -> JsonValue:
    """Read the values that stand under a parameter's own name."""
    shape = parameter.shape
    if "array" in shape.types and not parameter.is_json:
        return _array(parameter, raws)
    if len(raws) > 1:
        raise UndecodableError("is given more than once")
    text = _unquoted(raws[0])
    if parameter.is_json:
        return _json(text)
    if "object" in shape.types:
        return _structured(parameter, text.split(","))
    return shape.read(text)


def _array(parameter: Parameter, raws: list[str]) -> list[JsonValue]:
    items = parameter.shape.items
    read = items.read if items else str
    if parameter.explode:
        return [read(_unquoted(raw)) for raw in raws]
    separator = _SEPARATORS.get(parameter.style, ",")
    whole = ",".join(raws) if separator == "," else _unquoted(raws[0])
    return [read(_unquoted(part)) for part in whole.split(separator)] if whole else []


def _deep_object(parameter: Parameter, pairs: Pairs) -> Found:
    prefix = f"{parameter.name}["
    members = [
        (key[len(prefix) : -1], _unquoted(raw))
        for key, raw in pairs
        if key.startswith(prefix) and key.endswith("]")
    ]
    return (True, _object(parameter.shape, members)) if members else _ABSENT


def _json(text: str) -> JsonValue:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UndecodableError("is not JSON") from None


@dataclass(frozen=True, slots=True)
class FormDecoder:
    """Reads `application/x-www-form-urlencoded` bodies by the properties of a schema."""

    shape: Shape

    def __call__(self, text: str) -> tuple[JsonValue, list[Violation]]:
        """Return the fields as an object, and what is wrong with their encoding."""
        violations: list[Violation] = []
        known = self.shape.properties or {}
        fields: dict[str, JsonValue] = {}
        for name, raw in _query_pairs(text, violations) if text else ():
            shape = known.get(name, TEXT)
            try:
                value = _unquoted(raw)
            except UndecodableError as error:
                violations.append(Violation("body", f"/{name}", "encoding", str(error)))
                continue
            if "array" in shape.types:
                items = shape.items or TEXT
                fields[name] = [*fields.get(name, []), items.read(value)]
            elif name in fields:
                message = "is given more than once"
                violations.append(Violation("body", f"/{name}", "encoding", message))
            else:
                fields[name] = shape.read(value)
        return fields, violations
