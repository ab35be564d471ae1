"""Make, at load time, the function that reads one parameter by its OpenAPI style (3.2.1, 4.12.3).

`openapi/` makes a `Parameter`; `parameters.py` calls `text_reader`, `field_reader` or
`querystring_reader` for it. The function takes the raw texts of a request and returns a value, or
`ABSENT`; it raises UndecodableError for text that does not follow the style or media type.
`usable_style` returns style, `explode` and, for undefined combinations, a warning. `style_of` is
for `contract/document_changes.py`, too. A validator is only asked whether an ambiguous text is a
number or text; invalid values are returned.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mockserver.base.json import JsonValue
from mockserver.model.contents import ValueSchema
from mockserver.model.refusal import Refusal, Violation
from mockserver.schemas.shapes import TEXT, Shape
from mockserver.wire.form_fields import (
    Fields,
    UndecodableError,
    branch_of,
    build,
    grouped,
    read_all,
    single,
    unquoted,
    values,
)
from mockserver.wire.media import parse_json

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
STYLES: Mapping[str, Sequence[str]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
"""The styles that OpenAPI defines for each location of a parameter."""
_PREFIXES = {"label": ".", "matrix": ";"}
SEPARATORS = {
    "form": re.compile(","),
    "spaceDelimited": re.compile(" |%20"),
    "pipeDelimited": re.compile(r"\||%7C", re.IGNORECASE),
}
"""The separators of the items of an array, by style."""
_COMMA = re.compile(",|%2C", re.IGNORECASE)
"""Separates items that cannot contain a comma; many clients encode every comma of a value."""
_DELIMITERS = {"label": ".,", "matrix": ";=,", "spaceDelimited": " ", "pipeDelimited": "|"}
_DELIMITED = ("spaceDelimited", "pipeDelimited")

Reader = Callable[[Mapping[str, JsonValue]], JsonValue]
"""Reads the value of a parameter from its part of a request; returns `ABSENT` if it has none.

It raises an UndecodableError for text that does not follow the style."""
ABSENT = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, as the document describes it."""

    name: str
    where: str
    required: bool
    style: str
    explode: bool
    shape: Shape
    validator: ValueSchema | None
    default: JsonValue = None
    is_json: bool = False
    """True if it is written as JSON (`content: application/json`) and has no style."""
    read_content: Callable[[str], JsonValue] | None = None
    """Reads its text in another media type of `content`, such as a form; it has no style."""
    may_be_empty: bool = False
    deprecated: bool = False
    properties: frozenset[str] = field(init=False)
    """The names of its members, if each is a separate query parameter or cookie."""

    def __post_init__(self) -> None:
        is_spread = self.is_spread and not self.has_content
        names = frozenset(self.shape.properties) if is_spread else frozenset[str]()
        object.__setattr__(self, "properties", names)

    @property
    def has_content(self) -> bool:
        """True if it is read in a media type, and not in a style."""
        return self.is_json or self.read_content is not None

    @property
    def part(self) -> str:
        """The part of the request that contains it, as named in violations."""
        return "query" if self.where == "querystring" else self.where

    @property
    def is_spread(self) -> bool:
        """True if its members have their own names in the request, instead of its name."""
        return self.explode and self.style in ("form", "cookie") and self.shape.is_object

    @property
    def delimiters(self) -> str:
        """The characters between items or members in one text; empty for a single value."""
        is_single = self.is_json or not self.shape.is_structured or self.style == "deepObject"
        if is_single or (self.explode and self.where not in ("path", "header")):
            return ""
        between = _DELIMITERS.get(self.style, ",")
        return f"{between}=" if self.explode and self.shape.is_object else between

    @property
    def takes_any_name(self) -> bool:
        """True if it takes all fields that no other parameter declares."""
        return self.is_spread and not self.has_content and self.shape.rest is not None


def style_of(where: str, value: Mapping[str, JsonValue]) -> tuple[str, bool]:
    """Return the `style` and `explode` of a parameter, or the defaults of OpenAPI."""
    style = str(value.get("style", _DEFAULT_STYLES.get(where, "form")))
    return style, bool(value.get("explode", style in ("form", "cookie")))


def usable_style(where: str, value: Mapping[str, JsonValue], shape: Shape) -> tuple[str, bool, str]:
    """Return the style and `explode` to read a parameter with, and a warning or an empty text.

    A combination that OpenAPI leaves undefined (n/a in its table of style examples) is read in the
    default style of the location, or as if it were not exploded.
    """
    style, explode = style_of(where, value)
    if style not in STYLES.get(where, (style,)):
        allowed = " or ".join(STYLES[where])
        warning = f"a {where} parameter cannot have the style {style!r}: use {allowed}"
        return *style_of(where, {}), warning
    is_plain = bool(shape.types) and not shape.is_structured
    if style in ("deepObject", *_DELIMITED) and is_plain:
        return "form", True, f"the style {style!r} is not defined for single values"
    if style == "deepObject" and shape.types and "object" not in shape.types:
        return style, True, "the style 'deepObject' is defined for objects only"
    if style in _DELIMITED and explode:
        return style, True, f"the style {style!r} is not defined with `explode: true`"
    if style == "cookie" and not explode and shape.is_structured:
        return style, False, "the style 'cookie' is defined for arrays and objects only if exploded"
    return style, explode, ""


def separator_of(style: str, shape: Shape) -> re.Pattern[str]:
    """Return the separator of the items of an array; for `form` and `simple` it is a comma.

    An encoded comma is data (RFC 6570), except between items that cannot contain a comma.
    """
    comma = SEPARATORS["form"]
    separator = SEPARATORS.get(style, comma)
    return _COMMA if separator is comma and shape.item(0).is_without_comma else separator


# --- parameters with a single text: path and header ---

_DECODERS: Mapping[str, Callable[[str], str]] = {"path": unquoted, "header": str.strip}


def text_reader(parameter: Parameter) -> Reader:
    """Return the reader of a parameter in the path or in a header, which is a single text."""
    name, shape = parameter.name, parameter.shape
    decode = _DECODERS[parameter.where]
    convert = _converter(parameter)
    if shape.separator is not None:
        return lambda source: (
            ABSENT if (raw := source.get(name)) is None else shape.read(decode(raw))
        )
    is_encoded = parameter.where == "path" and shape.is_array
    separator = separator_of("simple", shape) if is_encoded else SEPARATORS["form"]
    if parameter.has_content or (not shape.is_structured and parameter.style not in _PREFIXES):
        return lambda source: ABSENT if (raw := source.get(name)) is None else convert(decode(raw))

    def read(source: Mapping[str, JsonValue]) -> JsonValue:
        raw = source.get(name)
        if raw is None:
            return ABSENT
        texts = _texts(parameter, raw)
        is_single = shape.is_scalar and len(texts) == 1 and not separator.search(raw)
        if not shape.is_structured or is_single:
            return convert(decode(single(texts)))
        if not (parameter.explode and parameter.style in _PREFIXES):
            texts = separator.split(texts[0]) if texts else []
        return _structured(parameter, texts, decode)

    return read


def _converter(parameter: Parameter) -> Callable[[str], JsonValue]:
    """Return the function that converts decoded text to a typed value."""
    if parameter.read_content is not None:
        return parameter.read_content
    if parameter.is_json:
        return _json
    shape, validator = parameter.shape, parameter.validator
    if not shape.types - {"string"}:
        return str
    if not shape.is_ambiguous or validator is None:
        return shape.read

    def read(text: str) -> JsonValue:
        value = shape.read(text)
        is_fitting = value is text or validator.is_valid(value) or not validator.is_valid(text)
        return value if is_fitting else text

    return read


def _json(text: str) -> JsonValue:
    try:
        return parse_json(text)
    except Refusal:
        raise UndecodableError("is not JSON") from None


def _texts(parameter: Parameter, raw: str) -> list[str]:
    """Remove the prefix of the style, and split the text where the style repeats it."""
    prefix = _PREFIXES.get(parameter.style, "")
    if not raw.startswith(prefix):
        raise UndecodableError(f"must begin with {prefix}")
    text = raw[len(prefix) :]
    if not parameter.shape.is_structured and prefix != ";":
        return [text]
    is_split = bool(text and prefix) and parameter.explode
    texts = text.split(prefix) if is_split else [text] * bool(text)
    if prefix != ";":
        return texts
    return _matrix_values(parameter, texts, text)


def _matrix_values(parameter: Parameter, texts: list[str], text: str) -> list[str]:
    """Return the values of `name=value` texts; a name alone stands for an empty value."""
    if parameter.shape.is_structured and text in (parameter.name, f"{parameter.name}="):
        return []
    if parameter.explode and parameter.shape.is_object:
        return texts
    pairs = [item.partition("=") for item in texts or [text]]
    if any(pair[0] != parameter.name for pair in pairs):
        raise UndecodableError(f"must begin with ;{parameter.name}=")
    return [pair[2] for pair in pairs]


def _structured(
    parameter: Parameter, texts: Sequence[str], decode: Callable[[str], str]
) -> JsonValue:
    """Build an array or an object from the texts of its items or members."""
    shape = parameter.shape
    if shape.is_array:
        return [shape.item(index).read(decode(text)) for index, text in enumerate(texts)]
    if parameter.explode:
        pairs = [text.partition("=")[::2] for text in texts]
    elif len(texts) % 2:
        raise UndecodableError("must list names and values alternately")
    else:
        pairs = list(zip(texts[::2], texts[1::2], strict=True))
    decoded = [(decode(name), decode(text)) for name, text in pairs]
    return {name: shape.member(name).read(text) for name, text in decoded}


# --- parameters with named fields: query and cookies ---


def field_reader(parameter: Parameter, declared: frozenset[str]) -> Reader:
    """Return the reader of a parameter in the query or in cookies.

    Args:
        parameter: The parameter.
        declared: The names of all parameters at this location.
    """
    read = _field_reader(parameter, declared)
    if not parameter.may_be_empty:
        return read
    name = parameter.name
    return lambda source: "" if source.get(name) == [""] else read(source)


def _field_reader(parameter: Parameter, declared: frozenset[str]) -> Reader:
    name, shape = parameter.name, parameter.shape
    decode = str if parameter.style == "cookie" else unquoted
    if parameter.style == "deepObject" and not parameter.has_content:
        return lambda source: _deep_object(shape, name, source)
    if parameter.is_spread and not parameter.has_content:
        return lambda source: _spread_object(shape, source, declared, decode)
    if shape.separator is not None:
        return lambda source: (
            shape.read(decode(single(raws))) if (raws := source.get(name)) else ABSENT
        )
    if shape.is_structured and not parameter.has_content:
        separator = separator_of(parameter.style, shape if shape.is_array else TEXT)
        return lambda source: (
            _list(parameter, raws, decode, separator) if (raws := source.get(name)) else ABSENT
        )
    convert = _converter(parameter)
    return lambda source: convert(decode(single(raws))) if (raws := source.get(name)) else ABSENT


def _list(
    parameter: Parameter,
    raws: Sequence[str],
    decode: Callable[[str], str],
    separator: re.Pattern[str],
) -> JsonValue:
    """Read an array, or an object that is written as a list; empty text is an empty array."""
    shape = parameter.shape
    if not parameter.explode or (parameter.where == "cookie" and len(raws) == 1):
        raws = [part for raw in raws for part in separator.split(raw) if raw]
    elif len(raws) == 1 and not raws[0]:
        raws = []
    if shape.is_scalar and len(raws) == 1:
        return shape.read(decode(raws[0]))
    return _structured(parameter, raws, decode)


def _spread_object(
    shape: Shape, source: Fields, declared: frozenset[str], decode: Callable[[str], str]
) -> JsonValue:
    """Read an object whose members are separate fields, under their own names."""
    known = shape.properties
    names = [name for name in source if name in known or (shape.rest and name not in declared)]
    return {
        name: values(shape.member(name), source[name], lambda member, raw: member.read(decode(raw)))
        for name in names
    } or ABSENT


def _deep_object(shape: Shape, name: str, source: Fields) -> JsonValue:
    """Read an object whose members are written as `name[member]=value`."""
    branch = branch_of(source, name)
    return ABSENT if branch is None else build(shape, branch)


def form_content(shape: Shape) -> Callable[[str], JsonValue]:
    """Return the reader of a parameter whose decoded text is a form."""

    def read(text: str) -> JsonValue:
        violations: list[Violation] = []
        fields = grouped(text, "query", violations)
        found, unreadable = read_all(
            shape, fields, lambda key, branch: build(shape.member(key), branch)
        )
        for violation in (*violations, *unreadable):
            raise UndecodableError(violation.message, violation.pointer)
        return found

    return read


def xml_content(shape: Shape) -> Callable[[str], JsonValue]:
    """Return the reader of a parameter whose decoded text is XML."""
    from mockserver.wire.xml_decoding import XmlDecoder  # noqa: PLC0415 - most documents have no XML

    decode = XmlDecoder(shape)

    def read(text: str) -> JsonValue:
        try:
            value, violations = decode(text.encode("utf-8", "replace"), "application/xml")
        except Refusal as refusal:
            message = refusal.message.removeprefix("the body ")
            raise UndecodableError(message) from None
        for violation in violations:
            raise UndecodableError(violation.message)
        return value

    return read


def querystring_reader(parameter: Parameter) -> Reader:
    """Return the reader of a parameter that is the whole query: a form, JSON, or text."""
    name, shape = parameter.name, parameter.shape
    if parameter.has_content or parameter.style != "form":
        convert = _converter(parameter)
        return lambda source: convert(unquoted(source[name])) if name in source else ABSENT

    read = form_content(shape)
    return lambda source: read(str(source.get(name, ""))) or ABSENT


def undeclared_path_parameter(name: str) -> Parameter:
    """Return a string parameter for a name in the path template that no parameter declares."""
    return Parameter(name, "path", True, "simple", False, TEXT, None)  # noqa: FBT003 - its fields' order
