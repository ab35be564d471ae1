"""Makes interactions of exchanges that were seen: masked, and ready to be replayed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from mockserver.base.http import FORM, media_type
from mockserver.base.json import JsonValue, escape
from mockserver.contract.conformance import Contract, Received
from mockserver.contract.interaction_writing import interaction_file
from mockserver.contract.masking import Masking, hidden, texts
from mockserver.contract.schema_parts import DescribedValue, described_answer, described_request
from mockserver.engine.documented_answers import response_for
from mockserver.model.api import Api, Operation, SecurityScheme
from mockserver.model.messages import Request
from mockserver.model.refusal import Refusal
from mockserver.wire.media import json_of

MOST = 10_000
"""Exchanges of a recording."""
_SHORTEST_REFERENCE = 6
_VARIABLE = re.compile(r"\{\{([A-Za-z_][\w.-]{0,63})\}\}", re.ASCII)
"""What Postman writes for a variable."""
_MEDIA = (
    r"(?:application|text|\*)/(?:json|problem\+json|xml|html|plain|csv|x-www-form-urlencoded|\*)"
    r"(?:; ?(?:charset=utf-8|q=[01](?:\.\d{1,3})?))*"
)
_KEPT_HEADERS = {
    "accept": re.compile(f"{_MEDIA}(?:, ?{_MEDIA})*", re.IGNORECASE),
    "content-type": re.compile(_MEDIA, re.IGNORECASE),
    "prefer": re.compile(r"(?:code|wait|seed)=\d{1,4}|dynamic=true"),
}
"""Headers that change an answer, with the values that tell nothing else."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and its answer."""

    request: Request
    """Its path is the one below the API's base URL."""
    answer: Received


def public_text(api: Api) -> str:
    """Return the text of an API's documents: what stands in it is no secret."""
    files = {api.source.file}
    for operation in api.operations:
        files.add(operation.source.file)
        files |= {limit.source.file for limit in operation.limits}
        files |= {values.source.file for values in operation.test_values}
    return "\n".join(Path(file).read_text("utf-8") for file in sorted(files))


@dataclass(slots=True)
class Recorder:
    """Turns exchanges into interactions of one shared sandbox, in their order."""

    api: Api
    masking: Masking
    interactions: list[dict[str, JsonValue]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Names of the environment variables that a replay needs, by the secrets they stand for."""
    _made: dict[str, str] = field(default_factory=dict)
    """References to the values that the service made up, by value."""
    _sent: set[str] = field(default_factory=set)
    _contract: Contract | None = None

    def record(self, seen: Seen) -> bool:
        """Add an exchange; tell whether it could be, being an operation of the API."""
        contract = self._contract = self._contract or Contract(self.api)
        operation = contract.operation(seen.request.method, seen.request.path)
        if operation is None or len(self.interactions) >= MOST:
            return False
        name = f"{len(self.interactions) + 1} {operation.id}"
        values = contract.path_values(seen.request.path, operation)
        request = self._request(seen.request, operation, values)
        self._sent.update(_texts_of(seen.request, values))
        self.interactions.append(
            {
                "name": name,
                "operation": operation.id,
                "tags": ["recorded"],
                "request": request,
                "answer": self._answer(seen.answer, operation),
            }
        )
        self._remember(name, seen.answer)
        return True

    def _request(
        self, request: Request, operation: Operation, values: Mapping[str, str]
    ) -> dict[str, JsonValue]:
        path = operation.path
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", self._segment(name, value))
        recorded: dict[str, JsonValue] = {"method": request.method, "path": path}
        if query := dict(self._query(request, operation)):
            recorded["query"] = query
        if headers := dict(self._headers(request)):
            recorded["headers"] = headers
        recorded |= self._body(request, operation)
        return recorded

    def _segment(self, name: str, value: str) -> str:
        plain = unquote(value)
        if plain not in self._made and self.masking.is_identifier(name, plain):
            return value
        masked = str(self._value(name, plain, DescribedValue.by({})))
        if masked == plain:
            return value
        return masked if "${" in masked else quote(masked, safe="")

    def _value(self, name: str, value: JsonValue, described: DescribedValue | None) -> Any:  # noqa: ANN401 - any JSON
        return self.masking.value(name, value, described, self._stand_in)

    def _stand_in(self, name: str, value: str, is_secret: bool) -> str | None:  # noqa: FBT001 - see Replace
        """Refer to an earlier answer, or to a variable for what a replay needs as it is."""
        if (made := self._made.get(value)) is not None:
            return made
        if (variable := _VARIABLE.fullmatch(value)) is not None:
            return f"${{{re.sub(r'[^A-Z0-9_]', '_', variable[1].upper())}}}"
        is_variable = is_secret or self.masking.is_reference(name, value)
        return self._variable(name, value) if is_variable and value else None

    def _variable(self, name: str, value: str) -> str:
        if value not in self.variables:
            base = re.sub(r"[^A-Z0-9]+", "_", f"{self.api.name}_{name}".upper())
            taken = set(self.variables.values())
            free = (f"{base}_{number}" for number in range(2, MOST))
            self.variables[value] = (
                base if base not in taken else next(one for one in free if one not in taken)
            )
        return f"${{{self.variables[value]}}}"

    def _query(self, request: Request, operation: Operation) -> Iterator[tuple[str, JsonValue]]:
        known = operation.parameters.names("query") if operation.parameters else frozenset()
        secrets = {one.parameter for one in self._schemes("query")}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            if name in secrets:
                yield name, self._credential(name, value)
            elif name in known:
                yield name, self._value(name, value, DescribedValue.by({}))
            else:
                self.masking.forget(value)

    def _headers(self, request: Request) -> Iterator[tuple[str, JsonValue]]:
        schemes = {one.parameter: one for one in self._schemes("header")}
        for name, value in request.headers.items():
            if name in schemes:
                yield name, self._credential_header(schemes[name], value)
            elif name not in _KEPT_HEADERS or not _KEPT_HEADERS[name].fullmatch(value):
                self.masking.forget(value)
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
        self.masking.hide.add(value)
        return f"{kind.title() if kind.isalpha() else ''} {self._credential('token', credential)}"

    def _credential(self, name: str, value: str) -> str:
        self.masking.hide.add(value)
        return self._stand_in(name, value, is_secret=True) or ""

    def _body(self, request: Request, operation: Operation) -> dict[str, JsonValue]:
        if not request.body:
            return {}
        content_type = request.headers.get("content-type", "")
        described = described_request(operation, content_type)
        if media_type(content_type).name == FORM:
            form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
            return {"form": self._value("", form, described)}
        try:
            value = json_of(request.body, content_type)
        except Refusal:
            self.masking.forget(request.body.decode("utf-8", "replace"))
            return {"text": "masked"}
        return {"json": self._value("", value, described)}

    def _answer(self, answer: Received, operation: Operation) -> dict[str, JsonValue]:
        """Expect the status and the form of what is documented, not the values."""
        recorded: dict[str, JsonValue] = {"status": answer.status}
        documented = response_for(operation, answer.status)
        if documented is None:
            recorded["undocumented"] = True
        value, is_json = _json(answer)
        if not is_json or documented is None:
            self.masking.forget(value)
            return recorded
        described = described_answer(documented.media)
        recorded["json"] = _form(self.masking.value("", value, described, hidden))
        recorded["compare"] = "type"
        return recorded

    def _remember(self, name: str, answer: Received) -> None:
        """Remember what the service made up, so that later requests can refer to it."""
        value, is_json = _json(answer)
        if not is_json:
            location = urlsplit(answer.header("location") or "")
            value = {"location": dict(parse_qsl(location.query))}
        for pointer, text in _leaves(value, ""):
            is_new = text not in self._sent and text not in self._made
            if is_new and len(text) >= _SHORTEST_REFERENCE and not self.masking.is_public(text):
                self._made[text] = f"${{{name}:{pointer}}}"

    def dump(self, head: str = "Recorded by mockserver proxy; secrets are masked.") -> bytes:
        """Write the recording as a file of interactions."""
        recorded = [self._hidden(one) for one in self.interactions]
        return interaction_file(self.api.name, recorded, head, shared=True)

    def _hidden(self, interaction: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Hide in what was kept what turned out to be secret later on."""
        request, answer = dict(interaction["request"]), dict(interaction["answer"])
        for part in ("query", "json", "form"):
            if part in request:
                request[part] = self._clean(request[part])
        if "json" in answer:
            answer["json"] = self._clean(answer["json"])
        return {**interaction, "request": request, "answer": answer}

    def _clean(self, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return {key: self._clean(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self._clean(item) for item in value]
        return self.masking.hide(value) if isinstance(value, str) and "${" not in value else value


def _texts_of(request: Request, values: Mapping[str, str]) -> Iterator[str]:
    yield from values.values()
    yield from (value for _, value in parse_qsl(request.query))
    yield from request.headers.values()
    try:
        yield from texts(json_of(request.body, request.headers.get("content-type", "")))
    except Refusal:
        yield from (value for _, value in parse_qsl(request.body.decode("utf-8", "replace")))


def _json(answer: Received) -> tuple[JsonValue, bool]:
    """Return an answer's body, and whether it is JSON."""
    text = answer.body.decode("utf-8", "replace")
    if not answer.is_json:
        return text, False
    try:
        return answer.json(), True
    except Refusal:
        return text, False


def _leaves(value: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, member in value.items():
            if not {"{", "}"} & set(key):
                yield from _leaves(member, f"{pointer}/{escape(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{index}")


def _form(value: JsonValue) -> JsonValue:
    """Return what all other answers of this kind can be expected to have.

    A member that is null may be something another time; of a list's items, one stands for all.
    """
    if isinstance(value, dict):
        return {key: _form(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        items = [_form(item) for item in value]
        return [_shared(items)] if items else []
    return value


def _shared(items: list[JsonValue]) -> JsonValue:
    first, *others = items
    if isinstance(first, dict) and all(isinstance(item, dict) for item in others):
        common = [key for key in first if all(key in item for item in others)]
        return {key: _shared([item[key] for item in items]) for key in common}
    return first
