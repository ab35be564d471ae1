"""Convert exchanges to masked interactions, for `proxy --record` and `mockserver import`.

`proxy.py` and `cli/import_command.py` call `Recorder.record`: False if no operation matches or the
recording is full. `dump` returns the file, to be replayed in order in one sandbox. A value that the
service made becomes a reference to its first answer, a credential an environment variable (in
`variables`); `masking.py` decides about the rest. Of answers, only the status and the shape of
documented JSON are expected. Queries and bodies, not paths and headers, are redacted again on
writing, as a value may prove secret only later. `public_text` returns the text of the documents.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from mockserver.base.http import FORM, media_type
from mockserver.base.json import JsonValue, escape
from mockserver.contract.conformance import Contract, ReceivedAnswer
from mockserver.contract.interaction_writing import interaction_file
from mockserver.contract.masking import Masking, redact_secret, texts
from mockserver.contract.schema_parts import DescribedValue, described_answer, described_request
from mockserver.engine.documented_answers import response_for
from mockserver.model.api import Api, Operation, SecurityScheme
from mockserver.model.contents import ParameterField
from mockserver.model.messages import Request
from mockserver.model.refusal import Refusal
from mockserver.wire.form_fields import bracketed
from mockserver.wire.media import json_of

_MAX_EXCHANGES = 10_000
"""Maximum number of exchanges of a recording."""
_MIN_REFERENCE_LENGTH = 6
_VARIABLE = re.compile(r"\{\{([A-Za-z_][\w.-]{0,63})\}\}", re.ASCII)
"""A variable of a Postman collection."""
_FIELD_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}|\d{0,9}", re.ASCII)
"""A part of the name of a form's field, such as `a`, `b` and an empty text in `a[b][]`."""
_MEDIA_RANGES = (
    r"(?:application|text|\*)/(?:json|problem\+json|xml|html|plain|csv|x-www-form-urlencoded|\*)"
    r"(?:; ?(?:charset=utf-8|q=[01](?:\.\d{1,3})?))*"
)
_KEPT_HEADERS = {
    "accept": re.compile(f"{_MEDIA_RANGES}(?:, ?{_MEDIA_RANGES})*", re.IGNORECASE),
    "content-type": re.compile(_MEDIA_RANGES, re.IGNORECASE),
    "prefer": re.compile(r"(?:code|wait|seed)=\d{1,4}|dynamic=true"),
}
"""Headers that influence an answer, with their values that cannot contain personal data."""


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """A request and its answer."""

    request: Request
    """Its path is relative to the API's base URL."""
    answer: ReceivedAnswer


def public_text(api: Api) -> str:
    """Return the text of an API's documents, whose words are not secret."""
    files = {api.source.file}
    for operation in api.operations:
        files.add(operation.source.file)
        files |= {limit.source.file for limit in operation.limits}
        files |= {values.source.file for values in operation.test_values}
    return "\n".join(Path(file).read_text("utf-8") for file in sorted(files))


@dataclass(slots=True)
class Recorder:
    """Converts exchanges to interactions, in order."""

    api: Api
    masking: Masking
    interactions: list[dict[str, JsonValue]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Names of the environment variables that a replay needs, by the secret value."""
    on_added: Callable[[], None] = lambda: None
    """Called after each exchange that was added."""
    _references: dict[str, str] = field(default_factory=dict)
    """References to values that the service generated, by the value."""
    _numbers: dict[str, int] = field(default_factory=dict)
    """The last number that was added to the name of a variable, by each name that is taken."""
    _sent: set[str] = field(default_factory=set)
    _contract: Contract | None = None

    def record(self, exchange: RecordedExchange) -> bool:
        """Add an exchange.

        Returns:
            False if the request matches no operation of the API, or the recording is full.
        """
        contract = self._contract = self._contract or Contract(self.api)
        operation = contract.operation(exchange.request.method, exchange.request.path)
        if operation is None or len(self.interactions) >= _MAX_EXCHANGES:
            return False
        name = f"{len(self.interactions) + 1} {operation.id}"
        values = contract.path_values(exchange.request.path, operation)
        request = self._request(exchange.request, operation, values)
        self._sent.update(_texts_of(exchange.request, values))
        self.interactions.append(
            {
                "name": name,
                "operation": operation.id,
                "tags": ["recorded"],
                "request": request,
                "answer": self._answer(exchange.answer, operation),
            }
        )
        self._remember_answer(name, exchange.answer)
        self.on_added()
        return True

    def _request(
        self, request: Request, operation: Operation, values: Mapping[str, str]
    ) -> dict[str, JsonValue]:
        path = operation.path
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", self._segment(name, value, operation))
        recorded: dict[str, JsonValue] = {"method": request.method, "path": path}
        if query := _grouped(self._query(request, operation)):
            recorded["query"] = query
        if headers := dict(self._headers(request)):
            recorded["headers"] = headers
        recorded |= self._body(request, operation)
        return recorded

    def _segment(self, name: str, value: str, operation: Operation) -> str:
        plain = unquote(value)
        if plain not in self._references and self.masking.is_identifier(name, plain):
            return value
        known = operation.parameters.field("path", name) if operation.parameters else None
        masked = self._written(name, plain, known or ParameterField({}))
        if masked == plain:
            return value
        return masked if "${" in masked else quote(masked, safe="")

    def _value(self, name: str, value: JsonValue, described: DescribedValue | None) -> Any:  # noqa: ANN401 - any JSON
        return self.masking.value(name, value, described, self._replacement)

    def _replacement(self, name: str, value: str, is_secret: bool) -> str | None:  # noqa: FBT001 - see Replace
        """Return a reference to an earlier answer or to a variable; None if neither applies."""
        if (reference := self._references.get(value)) is not None:
            return reference
        if (variable := _VARIABLE.fullmatch(value)) is not None:
            return f"${{{re.sub(r'[^A-Z0-9_]', '_', variable[1].upper())}}}"
        is_variable = is_secret or self.masking.is_reference(name, value)
        return self._variable(name, value) if is_variable and value else None

    def _variable(self, name: str, value: str) -> str:
        if value not in self.variables:
            base = re.sub(r"[^A-Z0-9]+", "_", f"{self.api.name}_{name}".upper())
            self.variables[value] = self._free_name(base)
        return f"${{{self.variables[value]}}}"

    def _free_name(self, base: str) -> str:
        """Return the name of a new variable: the base, with a number if it is taken."""
        name = base
        while name in self._numbers:
            self._numbers[base] += 1
            name = f"{base}_{self._numbers[base]}"
        self._numbers[name] = 1
        return name

    def _query(self, request: Request, operation: Operation) -> Iterator[tuple[str, JsonValue]]:
        parameters = operation.parameters
        secrets = {one.parameter for one in self._schemes("query")}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            if name in secrets:
                yield name, self._credential(name, value)
            elif known := parameters.field("query", name) if parameters else None:
                yield name, self._written(name, value, known)
            else:
                self.masking.redact_all(value)

    def _written(self, name: str, text: str, known: ParameterField) -> str:
        """Mask a text in the query or the path: each item by itself, if it holds several."""
        described = DescribedValue.of(known.schema).below(known.keys) or DescribedValue.of({})
        member = known.keys[-1] if known.keys else name
        if not known.delimiters:
            item = described.item() if described.is_array else described
            return self.masking.written(member, text, item, self._replacement)
        return "".join(self._items(member, text, described, known.delimiters))

    def _items(
        self, name: str, text: str, described: DescribedValue, delimiters: str
    ) -> Iterator[str]:
        """Yield the items of a text and what is between them; names of members are kept."""
        item, key = described.item(), name
        for part in re.split(f"([{re.escape(delimiters)}])", text):
            member = described.member(part) if described.is_object else None
            if part in delimiters or part == name or member is not None:
                item, key = (item, key) if member is None else (member, part)
                yield part
            else:
                yield self.masking.written(key, part, item, self._replacement)

    def _headers(self, request: Request) -> Iterator[tuple[str, JsonValue]]:
        schemes = {one.parameter: one for one in self._schemes("header")}
        for name, value in request.headers.items():
            if name in schemes:
                yield name, self._credential_header(schemes[name], value)
            elif name not in _KEPT_HEADERS or not _KEPT_HEADERS[name].fullmatch(value):
                self.masking.redact_all(value)
            elif name != "accept" or value != "*/*":
                yield name, value

    def _schemes(self, location: str) -> Sequence[SecurityScheme]:
        return [one for one in self.api.schemes.values() if one.location == location]

    def _credential_header(self, scheme: SecurityScheme, value: str) -> str:
        if scheme.kind == "apiKey":
            return self._credential(scheme.parameter, value)
        kind, space, credential = value.partition(" ")
        if not space:
            return self._credential("token", value)
        self.masking.redact.add(value)
        return f"{kind.title() if kind.isalpha() else ''} {self._credential('token', credential)}"

    def _credential(self, name: str, value: str) -> str:
        self.masking.redact.add(value)
        return self._replacement(name, value, is_secret=True) or ""

    def _body(self, request: Request, operation: Operation) -> dict[str, JsonValue]:
        if not request.body:
            return {}
        content_type = request.headers.get("content-type", "")
        described = described_request(operation, content_type)
        if media_type(content_type).name == FORM:
            return {"form": _grouped(self._form(request, described))}
        try:
            value = json_of(request.body, content_type)
        except Refusal:
            self.masking.redact_all(request.body.decode("utf-8", "replace"))
            return {"text": "masked"}
        return {"json": self._value("", value, described)}

    def _form(
        self, request: Request, described: DescribedValue | None
    ) -> Iterator[tuple[str, JsonValue]]:
        """Yield the masked fields of a form that the document describes."""
        text = request.body.decode("utf-8", "replace")
        for name, value in parse_qsl(text, keep_blank_values=True):
            keys = bracketed(name)
            found = described.below(keys) if described else None
            if found is None or not all(map(_FIELD_KEY.fullmatch, keys)):
                self.masking.redact_all(value)
            else:
                found = found.item() if found.is_array else found
                key = next((one for one in reversed(keys) if one and not one.isdecimal()), name)
                yield name, self.masking.written(key, value, found, self._replacement)

    def _answer(self, answer: ReceivedAnswer, operation: Operation) -> dict[str, JsonValue]:
        """Expect the status and the shape of the documented body, not its values."""
        recorded: dict[str, JsonValue] = {"status": answer.status}
        documented = response_for(operation, answer.status)
        if documented is None:
            recorded["undocumented"] = True
        value, is_json = _answer_body(answer)
        if not is_json or documented is None:
            self.masking.redact_all(value)
            return recorded
        described = described_answer(documented.media)
        recorded["json"] = _shape(self.masking.value("", value, described, redact_secret))
        recorded["compare"] = "type"
        return recorded

    def _remember_answer(self, name: str, answer: ReceivedAnswer) -> None:
        """Remember the values that the service generated, to which later requests can refer."""
        value, is_json = _answer_body(answer)
        if not is_json:
            value = {"location": answer.location_parameters}
        for pointer, text in _text_leaves(value, ""):
            is_new = text not in self._sent and text not in self._references
            if is_new and len(text) >= _MIN_REFERENCE_LENGTH and not self.masking.is_public(text):
                self._references[text] = f"${{{name}:{pointer}}}"

    def dump(self, head: str = "Recorded by mockserver proxy; secrets are masked.") -> bytes:
        """Write the recording as an interaction file."""
        return interaction_file(self.api.name, self.redacted(0), head, shared=True)

    def redacted(self, first: int) -> list[dict[str, JsonValue]]:
        """Return the interactions from a number on, without what has turned out to be secret."""
        return [self._redacted(one) for one in self.interactions[first:]]

    def _redacted(self, interaction: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Redact kept values that turned out to be secret after they were recorded."""
        request, answer = dict(interaction["request"]), dict(interaction["answer"])
        for part in ("query", "json", "form"):
            if part in request:
                request[part] = self._redacted_value(request[part])
        if "json" in answer:
            answer["json"] = self._redacted_value(answer["json"])
        return {**interaction, "request": request, "answer": answer}

    def _redacted_value(self, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return {key: self._redacted_value(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self._redacted_value(item) for item in value]
        return self.masking.redact(value) if isinstance(value, str) and "${" not in value else value


def _grouped(pairs: Iterable[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """Collect the values of each name; one that is repeated has a list of them, in order."""
    values: dict[str, list[JsonValue]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _texts_of(request: Request, values: Mapping[str, str]) -> Iterator[str]:
    yield from values.values()
    yield from (value for _, value in parse_qsl(request.query))
    yield from request.headers.values()
    try:
        yield from texts(json_of(request.body, request.headers.get("content-type", "")))
    except Refusal:
        yield from (value for _, value in parse_qsl(request.body.decode("utf-8", "replace")))


def _answer_body(answer: ReceivedAnswer) -> tuple[JsonValue, bool]:
    """Return an answer's body, and whether it is JSON."""
    text = answer.body.decode("utf-8", "replace")
    if not answer.is_json:
        return text, False
    try:
        return answer.json(), True
    except Refusal:
        return text, False


def _text_leaves(value: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, member in value.items():
            if not {"{", "}"} & set(key):
                yield from _text_leaves(member, f"{pointer}/{escape(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _text_leaves(item, f"{pointer}/{index}")


def _shape(value: JsonValue) -> JsonValue:
    """Return the parts of a value that any other answer can be expected to have.

    Members that are null are dropped, as they may have another type in another answer. An array
    is reduced to one item that has the members that all items share.
    """
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        items = [_shape(item) for item in value]
        return [_common_shape(items)] if items else []
    return value


def _common_shape(items: list[JsonValue]) -> JsonValue:
    first, *others = items
    if isinstance(first, dict) and all(isinstance(item, dict) for item in others):
        common = [key for key in first if all(key in item for item in others)]
        return {key: _common_shape([item[key] for item in items]) for key in common}
    return first
