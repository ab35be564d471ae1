"""Write the OpenAPI document of the control API from the declarations of its calls.

`document_calls.py` serves it and `page_calls.py` shows it. In: the context with all calls, and the
URL of the server. Out: an OpenAPI 3.1 document as a JSON value. The problems of a call are those
that it declares, and those that follow from its query, its body and the token. It is made anew each
time. The documents of the served APIs are not made here: `document_calls.py` adapts these.
"""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from pydantic import TypeAdapter

from mockserver import __version__
from mockserver.base.asgi import CONTROL_PREFIX
from mockserver.base.json import JsonValue
from mockserver.control.declarations import SANDBOX_SCHEMA, Call, ControlContext, SandboxQuery
from mockserver.control.problem_responses import JSON
from mockserver.engine.rendering import PROBLEM

Json = dict[str, JsonValue]
_WRITING = frozenset(("POST", "PUT", "PATCH"))
_PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "errors": {
            "type": "array",
            "description": "All errors of the query or the body.",
            "items": {
                "type": "object",
                "required": ["where", "pointer", "message"],
                "properties": {
                    "where": {"enum": ["query", "body"]},
                    "field": {"type": "string"},
                    "pointer": {"type": "string", "description": "JSON Pointer."},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
_MEANING = {
    400: "the name of the sandbox is invalid, or the body is not JSON",
    401: "the token is missing or wrong",
    403: "the request comes from another site or another machine",
    404: "the resource does not exist",
    409: "something has this name, key or unique value, or the history begins later",
    413: "the body is too large",
    415: "the body is not application/json",
    422: "a parameter or the body is invalid; nothing was changed",
    503: "a limit of the sandbox or the server is reached",
}
_PATH_PARAMETERS = {
    "api": "Name of the API.",
    "collection": "Name of the collection.",
    "key": "Key of the record.",
    "id": "Id of the resource.",
    "name": "Name of the sandbox.",
    "file": "Name of the file.",
}


def openapi(context: ControlContext, origin: str) -> Json:
    """Return the OpenAPI 3.1 document of all calls."""
    schemas, definitions = _schemas(context.calls)
    paths: dict[str, Json] = {}
    for call in context.calls:
        operation = _operation(call, schemas, context)
        paths.setdefault(call.template, {})[call.method.lower()] = operation
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "mockserver control API",
            "version": __version__,
            "description": "Shows and changes sandboxes: clock, records, messages, requests.",
        },
        "servers": [{"url": f"{origin}{CONTROL_PREFIX}"}],
        "tags": [{"name": name} for name in dict.fromkeys(call.tag for call in context.calls)],
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM, **definitions}},
    }
    if context.requires_token:
        scheme = {"type": "http", "scheme": "bearer", "description": "`--control-token`"}
        document["components"]["securitySchemes"] = {"token": scheme}
        document["security"] = [{"token": []}]
    return document


def _schemas(calls: Iterable[Call]) -> tuple[dict[str, Json], Json]:
    """Return the schemas of all bodies and results, and the definitions that they share."""
    inputs: list[JsonValue] = []
    for call in calls:
        if call.body is not None:
            inputs.append((f"{call.id} body", "validation", TypeAdapter(call.body)))
        if call.result is not None:
            inputs.append((f"{call.id} result", "serialization", TypeAdapter(call.result)))
    found, shared = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    return {str(name): schema for (name, _), schema in found.items()}, shared.get("$defs", {})


def _operation(call: Call, schemas: dict[str, Json], context: ControlContext) -> Json:
    operation: Json = {
        "operationId": call.id,
        "tags": [call.tag],
        "summary": call.summary,
        "parameters": [*_path_parameters(call, context), *_query_parameters(call)],
        "responses": {
            **{str(status): _answer(call, status, schemas) for status in call.statuses},
            **{str(status): _problem(status) for status in sorted(_problems(call, context))},
        },
    }
    if call.description:
        operation["description"] = call.description
    if call.body is not None:
        media = _media(schemas[f"{call.id} body"], call.body_example)
        operation["requestBody"] = {"required": not call.body_optional, "content": {JSON: media}}
    return operation


def _path_parameters(call: Call, context: ControlContext) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)\}", call.template):
        schema: Json = {"type": "string", "minLength": 1}
        if name == "api":
            schema = {"enum": list(context.engine.apis)}
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMETERS[name],
            "schema": SANDBOX_SCHEMA if name == "name" else schema,
        }


def _query_parameters(call: Call) -> Iterator[Json]:
    for name, given in call.query.model_json_schema().get("properties", {}).items():
        alternatives = [one for one in given.get("anyOf", [given]) if one != {"type": "null"}]
        kept = ("title", "description", "anyOf")
        schema = {
            key: value
            for key, value in {**given, **alternatives[0]}.items()
            if key not in kept and value is not None
        }
        described = {"description": given.get("description", ""), "schema": schema}
        yield {"name": name, "in": "query", **described}
    if issubclass(call.query, SandboxQuery):
        description = "Name of the sandbox, unless the query has one."
        header = {"name": "Mock-Sandbox", "in": "header", "description": description}
        yield {**header, "schema": SANDBOX_SCHEMA}
    for name, description in call.headers.items():
        described = {"description": description, "schema": {"type": "string"}}
        yield {"name": name, "in": "header", **described}


def _answer(call: Call, status: int, schemas: dict[str, Json]) -> Json:
    answer: Json = {"description": HTTPStatus(status).phrase}
    if call.result is not None:
        schema = schemas[f"{call.id} result"]
        answer["content"] = {call.media_type: _media(schema, call.result_example)}
    return answer


def _media(schema: Json, example: JsonValue) -> Json:
    return {"schema": schema} if example is None else {"schema": schema, "example": example}


def _problem(status: int) -> Json:
    phrase = HTTPStatus(status).phrase
    meaning = _MEANING.get(status, phrase)
    example = {"type": "about:blank", "title": phrase, "status": status, "detail": meaning}
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {PROBLEM: {"schema": schema, "example": example}}
    return {"description": f"{phrase}: {meaning}", "content": content}


def _problems(call: Call, context: ControlContext) -> set[int]:
    """Return the statuses of all problems of a call."""
    found = {403, 422, *call.problems}
    if context.requires_token:
        found.add(401)
    if issubclass(call.query, SandboxQuery):
        found |= {400, 503 if call.may_create else 404}
    if call.body is not None:
        found |= {400, 413}
    if call.method in _WRITING:
        found.add(415)
    return found
