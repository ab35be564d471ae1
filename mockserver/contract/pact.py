"""Convert interactions to Pact files of versions 3 and 4, and Pact files to interactions.

`cli/export_command.py` calls `write_pact`, which returns the file and the names of interactions
left out because a placeholder has no value or the body is not the JSON that it claims to be. It
drops the `omitted_expectations` of answers. `cli/import_command.py` calls `read_pact`, which
returns interactions and the number that match no operation, or raises `ImportFileError`. The needed
state is written as parameters of a provider state of one of two names, and restored from it; other
provider states only become the description. Nothing is masked.
"""

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import parse_qs, unquote

import orjson

from mockserver import __version__
from mockserver.base.http import is_json
from mockserver.base.http import media_type as parsed_media_type
from mockserver.base.json import JsonValue, escape, unescape
from mockserver.contract.conformance import Contract
from mockserver.contract.exchange_imports import ImportFileError, path_below
from mockserver.contract.interactions import (
    AnswerPart,
    Given,
    PlacedInteraction,
    Rule,
    ValuePattern,
)
from mockserver.contract.pact_headers import expected_headers, header_texts
from mockserver.contract.request_writing import FilledRequest, fill
from mockserver.contract.variables import UnsetPlaceholderError, Variables
from mockserver.engine.documented_answers import response_for
from mockserver.model.api import Api
from mockserver.wire.long_integers import TooLongIntegerError, read_json, write_json

VERSIONS = ("3", "4")
_SPECIFICATION = {"3": "3.0.0", "4": "4.0"}
_HTTP = "Synchronous/HTTP"
_NEW_SANDBOX = "a new sandbox"
_PREPARED_SANDBOX = "a sandbox in a state"
_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+|\*)\]|\.\*")


def write_pact(
    api: Api, interactions: Sequence[PlacedInteraction], consumer: str, version: str
) -> tuple[bytes, list[str]]:
    """Write a pact between a consumer and an API.

    Args:
        api: The provider.
        interactions: The expectations; placeholders are replaced with their defaults.
        consumer: The name of the consumer.
        version: Version of the Pact specification: 3 or 4.

    Returns:
        The file, and the names of the interactions that a pact cannot express, because they refer
        to an earlier answer or to a variable without a default, or because their body is not the
        JSON that its media type says.
    """
    written, skipped = [], []
    for placed in interactions:
        try:
            request = fill(placed.interaction.request, Variables({}))
            written.append(_interaction(api, placed, request, version))
        except (UnsetPlaceholderError, orjson.JSONDecodeError, TooLongIntegerError):
            skipped.append(placed.name)
    pact = {
        "consumer": {"name": consumer},
        "provider": {"name": api.name},
        "interactions": written,
        "metadata": {
            "pactSpecification": {"version": _SPECIFICATION[version]},
            "mockserver": {"version": __version__},
        },
    }
    return write_json(pact, is_indented=True) + b"\n", skipped


def _interaction(
    api: Api, placed: PlacedInteraction, request: FilledRequest, version: str
) -> dict[str, JsonValue]:
    interaction = placed.interaction
    written: dict[str, JsonValue] = {
        "description": interaction.name,
        "providerStates": [_state(interaction.given)],
        "request": _request(api, request, version),
        "response": _response(interaction.answer, version),
    }
    if version == "3":
        return written
    return {"type": _HTTP, "pending": False, "key": _key(interaction.name), **written}


def omitted_expectations(answer: AnswerPart) -> list[str]:
    """Return what `write_pact` leaves out of an expected answer, in words."""
    patterns = [name for name, one in answer.headers.items() if not isinstance(one, str)]
    omitted = [f"the pattern of header {name}" for name in patterns]
    return omitted if answer.text is None else [*omitted, "the text of the body"]


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _state(given: Given) -> dict[str, JsonValue]:
    params = given.model_dump(mode="json", exclude_defaults=True)
    return {"name": _PREPARED_SANDBOX, "params": params} if params else {"name": _NEW_SANDBOX}


def _request(api: Api, request: FilledRequest, version: str) -> dict[str, JsonValue]:
    operation = Contract(api).operation(request.method, request.path)
    servers = (operation.servers if operation else ()) or api.servers
    written: dict[str, JsonValue] = {
        "method": request.method,
        "path": unquote((servers[0].path if servers else "") + request.path),
    }
    if query := parse_qs(request.query, keep_blank_values=True):
        written["query"] = query
    if request.headers:
        written["headers"] = _headers(request.headers, version)
    if request.body:
        written["body"] = _sent_body(request, version)
    return written


def _headers(headers: Mapping[str, str], version: str) -> JsonValue:
    return dict(headers) if version == "3" else {name: [one] for name, one in headers.items()}


def _sent_body(request: FilledRequest, version: str) -> JsonValue:
    media_type = request.headers.get("content-type", "")
    if is_json(parsed_media_type(media_type).name):
        value = read_json(request.body)
        return value if version == "3" else _content(value, media_type)
    text = request.body.decode()
    return text if version == "3" else _content(text, media_type)


def _content(value: JsonValue, media_type: str) -> dict[str, JsonValue]:
    return {"content": value, "contentType": media_type, "encoded": False}


def _response(answer: AnswerPart, version: str) -> dict[str, JsonValue]:
    written: dict[str, JsonValue] = {"status": answer.status}
    plain = {name: one for name, one in answer.headers.items() if isinstance(one, str)}
    if plain:
        written["headers"] = _headers(plain, version)
    if answer.has_json:
        body = _without_ignored(answer.json_body, answer.compare, ())
        written["body"] = body if version == "3" else _content(body, "application/json")
        if rules := dict(_rules(answer.compare)):
            written["matchingRules"] = {"body": rules}
    return written


def _without_ignored(
    value: JsonValue, rules: Mapping[str, Rule], path: tuple[str, ...]
) -> JsonValue:
    if isinstance(value, dict):
        below = {key: (*path, escape(key)) for key in value}
        return {
            key: _without_ignored(member, rules, below[key])
            for key, member in value.items()
            if _rule(rules, below[key]) != "ignored"
        }
    if isinstance(value, list):
        items = enumerate(value)
        return [_without_ignored(item, rules, (*path, str(index))) for index, item in items]
    return value


def _rule(rules: Mapping[str, Rule], path: tuple[str, ...]) -> Rule | None:
    for pointer, rule in rules.items():
        tokens = pointer.split("/")[1:]
        if len(tokens) == len(path) and all(
            one in ("*", other) for one, other in zip(tokens, path, strict=True)
        ):
            return rule
    return None


def _rules(rules: Mapping[str, Rule]) -> Iterator[tuple[str, JsonValue]]:
    for pointer, rule in rules.items():
        if rule == "ignored":
            continue
        matcher: dict[str, JsonValue] = {"match": "equality" if rule == "equal" else "type"}
        if isinstance(rule, ValuePattern):
            matcher = {"match": "regex", "regex": rule.pattern}
        yield _json_path(pointer), {"combine": "AND", "matchers": [matcher]}


def _json_path(pointer: str) -> str:
    steps = []
    for token in pointer.split("/")[1:]:
        name = unescape(token)
        if name == "*" or name.isdigit():
            steps.append(f"[{name}]")
        elif re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            steps.append(f".{name}")
        else:
            steps.append("['" + name.replace("\\", "\\\\").replace("'", "\\'") + "']")
    return "$" + "".join(steps)


def read_pact(value: Mapping[str, JsonValue], api: Api) -> tuple[list[dict[str, JsonValue]], int]:
    """Read the interactions of a pact, and count those that match no operation of the API.

    Raises:
        ImportFileError: If the file is not a pact of version 3 or 4, or has an invalid URL.
    """
    _check_version(value)
    contract = Contract(api)
    found: list[dict[str, JsonValue]] = []
    other_operations = 0
    for index, one in enumerate(value["interactions"]):
        place = f"interactions[{index}]"
        read = _read(contract, one, place) if isinstance(one, dict) else None
        if read is None:
            other_operations += 1
        else:
            names = {other["name"] for other in found}
            read["name"] = _unique(read["name"], names)
            found.append(read)
    return found, other_operations


def _unique(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


def _check_version(value: Mapping[str, JsonValue]) -> None:
    if not isinstance(value.get("interactions"), list) or "consumer" not in value:
        raise ImportFileError("this is not a pact: it lacks `consumer` or `interactions`")
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    named = metadata.get("pactSpecification") or metadata.get("pact-specification") or {}
    version = named.get("version") if isinstance(named, dict) else None
    version = str(version or metadata.get("pactSpecificationVersion") or "unknown")
    if version.partition(".")[0] not in VERSIONS:
        message = f"this pact has version {version[:20]}; only versions 3 and 4 are supported"
        raise ImportFileError(message)


def _read(
    contract: Contract, one: Mapping[str, JsonValue], place: str
) -> dict[str, JsonValue] | None:
    request, response = one.get("request"), one.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict):
        return None
    path = path_below(contract, str(request.get("path") or "/"), place)
    method = str(request.get("method") or "GET").upper()
    operation = contract.operation(method, path) if path else None
    if operation is None:
        return None
    description = str(one.get("description") or operation.id)
    interaction: dict[str, JsonValue] = {
        "name": re.sub(r"[:{}\s]+", " ", description).strip()[:150] or operation.id,
        "operation": operation.id,
        "tags": ["pact"],
    }
    interaction |= _read_states(one)
    interaction["request"] = {"method": method, "path": path, **_read_request(request)}
    answer = interaction["answer"] = _read_answer(response)
    if response_for(operation, answer["status"]) is None:
        answer["undocumented"] = True
    return interaction


def _read_states(one: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Restore the state that `_state` wrote, and name other provider states in a description."""
    states = one.get("providerStates") or one.get("providerState") or []
    if isinstance(states, str):
        return {"description": f"Given {states}"}
    read: dict[str, JsonValue] = {}
    names = []
    for state in states if isinstance(states, list) else []:
        name = state.get("name") if isinstance(state, dict) else None
        if name == _PREPARED_SANDBOX:
            read["given"] = state.get("params")
        elif name not in (_NEW_SANDBOX, None):
            names.append(str(name))
    return {**read, "description": f"Given {', '.join(names)}"} if names else read


def _read_request(request: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    read: dict[str, JsonValue] = {}
    if isinstance(query := request.get("query"), dict) and query:
        read["query"] = {str(name): _one_or_more(one) for name, one in query.items()}
    elif isinstance(query, str) and query:
        read["query"] = _fields(query)
    if headers := header_texts(request):
        read["headers"] = headers
    body, has_body = _read_body(request)
    media_type = {name.lower(): one for name, one in headers.items()}.get("content-type", "")
    if has_body and isinstance(body, str) and "json" not in media_type:
        is_form = "form-urlencoded" in media_type
        read["form" if is_form else "text"] = _fields(body) if is_form else body
    elif has_body:
        read["json"] = body
    return read


def _fields(text: str) -> dict[str, JsonValue]:
    fields = parse_qs(text, keep_blank_values=True)
    return {name: _one_or_more(values) for name, values in fields.items()}


def _one_or_more(value: JsonValue) -> JsonValue:
    values = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    return values[0] if len(values) == 1 else values


def _read_body(part: Mapping[str, JsonValue]) -> tuple[JsonValue, bool]:
    """Return a body, and whether there is one; version 4 wraps it in an object."""
    if "body" not in part:
        return None, False
    body = part["body"]
    if not (isinstance(body, dict) and "content" in body and "contentType" in body):
        return body, body is not None
    content = body["content"]
    if isinstance(content, str) and body.get("encoded"):
        try:
            content = base64.b64decode(content, validate=True).decode()
        except (ValueError, binascii.Error):
            return None, False
        if "json" in str(body["contentType"]):
            try:
                content = read_json(content.encode())
            except (orjson.JSONDecodeError, TooLongIntegerError):
                return content, True
    return content, True


def _read_answer(response: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    status = response.get("status")
    read: dict[str, JsonValue] = {"status": status if isinstance(status, int) else 200}
    if headers := expected_headers(response):
        read["headers"] = headers
    body, has_body = _read_body(response)
    if not has_body:
        return read
    read["json"] = body
    rules = response.get("matchingRules")
    in_body = rules.get("body") if isinstance(rules, dict) else None
    compare = dict(_read_rules(in_body)) if isinstance(in_body, dict) else {}
    if compare:
        read["compare"] = compare
    return read


def _read_rules(rules: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for path, rule in rules.items():
        pointer = _pointer(path)
        matchers = rule.get("matchers") if isinstance(rule, dict) else None
        if pointer is None or not isinstance(matchers, list) or not matchers:
            continue
        first = matchers[0] if isinstance(matchers[0], dict) else {}
        if first.get("match") == "regex" and isinstance(first.get("regex"), str):
            yield pointer, {"pattern": first["regex"]}
        else:
            yield pointer, "equal" if first.get("match") == "equality" else "type"


def _pointer(path: str) -> str | None:
    """Convert the JSONPath of a matching rule to a JSON Pointer; None if that is impossible."""
    if not path.startswith("$"):
        return None
    pointer, position = "", 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return None
        quoted = re.sub(r"\\(.)", r"\1", step[2]) if step[2] is not None else None
        name = step[1] or quoted or step[3] or "*"
        pointer += f"/{escape(name)}"
        position = step.end()
    return pointer
