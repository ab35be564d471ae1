"""All parameters of an operation, from the text of a request to typed values."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from mockserver.base.http import cookie_pairs
from mockserver.base.json import JsonValue, escape
from mockserver.model.contents import Decoded, Validator
from mockserver.model.refusal import Violation
from mockserver.wire.form_fields import UndecodableError, grouped, is_below
from mockserver.wire.parameter_styles import (
    ABSENT,
    Parameter,
    Reader,
    field_reader,
    querystring_reader,
    text_reader,
)

WHERES = ("path", "query", "header", "cookie")
_NO_FIELDS: Mapping[str, list[str]] = {}
_MOST_REMARKS = 20
_LONGEST = 100


class ParameterSet:
    """All parameters of an operation, compiled."""

    __slots__ = ("_blank", "_parameters", "_readers", "header_names")

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters = list(parameters)
        self._blank: dict[str, dict[str, JsonValue]] = {where: {} for where in WHERES}
        self._readers: dict[str, list[tuple[Parameter, Reader]]] = {}
        for parameter in self._parameters:
            self._blank[parameter.part][parameter.name] = parameter.default
            reader = self._reader(parameter)
            self._readers.setdefault(parameter.where, []).append((parameter, reader))
        cookie = ("cookie",) if "cookie" in self._readers else ()
        self.header_names: Sequence[str] = (*self._blank["header"], *cookie)
        """The headers it reads, in lower case; `cookie` if it reads cookies."""

    def _reader(self, parameter: Parameter) -> Reader:
        if parameter.where in ("path", "header"):
            return text_reader(parameter)
        if parameter.where == "querystring":
            return querystring_reader(parameter)
        same = [item for item in self._parameters if item.where == parameter.where]
        return field_reader(parameter, frozenset(item.name for item in same))

    def decode(self, path: Mapping[str, str], query: str, headers: Mapping[str, str]) -> Decoded:
        """Return the typed values (`path`, `query`, `header`, `cookie`) and all violations."""
        values = self._blank.copy()
        violations: list[Violation] = []
        for where, readers in self._readers.items():
            source: Mapping[str, JsonValue]
            if where == "query":
                source = grouped(query, where, violations) if query else _NO_FIELDS
            elif where == "path":
                source = path
            elif where == "querystring":
                values["query"] = _whole_query(readers, query, self._blank["query"], violations)
                continue
            else:
                source = headers if where == "header" else _cookies(headers)
            values[where] = _read(readers, source, self._blank[where].copy(), violations)
        return values, violations

    def remarks(
        self, query: str, headers: Mapping[str, str], known: Container[str] = ()
    ) -> list[str]:
        """Say which query parameters are not declared, and which deprecated ones are used.

        Args:
            query: As sent.
            headers: As sent, under names in lower case.
            known: Names in the query that need no declaration.
        """
        fields = grouped(query, "query", [])
        remarks = [
            f"{item.where} parameter {item.name} is deprecated"
            for item in self._used(fields, headers)
            if item.deprecated
        ]
        takers = [item for item in self._parameters if item.part == "query"]
        remarks += [
            f"query parameter {name[:_LONGEST]} is not declared; it is accepted"
            for name in fields
            if name not in known and not any(_takes(item, name) for item in takers)
        ]
        return remarks[:_MOST_REMARKS]

    def names(self, where: str) -> frozenset[str]:
        """Return the names of the parameters in one part of the request."""
        return frozenset(self._blank[where])

    def sent(self, query: str, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the parameters beside the path that are sent: their parts and names."""
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
    blank: Mapping[str, JsonValue],
    violations: list[Violation],
) -> dict[str, JsonValue]:
    """Read the parameter that is all of the query (OpenAPI 3.2, `in: querystring`)."""
    source = {readers[0][0].name: query} if query else {}
    return _read(readers[:1], source, dict(blank), violations)


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
    """Tell whether a name in the query or of a cookie belongs to a parameter."""
    if parameter.where == "querystring":
        return True
    if parameter.is_spread:
        return name in parameter.properties or parameter.takes_any_name
    return name == parameter.name or (
        parameter.style == "deepObject" and is_below(name, parameter.name)
    )


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
            violations += _misfits(parameter, validator, value)
        values[parameter.name] = value
    return values


def _violation(parameter: Parameter, keyword: str, message: str, below: str = "") -> Violation:
    return Violation(parameter.part, f"/{escape(parameter.name)}{below}", keyword, message)


def _misfits(parameter: Parameter, validator: Validator, value: JsonValue) -> Iterator[Violation]:
    if value == "" and parameter.may_be_empty:
        return
    for found in validator.violations(value, parameter.part):
        pointer = f"/{escape(parameter.name)}{found.pointer}"
        yield Violation(found.where, pointer, found.keyword, found.message)
