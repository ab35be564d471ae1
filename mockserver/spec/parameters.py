"""Parameters of an operation, from the text of a request to typed values."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import orjson

from mockserver.errors import escape
from mockserver.exchange import JsonValue, Violation
from mockserver.model import Decoded, Validator
from mockserver.spec.shapes import TEXT, Shape, shape_of

__all__ = [
    "TEXT",
    "FormDecoder",
    "Parameter",
    "ParameterSet",
    "Shape",
    "UndecodableError",
    "shape_of",
    "style_of",
]

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_PREFIXES = {"label": ".", "matrix": ";"}
_COMMA = re.compile(",")
_CUTS = {
    "spaceDelimited": re.compile(" |%20"),
    "pipeDelimited": re.compile(r"\||%7C", re.IGNORECASE),
}
_MOST_PARTS = 1_000


class UndecodableError(ValueError):
    """A text that is not percent-encoded UTF-8, or not of the form that its style asks for."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, as the document describes it."""

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


_Reader = Callable[[Mapping[str, JsonValue]], JsonValue]
"""Takes a parameter's value out of its part of a request; `_ABSENT` if it is not there."""
_ABSENT = object()
_WHERES = ("path", "query", "header", "cookie")
_NO_PAIRS: Mapping[str, list[str]] = {}


class ParameterSet:
    """All parameters of an operation, compiled."""

    __slots__ = ("_blank", "_readers")

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        parameters = list(parameters)
        names = frozenset(item.name for item in parameters if item.where == "query")
        self._blank: dict[str, dict[str, JsonValue]] = {where: {} for where in _WHERES}
        self._readers: dict[str, list[tuple[Parameter, _Reader]]] = {}
        for parameter in parameters:
            self._blank[parameter.where][parameter.name] = parameter.default
            is_query = parameter.where == "query"
            reader = _query_reader(parameter, names) if is_query else _text_reader(parameter)
            self._readers.setdefault(parameter.where, []).append((parameter, reader))

    def decode(
        self,
        path: Mapping[str, str],
        query: str,
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
    ) -> Decoded:
        """Return the typed values (`path`, `query`, `header`, `cookie`) and all violations."""
        values = self._blank.copy()
        violations: list[Violation] = []
        for where, readers in self._readers.items():
            source: Mapping[str, JsonValue]
            if where == "query":
                source = _grouped(query, where, violations) if query else _NO_PAIRS
            elif where == "path":
                source = path
            else:
                source = headers if where == "header" else cookies
            values[where] = _read(readers, source, self._blank[where].copy(), violations)
        return values, violations

    def names(self, where: str) -> frozenset[str]:
        """Return the names of the parameters in one part of the request."""
        return frozenset(self._blank[where])


def _read(
    readers: Sequence[tuple[Parameter, _Reader]],
    source: Mapping[str, JsonValue],
    values: dict[str, JsonValue],
    violations: list[Violation],
) -> dict[str, JsonValue]:
    for parameter, reader in readers:
        try:
            value = reader(source)
        except UndecodableError as error:
            violations.append(_violation(parameter, "encoding", str(error)))
            continue
        if value is _ABSENT:
            if parameter.required:
                violations.append(_violation(parameter, "required", "is required"))
            continue
        values[parameter.name] = value
        if (validator := parameter.validator) is not None and not validator.is_valid(value):
            violations += _misfits(parameter, validator, value)
    return values


def _violation(parameter: Parameter, keyword: str, message: str) -> Violation:
    return Violation(parameter.where, f"/{escape(parameter.name)}", keyword, message)


def _misfits(parameter: Parameter, validator: Validator, value: JsonValue) -> Iterator[Violation]:
    if value == "" and parameter.may_be_empty:
        return
    for found in validator.violations(value, parameter.where):
        pointer = f"/{escape(parameter.name)}{found.pointer}"
        yield Violation(found.where, pointer, found.keyword, found.message)


def _unquoted(raw: str) -> str:
    """Undo percent-encoding (RFC 3986, section 2.1)."""
    if "%" not in raw:
        return raw
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeError:
        raise UndecodableError("is not percent-encoded UTF-8") from None


def _grouped(text: str, where: str, violations: list[Violation]) -> dict[str, list[str]]:
    """Split a query or a form into names and their values, the latter still percent-encoded."""
    found: dict[str, list[str]] = {}
    parts = text.replace("+", " ").split("&", _MOST_PARTS)
    if len(parts) > _MOST_PARTS:
        message = f"has more than {_MOST_PARTS:,} parts"
        violations.append(Violation(where, "", "maxProperties", message))
        del parts[_MOST_PARTS:]
    for part in parts:
        name, _, raw = part.partition("=")
        if not part:
            continue
        try:
            found.setdefault(_unquoted(name), []).append(raw)
        except UndecodableError as error:
            violations.append(Violation(where, "", "encoding", f"has a name that {error}"))
    return found


_DECODERS: Mapping[str, Callable[[str], str]] = {
    "path": _unquoted,
    "header": str.strip,
    "cookie": str,
}


def _text_reader(parameter: Parameter) -> _Reader:
    """Compile a parameter of which there can be only one text: in path, header or cookie."""
    name, shape = parameter.name, parameter.shape
    decode = _DECODERS[parameter.where]
    cast = _cast(parameter)
    if parameter.is_json or (not shape.is_structured and parameter.style not in _PREFIXES):
        return lambda source: _ABSENT if (raw := source.get(name)) is None else cast(decode(raw))

    def read(source: Mapping[str, JsonValue]) -> JsonValue:
        raw = source.get(name)
        if raw is None:
            return _ABSENT
        texts = _texts(parameter, raw)
        if not shape.is_structured or (shape.is_scalar and texts and "," not in raw):
            return cast(decode(_only(texts)))
        if not (parameter.explode and parameter.style in _PREFIXES):
            texts = texts[0].split(",") if texts else []
        return _structured(parameter, [decode(text) for text in texts])

    return read


def _cast(parameter: Parameter) -> Callable[[str], JsonValue]:
    if parameter.is_json:
        return _json
    return parameter.shape.read if parameter.shape.types - {"string"} else str


def _texts(parameter: Parameter, raw: str) -> list[str]:
    """Cut a text where its style repeats its prefix; none if it is empty."""
    prefix = _PREFIXES.get(parameter.style, "")
    if not raw.startswith(prefix):
        raise UndecodableError(f"must begin with {prefix}")
    text = raw[len(prefix) :]
    if not parameter.shape.is_structured and prefix != ";":
        return [text]
    texts = text.split(prefix) if prefix and parameter.explode else [text] * bool(text)
    if prefix != ";" or (parameter.explode and parameter.shape.is_object):
        return texts
    pairs = [item.partition("=") for item in texts or [text]]
    if any(pair[0] != parameter.name for pair in pairs):
        raise UndecodableError(f"must begin with ;{parameter.name}=")
    return [pair[2] for pair in pairs]


def _only(texts: Sequence[str]) -> str:
    if len(texts) > 1:
        raise UndecodableError("is given more than once")
    return texts[0]


def _structured(parameter: Parameter, texts: Sequence[str]) -> JsonValue:
    """Make an array or an object of its decoded parts."""
    shape = parameter.shape
    if shape.is_array:
        read = (shape.items or TEXT).read
        return [read(text) for text in texts]
    if parameter.explode:
        pairs = [text.partition("=")[::2] for text in texts]
    elif len(texts) % 2:
        raise UndecodableError("must list names and values in turn")
    else:
        pairs = list(zip(texts[::2], texts[1::2], strict=True))
    return {name: _member(shape, name).read(text) for name, text in pairs}


def _member(shape: Shape, name: str) -> Shape:
    return (shape.properties or {}).get(name) or shape.rest or TEXT


def _query_reader(parameter: Parameter, declared: frozenset[str]) -> _Reader:
    """Compile a query parameter; `declared` are the names of all of them."""
    name, shape = parameter.name, parameter.shape
    if parameter.style == "deepObject":
        return lambda source: _deep_object(shape, name, source)
    if shape.is_object and parameter.explode and not parameter.is_json:
        return lambda source: _exploded_object(shape, source, declared)
    if shape.is_structured and not parameter.is_json:
        return lambda source: _list(parameter, raws) if (raws := source.get(name)) else _ABSENT
    cast = _cast(parameter)
    return lambda source: cast(_unquoted(_only(raws))) if (raws := source.get(name)) else _ABSENT


def _list(parameter: Parameter, raws: Sequence[str]) -> JsonValue:
    """Read an array, or an object that is written as one."""
    shape = parameter.shape
    separator = _CUTS.get(parameter.style, _COMMA)
    if not parameter.explode:
        raws = [part for raw in raws for part in separator.split(raw) if raw]
    texts = [_unquoted(raw) for raw in raws]
    if shape.is_scalar and len(texts) == 1:
        return shape.read(texts[0])
    return _structured(parameter, texts)


def _exploded_object(
    shape: Shape, source: Mapping[str, Sequence[str]], declared: frozenset[str]
) -> JsonValue:
    """Read an object whose members stand in the query under their own names."""
    known = shape.properties or {}
    names = [name for name in source if name in known or (shape.rest and name not in declared)]
    return {name: _values(_member(shape, name), source[name]) for name in names} or _ABSENT


def _deep_object(shape: Shape, name: str, source: Mapping[str, Sequence[str]]) -> JsonValue:
    """Read an object whose members are written `name[member]=value`."""
    prefix = f"{name}["
    members = {key[len(prefix) : -1]: key for key in source if _is_member(key, prefix)}
    return {
        member: _values(_member(shape, member), source[key]) for member, key in members.items()
    } or _ABSENT


def _is_member(key: str, prefix: str) -> bool:
    return key.startswith(prefix) and key.endswith("]")


def _values(shape: Shape, raws: Sequence[str]) -> JsonValue:
    """Read what stands under one name: several values are an array."""
    texts = [_unquoted(raw) for raw in raws]
    if shape.is_array and not (shape.is_scalar and len(texts) == 1):
        read = (shape.items or TEXT).read
        return [read(text) for text in texts]
    return shape.read(_only(texts))


def _json(text: str) -> JsonValue:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise UndecodableError("is not JSON") from None


@dataclass(frozen=True, slots=True)
class FormDecoder:
    """Reads `application/x-www-form-urlencoded` bodies by the properties of a schema.

    An array is a repeated field; an object is written `name[member]=value`.
    """

    shape: Shape

    def __call__(self, text: str) -> tuple[JsonValue, list[Violation]]:
        """Return the fields as an object, and what is wrong with their encoding."""
        violations: list[Violation] = []
        source = _grouped(text, "body", violations)
        fields: dict[str, JsonValue] = {}
        for name in self._names(source):
            shape = _member(self.shape, name)
            try:
                if name in source:
                    fields[name] = _values(shape, source[name])
                else:
                    fields[name] = _deep_object(shape, name, source)
            except UndecodableError as error:
                pointer = f"/{escape(name)}"
                violations.append(Violation("body", pointer, "encoding", str(error)))
        return fields, violations

    def _names(self, source: Mapping[str, Sequence[str]]) -> Iterable[str]:
        """Name the fields, an object's members counting as one."""
        known = self.shape.properties or {}
        objects = {name for name, shape in known.items() if shape.is_object}
        for key in source:
            head = key.partition("[")[0]
            yield head if head in objects and _is_member(key, f"{head}[") else key
