"""Read all parameters of an operation: convert the text of a request to typed values.

`openapi/` makes a `ParameterSet` when a document is loaded. Its `decode` gets path values, query
and headers; out come the values by location (of an absent parameter its default, else None), and
all violations: nothing is raised. Callers of `decode`: `engine/pipeline.py`,
`contract/conformance.py`, and `forms.py` for headers of parts. The engine, `model/` and `contract/`
also ask which parameters there are (`names`, `field`), which ones a request uses, and for `remarks`
on deprecated and undeclared ones. Bodies are read in `media.py`.
"""

# How raw text becomes values, and why:
#
# - Every location has its own kind of source. A path parameter or a header has at most one text.
#   The query and the cookies are fields, which can repeat. `in: querystring` (OpenAPI 3.2) is the
#   whole query as one text.
# - Text is split by the `style` before it is percent-decoded. An encoded separator is data: `a%2Cb`
#   is one item. The exceptions are `%2C` between items that cannot contain a comma, because many
#   clients encode all commas of a value, and `%20` and `%7C`: spaceDelimited and pipeDelimited
#   arrays can only be sent with encoded separators, because a space and `|` are not allowed in a
#   URL. Header values and cookies of the style `cookie` are never percent-encoded, so they are not
#   decoded. In a query `+` is a space.
# - `style` and `explode` say how a value is written. Whether it is an array, an object, or a single
#   value comes from the schema alone. If the schema allows both an array and a single value, one
#   text without a separator is the single value.
# - Text becomes a number or a boolean only if the schema names the type and the text is written
#   exactly as in JSON: `007` stays a string, and validation then refuses it. `True` and `False` are
#   tolerated where only a boolean is valid, because Python's clients send them. If the schema of a
#   single value allows strings too, the string is used only where it is valid and the converted
#   value is not. Empty text and `null` are null if the schema allows null but no strings. A
#   parameter without a schema is a string.
# - A parameter that the request lacks gets its default value. Defaults are not validated here.
# - Refused with the keyword `encoding`: text that is not percent-encoded UTF-8, text that does not
#   follow its style, a single value that occurs more than once, text that is not of the media type
#   of its `content`, and brackets nested too deeply. These parameters keep their default in the
#   result.
# - A missing required parameter is refused with the keyword `required`, a query of more than 1,000
#   parts with `maxProperties`, and any other invalid value with the keyword of the schema.
# - All violations are collected; the first one does not end the reading, because a client should
#   learn of all its errors at once.
# - Query parameters that the document does not declare are accepted, because most servers ignore
#   them. `remarks` lists them for the journal.
#
# Each parameter is compiled to one function when the document is loaded, so that a request looks up
# no style and no schema.

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from mockserver.base.http import cookie_pairs
from mockserver.base.json import JsonValue, escape
from mockserver.model.contents import Decoded, ParameterField, Validator
from mockserver.model.refusal import Violation
from mockserver.wire.boolean_spellings import RespelledValue, respelled
from mockserver.wire.form_fields import UndecodableError, bracketed, grouped, is_below
from mockserver.wire.parameter_styles import (
    ABSENT,
    Parameter,
    Reader,
    field_reader,
    querystring_reader,
    text_reader,
)

_LOCATIONS = ("path", "query", "header", "cookie")
_NO_FIELDS: Mapping[str, list[str]] = {}
_MOST_REMARKS = 20
_LONGEST = 100


class ParameterSet:
    """The compiled parameters of an operation."""

    __slots__ = ("_defaults", "_parameters", "_readers", "header_names")

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters = list(parameters)
        self._defaults: dict[str, dict[str, JsonValue]] = {where: {} for where in _LOCATIONS}
        self._readers: dict[str, list[tuple[Parameter, Reader]]] = {}
        for parameter in self._parameters:
            self._defaults[parameter.part][parameter.name] = parameter.default
            reader = self._reader(parameter)
            self._readers.setdefault(parameter.where, []).append((parameter, reader))
        cookie = ("cookie",) if "cookie" in self._readers else ()
        self.header_names: Sequence[str] = (*self._defaults["header"], *cookie)
        """The names of the headers that are read, in lower case; `cookie` for cookies."""

    def _reader(self, parameter: Parameter) -> Reader:
        if parameter.where in ("path", "header"):
            return text_reader(parameter)
        if parameter.where == "querystring":
            return querystring_reader(parameter)
        same = [item for item in self._parameters if item.where == parameter.where]
        return field_reader(parameter, frozenset(item.name for item in same))

    def decode(self, path: Mapping[str, str], query: str, headers: Mapping[str, str]) -> Decoded:
        """Return the typed values (`path`, `query`, `header`, `cookie`) and all violations."""
        values = self._defaults.copy()
        violations: list[Violation] = []
        for where, readers in self._readers.items():
            source: Mapping[str, JsonValue]
            if where == "query":
                source = grouped(query, where, violations) if query else _NO_FIELDS
            elif where == "path":
                source = path
            elif where == "querystring":
                values["query"] = _whole_query(readers, query, self._defaults["query"], violations)
                continue
            else:
                source = headers if where == "header" else _cookies(headers)
            values[where] = _read(readers, source, self._defaults[where].copy(), violations)
        return values, violations

    def remarks(
        self, query: str, headers: Mapping[str, str], known: Container[str] = ()
    ) -> list[str]:
        """List deprecated parameters that are used, and query parameters that are not declared.

        Args:
            query: The query, still percent-encoded.
            headers: The headers, by names in lower case.
            known: Names in the query that need no declaration.
        """
        fields = grouped(query, "query", [])
        remarks = [
            f"{item.where} parameter {item.name} is deprecated"
            for item in self._used(fields, headers)
            if item.deprecated
        ]
        declared = [item for item in self._parameters if item.part == "query"]
        remarks += [
            f"query parameter {name[:_LONGEST]} is not declared; it is accepted"
            for name in fields
            if name not in known and not any(_takes(item, name) for item in declared)
        ]
        return remarks[:_MOST_REMARKS]

    def names(self, where: str) -> frozenset[str]:
        """Return the names of the parameters in a part of the request, such as `query`."""
        return frozenset(self._defaults[where])

    def field(self, where: str, name: str) -> ParameterField | None:
        """Return what a field of the query, or a part of the path, is; None if undeclared."""
        for item in self._parameters:
            if item.part == where and _takes(item, name) and not (item.is_json and item.is_spread):
                schema = item.validator.schema() if item.validator is not None else {}
                return ParameterField(schema, _keys(item, name), item.delimiters)
        return None

    def used_parameters(self, query: str, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the parameters that a request uses, except those of the path: part and name."""
        for item in self._used(grouped(query, "query", []), headers):
            yield item.part, item.name

    def _used(
        self, fields: Mapping[str, JsonValue], headers: Mapping[str, str]
    ) -> Iterator[Parameter]:
        cookies = _cookies(headers)
        sources = {"query": fields, "querystring": fields, "header": headers, "cookie": cookies}
        for item in self._parameters:
            if item.where in sources and _is_used(item, sources[item.where]):
                yield item


def _whole_query(
    readers: Sequence[tuple[Parameter, Reader]],
    query: str,
    defaults: Mapping[str, JsonValue],
    violations: list[Violation],
) -> dict[str, JsonValue]:
    """Read the parameter that is the whole query (OpenAPI 3.2, `in: querystring`)."""
    source = {readers[0][0].name: query} if query else {}
    return _read(readers[:1], source, dict(defaults), violations)


def _cookies(headers: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in cookie_pairs(headers.get("cookie", "")):
        found.setdefault(name, []).append(value)
    return found


def _is_used(parameter: Parameter, source: Mapping[str, JsonValue]) -> bool:
    if parameter.where == "header":
        return parameter.name in source
    return any(_takes(parameter, name) for name in source)


def _takes(parameter: Parameter, name: str) -> bool:
    """Return True if a parameter is read from the field or cookie with this name."""
    if parameter.where == "querystring":
        return True
    if parameter.is_spread:
        return name in parameter.properties or parameter.takes_any_name
    return name == parameter.name or (
        parameter.style == "deepObject" and is_below(name, parameter.name)
    )


def _keys(parameter: Parameter, name: str) -> tuple[str, ...]:
    """Return the way from a parameter's value to that of one of its fields."""
    if name == parameter.name and not parameter.is_spread:
        return ()
    if parameter.style == "deepObject":
        return bracketed(name)[1:]
    return bracketed(name) if parameter.where == "querystring" else (name,)


def _read(
    readers: Sequence[tuple[Parameter, Reader]],
    source: Mapping[str, JsonValue],
    values: dict[str, JsonValue],
    violations: list[Violation],
) -> dict[str, JsonValue]:
    for parameter, reader in readers:
        try:
            value = reader(source)
        except UndecodableError as error:
            violations.append(_violation(parameter, "encoding", str(error), error.pointer))
            continue
        if value is ABSENT:
            if parameter.required:
                violations.append(_violation(parameter, "required", "is required"))
            continue
        validator = parameter.validator
        if validator is not None and not validator.is_valid(value):
            value, found = _corrected(parameter, value)
            violations += [*found, *_schema_violations(parameter, validator, value)]
        values[parameter.name] = value
    return values


def _corrected(parameter: Parameter, value: JsonValue) -> RespelledValue:
    """Return an invalid value with booleans where it has `True` or `False`."""
    if parameter.has_content:
        return RespelledValue(value, [])
    return respelled(parameter.shape, value, parameter.part, f"/{escape(parameter.name)}")


def _violation(parameter: Parameter, keyword: str, message: str, below: str = "") -> Violation:
    return Violation(parameter.part, f"/{escape(parameter.name)}{below}", keyword, message)


def _schema_violations(
    parameter: Parameter, validator: Validator, value: JsonValue
) -> Iterator[Violation]:
    if value == "" and parameter.may_be_empty:
        return
    for found in validator.violations(value, parameter.part):
        pointer = f"/{escape(parameter.name)}{found.pointer}"
        yield Violation(found.where, pointer, found.keyword, found.message)
