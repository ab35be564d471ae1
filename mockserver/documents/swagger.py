"""Swagger 2.0 documents in the form of OpenAPI 3.0.

Everything but schemas is converted in place of what it was: parameters and responses that are
references are put where they are used, and each part knows where it stood. Schemas stay where
they are, and are referred to.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from mockserver.base.http import FORM
from mockserver.base.json import JsonValue, escape
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References, followed
from mockserver.documents.swagger_parameters import (
    FORMS,
    MULTIPART,
    encoding_of,
    parameter_of,
    schema_of,
)

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_DROPPED = frozenset(("parameters", "consumes", "produces", "schemes", "responses"))
_KEPT = ("info", "security", "tags", "externalDocs")
_FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}
_JSON = "application/json"


def from_swagger(
    document: Document, references: References, problems: list[SpecProblem]
) -> Document:
    """Return a Swagger 2.0 document as OpenAPI 3.0."""
    converter = _SwaggerConverter(document, references, problems)
    value = converter.document()
    return replace(
        document,
        identity=f"{document.identity} as OpenAPI 3",
        value=value,
        origins=converter.origins,
        original=document,
    )


@dataclass(slots=True)
class _SwaggerConverter:
    whole: Document
    references: References
    problems: list[SpecProblem]
    origins: dict[str, Source] = field(default_factory=dict)

    def document(self) -> dict[str, JsonValue]:
        root = Place(self.whole, "", self.whole.value)
        value = root.value
        converted: dict[str, JsonValue] = {"openapi": "3.0.0", "servers": self._servers(root)}
        converted |= {
            key: member for key, member in value.items() if key in _KEPT or key.startswith("x-")
        }
        converted["paths"] = {
            path: self._item(path, followed(member, self.references, self.problems))
            for path, member in root.child("paths").members()
        }
        schemes = dict(self._schemes(root.child("securityDefinitions")))
        converted["components"] = {"securitySchemes": schemes}
        return converted

    def note_origin(self, place: Place, *keys: str | int) -> None:
        """Note where what stands under a pointer of the conversion comes from."""
        self.origins["".join(f"/{escape(str(key))}" for key in keys)] = place.source

    def _servers(self, root: Place) -> list[JsonValue]:
        place = root.child("host" if "host" in root.value else "basePath")
        self.note_origin(place, "servers")
        host, path = root.child("host").value, root.child("basePath").value
        path = path if isinstance(path, str) else ""
        start = f"//{host}" if isinstance(host, str) else ""
        return [{"url": start + ("" if path.startswith("/") else "/") + path}]

    def _schemes(self, place: Place) -> Iterator[tuple[str, JsonValue]]:
        for name, member in place.members():
            self.note_origin(member, "components", "securitySchemes", name)
            value = member.value
            kind = value.get("type") if isinstance(value, dict) else None
            if kind == "basic":
                value = {"type": "http", "scheme": "basic"}
            elif kind == "oauth2":
                flow = _FLOWS.get(str(value.get("flow")), "implicit")
                value = {"type": "oauth2", "flows": {flow: value}}
            yield name, value

    def _item(self, path: str, item: Place) -> JsonValue:
        if not isinstance(item.value, dict):
            return item.value
        self.note_origin(item, "paths", path)
        converted: dict[str, JsonValue] = {}
        for key, member in item.members():
            if key in _METHODS and isinstance(member.value, dict):
                shared = item.child("parameters")
                at = ("paths", path, key)
                converted[key] = _SwaggerOperation(self, at, member, shared).converted()
            elif key != "parameters":
                converted[key] = member.value
        return converted

    def list_of(self, place: Place, key: str) -> list[str]:
        """Return an operation's media types, else those of the document."""
        own = place.child(key)
        if not isinstance(own.value, list):
            own = Place(self.whole, "", self.whole.value).child(key)
        return list(dict.fromkeys(str(item.value) for item in own.items()))

    def reference(self, schema: Place) -> dict[str, JsonValue]:
        """Refer to a schema where it stands."""
        target, here = schema.document, self.whole
        file = ""
        if target.path is not None and here.path is not None and target.path != here.path:
            file = quote(os.path.relpath(target.path, Path(here.path).parent))
        return {"$ref": f"{file}#{quote(schema.pointer)}"}


@dataclass(slots=True)
class _SwaggerOperation:
    """An operation that is being converted."""

    document: _SwaggerConverter
    at: tuple[str, ...]
    """The keys on the way to it."""
    place: Place
    shared: Place
    """The parameters of its path."""

    def converted(self) -> dict[str, JsonValue]:
        place = self.place
        self.document.note_origin(place, *self.at)
        value = {key: item for key, item in place.value.items() if key not in _DROPPED}
        found = self._parameters()
        value["parameters"] = list(self._plain(found))
        forms = [item for item in found if item.value["in"] == "formData"]
        bodies = [item for item in found if item.value["in"] == "body"]
        if body := self._body(bodies[0]) if bodies else self._form(forms):
            value["requestBody"] = body
        for superfluous in (*bodies[1:], *(forms if bodies else ())):
            message = "an operation has one body; this part of it is left out"
            self.document.problems.append(warning(superfluous.source, message))
        if "responses" in place.value:
            responses = place.child("responses")
            self._from(responses, "responses")
            value["responses"] = {
                status: self._response(status, member) for status, member in responses.members()
            }
        return value

    def _from(self, place: Place, *keys: str | int) -> None:
        self.document.note_origin(place, *self.at, *keys)

    def _follow(self, place: Place) -> Place:
        return followed(place, self.document.references, self.document.problems)

    def _parameters(self) -> list[Place]:
        """List the parameters of path and operation, of which the latter replace the former."""
        found: dict[tuple[str, str], Place] = {}
        for item in (*self.shared.items(), *self.place.child("parameters").items()):
            place = self._follow(item)
            name, where = place.child("name").value, place.child("in").value
            if isinstance(name, str) and isinstance(where, str):
                found[name, where] = place
            elif place.value is not None:
                message = "a parameter needs a `name` and an `in`"
                self.document.problems.append(warning(place.source, message))
        return list(found.values())

    def _plain(self, found: list[Place]) -> Iterator[JsonValue]:
        places = [item for item in found if item.value["in"] not in ("body", "formData")]
        for index, place in enumerate(places):
            self._from(place, "parameters", index)
            self._from(place, "parameters", index, "schema")
            yield parameter_of(place, self.document.problems)

    def _body(self, place: Place) -> JsonValue:
        self._from(place, "requestBody")
        media: dict[str, JsonValue] = {}
        schema = place.child("schema")
        if schema.value is not None:
            media["schema"] = self.document.reference(schema)
        types = self.document.list_of(self.place, "consumes") or [_JSON]
        for name in types:
            self._from(schema, "requestBody", "content", name, "schema")
        required = place.value.get("required") is True
        return {"required": required, "content": dict.fromkeys(types, media)}

    def _form(self, places: list[Place]) -> JsonValue:
        if not places:
            return None
        has_file = any(place.value.get("type") == "file" for place in places)
        types = [
            name for name in self.document.list_of(self.place, "consumes") if name.lower() in FORMS
        ]
        if has_file and MULTIPART not in types:
            types = [MULTIPART]
        types = types or [FORM]
        for name in types:
            for place in places:
                at = ("requestBody", "content", name, "schema", "properties")
                self._from(place, *at, place.value["name"])
        self._from(places[0], "requestBody")
        required = [item.value["name"] for item in places if item.value.get("required") is True]
        properties = {place.value["name"]: schema_of(place) for place in places}
        schema: dict[str, JsonValue] = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        encoding = {place.value["name"]: found for place in places if (found := encoding_of(place))}
        media = {"schema": schema, "encoding": encoding}
        return {"required": bool(required), "content": dict.fromkeys(types, media)}

    def _response(self, status: str, member: Place) -> JsonValue:
        place = self._follow(member)
        if not isinstance(place.value, dict):
            return place.value
        self._from(place, "responses", status)
        headers = {
            name: self._header(status, name, header)
            for name, header in place.child("headers").members()
        }
        return {
            "description": place.child("description").value,
            "headers": headers,
            "content": dict(self._content(status, place)),
        }

    def _header(self, status: str, name: str, place: Place) -> JsonValue:
        self._from(place, "responses", status, "headers", name, "schema")
        return {"schema": schema_of(place)} if isinstance(place.value, dict) else place.value

    def _content(self, status: str, place: Place) -> Iterator[tuple[str, JsonValue]]:
        schema, examples = place.child("schema"), place.child("examples")
        shown: Mapping[str, Place] = dict(examples.members())
        types = self.document.list_of(self.place, "produces") if schema.value is not None else []
        if schema.value is not None and not types and not shown:
            types = [_JSON]
        for name in dict.fromkeys((*types, *shown)):
            at = ("responses", status, "content", name)
            media: dict[str, JsonValue] = {}
            if schema.value is not None:
                self._from(schema, *at, "schema")
                media["schema"] = self._schema(schema)
            if name in shown:
                self._from(shown[name], *at, "example")
                media["example"] = shown[name].value
            yield name, media

    def _schema(self, schema: Place) -> JsonValue:
        """Refer to the schema of an answer; a file is text of any form."""
        if isinstance(schema.value, dict) and schema.value.get("type") == "file":
            return {"type": "string", "format": "binary"}
        return self.document.reference(schema)
