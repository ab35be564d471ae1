"""Convert Swagger 2.0 documents to OpenAPI 3.0; `openapi/compiler.py` calls `from_swagger`.

References to parameters and responses are replaced with their targets. Schemas are not copied: the
converted document refers to them in the original, `Document.original`. The converted document
records the origin of every part, so that problems point into the original file. What has no
counterpart is added to `problems` as warnings; nothing is raised.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from mockserver.base.http import FORM, media_type
from mockserver.base.json import JsonValue, escape
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References, resolve_or_warn
from mockserver.documents.swagger_parameters import (
    FORMS,
    MULTIPART,
    encoding_of,
    form_schema_of,
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
    """Return a Swagger 2.0 document converted to OpenAPI 3.0."""
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
        """Return the converted document."""
        root = Place(self.whole, "", self.whole.value)
        value = root.value
        converted: dict[str, JsonValue] = {"openapi": "3.0.0", "servers": self._servers(root)}
        converted |= {
            key: member for key, member in value.items() if key in _KEPT or key.startswith("x-")
        }
        converted["paths"] = {
            path: self._item(path, resolve_or_warn(member, self.references, self.problems))
            for path, member in root.child("paths").members()
        }
        schemes = dict(self._schemes(root.child("securityDefinitions")))
        converted["components"] = {"securitySchemes": schemes}
        return converted

    def note_origin(self, place: Place, *keys: str | int) -> None:
        """Record where the part at `keys` of the converted document comes from."""
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
                location = ("paths", path, key)
                converted[key] = _SwaggerOperation(self, location, member, shared).converted()
            elif key != "parameters":
                converted[key] = member.value
        return converted

    def types_of(self, place: Place, key: str) -> list[str]:
        """Return the media types of an operation, else those of the document.

        Args:
            place: The operation.
            key: `consumes` or `produces`.
        """
        own = place.child(key)
        if not isinstance(own.value, list):
            own = Place(self.whole, "", self.whole.value).child(key)
        return list(dict.fromkeys(str(item.value) for item in own.items()))

    def reference(self, schema: Place) -> dict[str, JsonValue]:
        """Return a reference to a schema in the original documents."""
        target, source = schema.document, self.whole
        file = ""
        if target.path is not None and source.path is not None and target.path != source.path:
            file = quote(os.path.relpath(target.path, Path(source.path).parent))
        return {"$ref": f"{file}#{quote(schema.pointer)}"}


@dataclass(slots=True)
class _SwaggerOperation:
    """An operation of Swagger 2.0."""

    document: _SwaggerConverter
    location: tuple[str, ...]
    """The keys that lead to it in the document."""
    place: Place
    shared: Place
    """The parameters of its path item."""

    def converted(self) -> dict[str, JsonValue]:
        """Return the operation in the form of OpenAPI 3.0."""
        place = self.place
        self.document.note_origin(place, *self.location)
        value = {key: item for key, item in place.value.items() if key not in _DROPPED}
        found = self._parameters()
        value["parameters"] = list(self._non_body_parameters(found))
        forms = [item for item in found if item.value["in"] == "formData"]
        bodies = [item for item in found if item.value["in"] == "body"]
        if body := self._body(bodies[0]) if bodies else self._form(forms):
            value["requestBody"] = body
        for ignored in (*bodies[1:], *(forms if bodies else ())):
            message = "an operation can have only one request body; this parameter is ignored"
            self.document.problems.append(warning("MS118", ignored.source, message, "remove it"))
        if "responses" in place.value:
            responses = place.child("responses")
            self._note_origin(responses, "responses")
            value["responses"] = {
                status: self._response(status, member) for status, member in responses.members()
            }
        return value

    def _note_origin(self, place: Place, *keys: str | int) -> None:
        self.document.note_origin(place, *self.location, *keys)

    def _follow(self, place: Place) -> Place:
        return resolve_or_warn(place, self.document.references, self.document.problems)

    def _parameters(self) -> list[Place]:
        """Return the parameters of the operation, and those of the path it does not override."""
        found: dict[tuple[str, str], Place] = {}
        for item in (*self.shared.items(), *self.place.child("parameters").items()):
            place = self._follow(item)
            name, where = place.child("name").value, place.child("in").value
            if isinstance(name, str) and isinstance(where, str):
                found[name, where] = place
            elif place.value is not None:
                message = "a parameter must have a `name` and an `in`; this one is ignored"
                self.document.problems.append(warning("MS112", place.source, message))
        return list(found.values())

    def _non_body_parameters(self, found: list[Place]) -> Iterator[JsonValue]:
        places = [item for item in found if item.value["in"] not in ("body", "formData")]
        for index, place in enumerate(places):
            self._note_origin(place, "parameters", index)
            self._note_origin(place, "parameters", index, "schema")
            yield parameter_of(place, self.document.problems)

    def _body(self, place: Place) -> JsonValue:
        self._note_origin(place, "requestBody")
        media: dict[str, JsonValue] = {}
        schema = place.child("schema")
        if schema.value is not None:
            media["schema"] = self.document.reference(schema)
        types = self.document.types_of(self.place, "consumes") or [_JSON]
        for name in types:
            self._note_origin(schema, "requestBody", "content", name, "schema")
        required = place.value.get("required") is True
        return {"required": required, "content": dict.fromkeys(types, media)}

    def _form(self, places: list[Place]) -> JsonValue:
        if not places:
            return None
        has_file = any(place.value.get("type") == "file" for place in places)
        types = [
            name for name in self.document.types_of(self.place, "consumes") if name.lower() in FORMS
        ]
        if has_file and MULTIPART not in types:
            types = [MULTIPART]
        types = types or [FORM]
        for name in types:
            for place in places:
                keys = ("requestBody", "content", name, "schema", "properties")
                self._note_origin(place, *keys, place.value["name"])
        self._note_origin(places[0], "requestBody")
        required = [item.value["name"] for item in places if item.value.get("required") is True]
        properties = {place.value["name"]: form_schema_of(place) for place in places}
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
        self._note_origin(place, "responses", status)
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
        self._note_origin(place, "responses", status, "headers", name, "schema")
        return {"schema": schema_of(place)} if isinstance(place.value, dict) else place.value

    def _content(self, status: str, place: Place) -> Iterator[tuple[str, JsonValue]]:
        schema, examples = place.child("schema"), place.child("examples")
        by_type: Mapping[str, Place] = dict(examples.members())
        produced = self.document.types_of(self.place, "produces")
        types = produced if schema.value is not None else []
        if schema.value is not None and not types and not by_type:
            types = [_JSON]
        found = _examples_of_types(produced, by_type)
        for name in dict.fromkeys((*types, *found)):
            keys = ("responses", status, "content", name)
            media: dict[str, JsonValue] = {}
            if schema.value is not None:
                self._note_origin(schema, *keys, "schema")
                media["schema"] = self._schema(schema)
            if name in found:
                self._note_origin(found[name], *keys, "example")
                media["example"] = found[name].value
            yield name, media

    def _schema(self, schema: Place) -> JsonValue:
        """Return a reference to the schema of an answer; replace type `file` with binary text."""
        if isinstance(schema.value, dict) and schema.value.get("type") == "file":
            return {"type": "string", "format": "binary"}
        return self.document.reference(schema)


def _examples_of_types(produced: list[str], examples: Mapping[str, Place]) -> dict[str, Place]:
    """Return examples by the media types that are produced.

    The key of an example may lack the parameters of a type, or be a range such as `*/*`.
    """
    wanted = {key: media_type(key) for key in examples}
    found: dict[str, Place] = {}
    used: set[str] = set()
    for name in produced:
        given = media_type(name)
        closest = max(
            wanted, key=lambda key: (key == name, wanted[key].admits(given)), default=None
        )
        if closest is not None and (closest == name or wanted[closest].admits(given)):
            found[name] = examples[closest]
            used.add(closest)
    return found | {key: place for key, place in examples.items() if key not in used}
