"""The documents of the comparison: small, of a thousand operations, and deeply recursive."""

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

CASES: dict[str, Json] = {
    "an example": {"method": "GET", "path": "/example"},
    "generated from a schema": {"method": "GET", "path": "/generated"},
    "generated anew each time": {
        "method": "GET",
        "path": "/generated",
        "headers": {"Prefer": "dynamic=true"},
    },
    "a validated POST": {
        "method": "POST",
        "path": "/orders",
        "headers": {"Content-Type": "application/json"},
        "body": {
            "customer": "ann@example.com",
            "lines": [{"sku": "A-1", "quantity": 2}, {"sku": "B-22", "quantity": 1}],
            "note": "ring twice",
        },
    },
}
"""The requests that are compared, by what they ask for."""

_LINE: Json = {
    "type": "object",
    "required": ["sku", "quantity"],
    "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]-[0-9]+$"},
        "quantity": {"type": "integer", "minimum": 1},
    },
}
_ORDER: Json = {
    "type": "object",
    "required": ["customer", "lines"],
    "properties": {
        "customer": {"type": "string", "format": "email"},
        "lines": {"type": "array", "minItems": 1, "items": _LINE},
        "note": {"type": "string", "maxLength": 100},
    },
}
_ANSWERED: Json = {
    "type": "object",
    "required": ["id", "status", "order"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "status": {"type": "string", "enum": ["open", "paid"]},
        "total": {"type": "number", "minimum": 0},
        "created_at": {"type": "string", "format": "date-time"},
        "order": {"$ref": "#/components/schemas/Order"},
    },
}
_EXAMPLE: Json = {"id": 1, "name": "Ann", "tags": ["a", "b"], "address": {"city": "Rome"}}


def _answer(schema: Json, example: Json | None = None) -> Json:
    media = {"schema": schema} | ({} if example is None else {"example": example})
    return {"200": {"description": "done", "content": {"application/json": media}}}


def _document(generated: Json, schemas: Json) -> Json:
    order = {"$ref": "#/components/schemas/Order"}
    body = {"required": True, "content": {"application/json": {"schema": order}}}
    schemas = {"Order": _ORDER, "Answered": _ANSWERED, **schemas}
    post = {"requestBody": body, "responses": _answer({"type": "object"}, {"status": "open"})}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Compared", "version": "1"},
        "paths": {
            "/example": {"get": {"responses": _answer({"type": "object"}, _EXAMPLE)}},
            "/generated": {"get": {"responses": _answer(generated)}},
            "/orders": {"post": post},
        },
        "components": {"schemas": schemas},
    }


def _small() -> Json:
    return _document({"$ref": "#/components/schemas/Answered"}, {})


def _large() -> Json:
    """Five operations for each of 200 kinds of things, before those that are asked."""
    document = _small()
    paths: Json = {}
    for number in range(200):
        name = f"Thing{number}"
        members = {f"field_{index}": {"type": "string"} for index in range(10)}
        thing = {"type": "object", "required": ["field_0"], "properties": members}
        document["components"]["schemas"][name] = thing
        reference = {"$ref": f"#/components/schemas/{name}"}
        body = {"content": {"application/json": {"schema": reference}}}
        parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        one, written = {"responses": _answer(reference)}, {"requestBody": body}
        paths[f"/things{number}"] = {
            "get": {"responses": _answer({"type": "array", "items": reference})},
            "post": {**written, **one},
        }
        item = {"get": one, "put": {**written, **one}, "delete": one}
        paths[f"/things{number}/{{id}}"] = {"parameters": [parameter], **item}
    return {**document, "paths": {**paths, **document["paths"]}}


def _recursive() -> Json:
    """A tree whose nodes hold trees of another kind, and those trees again."""
    tree: Json = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "parent": {"$ref": "#/components/schemas/Branch"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        },
    }
    branch: Json = {
        "type": "object",
        "required": ["label"],
        "properties": {
            "label": {"type": "string"},
            "trees": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
            "next": {"$ref": "#/components/schemas/Branch"},
        },
    }
    return _document({"$ref": "#/components/schemas/Tree"}, {"Tree": tree, "Branch": branch})


def write_documents(folder: Path) -> dict[str, Path]:
    """Write the documents and return their files by what they are."""
    made = {"small": _small(), "1,000 operations": _large(), "recursive": _recursive()}
    files = {}
    for number, (name, document) in enumerate(made.items()):
        files[name] = folder / f"compared{number}.json"
        files[name].write_text(json.dumps(document))
    return files
