"""From a document to the `x-mock` that it doesn't say: inferred, merged in, or printed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem
from mockserver.documents.references import Place
from mockserver.inference.actions import ActionWriter
from mockserver.inference.object_schemas import SchemaReader, reference
from mockserver.inference.recognition import Recognition, Resource, Route, recognise
from mockserver.inference.seed_records import belonging, seeds, singles, written
from mockserver.language.expressions import LONGEST_EXPRESSION
from mockserver.model.api import Recognised
from mockserver.schemas.validators import Schemas

Block = dict[str, JsonValue]


@dataclass(slots=True)
class Inference:
    """What `--stateful` adds to a document."""

    recognition: Recognition
    whole: Place
    document: Block = field(default_factory=dict)
    """`x-mock` for the document."""
    operations: dict[tuple[str, str], Block] = field(default_factory=dict)
    """`x-mock` of operations, by path and method."""

    @property
    def recognised(self) -> Recognised:
        """What people are told of it."""
        resources: dict[str, str] = {}
        for one in self.recognition.resources:
            resources.setdefault(one.name, one.path)
        left = tuple(
            SpecProblem(place.source, f"{path} is no resource: {reason}")
            for place, path, reason in self.recognition.left
        )
        return Recognised(resources, left, self.overlay)

    def overlay(self) -> Block:
        """Write what was inferred as an OpenAPI Overlay that extends the document's file."""
        actions: list[JsonValue] = []
        if self.document:
            actions.append({"target": "$", "update": {"x-mock": self.document}})
        for (path, method), block in self.operations.items():
            name = path.replace("\\", "\\\\").replace("'", "\\'")
            target = f"$.paths['{name}'].{method}"
            actions.append({"target": target, "update": {"x-mock": block}})
        file = PurePath(self.whole.document.file).name
        info = {"title": f"State for {file}", "version": "1"}
        return {"overlay": "1.0.0", "info": info, "extends": file, "actions": actions}


def infer(whole: Place, schemas: Schemas, built_in: Iterable[str]) -> Inference:
    """Find what a document's operations do to its resources."""
    reader = SchemaReader(schemas)
    declared = whole.descend("x-mock", "collections").value
    own = declared if isinstance(declared, dict) else {}
    if whole.descend("x-mock", "resource").value is False:
        return Inference(Recognition(), whole)
    found = Inference(recognise(whole.child("paths"), reader, built_in), whole)
    for resource in found.recognition.resources:
        _keep_key(resource, own)
        for route, method, block in _blocks(resource, found.recognition, reader, schemas):
            found.operations.setdefault((route.path, method), block)
    used = {block["resource"] for block in found.operations.values()}
    resources = [one for one in found.recognition.resources if one.name in used]
    found.recognition.resources = resources
    collections = {
        one.name: {"key": one.key, "schema": reference(one.view.place, whole), **_indexed(one)}
        for one in resources
        if one.name not in own
    }
    if collections:
        records = _records(resources, collections, schemas, reader)
        found.document = {"collections": collections, **({"records": records} if records else {})}
    return found


def _keep_key(resource: Resource, declared: Mapping[str, JsonValue]) -> None:
    """Use the key of a collection that the document declares itself."""
    given = declared.get(resource.name)
    key = given.get("key", "id") if isinstance(given, dict) else None
    if key in resource.view.properties:
        resource.key = str(key)


def _indexed(resource: Resource) -> Block:
    fields = [parent.field for parent in resource.parents if parent.resource is not None]
    return {"indexed": list(dict.fromkeys(fields))} if fields else {}


def _records(
    resources: list[Resource], wanted: Iterable[str], schemas: Schemas, reader: SchemaReader
) -> Block:
    known: dict[str, list[dict[str, JsonValue]]] = {}
    for resource in resources:
        if resource.name in wanted and resource.name not in known:
            known[resource.name] = (
                singles(resource, known, reader)
                if resource.is_single
                else belonging(resource, seeds(resource, schemas, reader), known)
            )
    return {name: written(records) for name, records in known.items() if records}


def _blocks(
    resource: Resource, recognition: Recognition, reader: SchemaReader, schemas: Schemas
) -> Iterable[tuple[Route, str, Block]]:
    """Yield what a resource's operations do, each with its path and method."""
    children = tuple(
        {
            other.name: other
            for other in recognition.resources
            if any(parent.resource is resource for parent in other.parents)
        }.values()
    )
    for route, method, verb in _verbs(resource):
        operation = route.operations.get(method)
        if operation is None or not _is_free(operation):
            continue
        place = route.operations.get("get", operation) if method == "head" else operation
        writer = ActionWriter(resource, route, place, reader, schemas, children)
        steps = getattr(writer, verb)()
        if steps and not _is_too_long(steps):
            yield route, method, {"resource": resource.name, "steps": steps}


def _is_too_long(value: JsonValue) -> bool:
    """Tell whether an expression is longer than one may be: its operation stays as it is."""
    if isinstance(value, dict | list):
        return any(map(_is_too_long, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and len(value) > LONGEST_EXPRESSION


_OF_COLLECTION = {
    "get": "page",
    "post": "post",
    "put": "put_by_body",
    "head": "page",
    "delete": "clear",
}
_OF_ITEM = {"get": "get", "head": "get", "put": "put", "patch": "patch", "delete": "delete"}


def _verbs(resource: Resource) -> Iterable[tuple[Route, str, str]]:
    if resource.collection is not None:
        yield from ((resource.collection, *pair) for pair in _OF_COLLECTION.items())
    if resource.item is not None:
        yield from ((resource.item, *pair) for pair in _OF_ITEM.items())
    yield from ((route, "get", "search") for route in resource.searches)
    for route in resource.parts:
        yield from ((route, method, "part") for method in ("get", "put", "patch"))
    yield from ((route, method, "act") for route in resource.actions for method in route.operations)


def _is_free(operation: Place) -> bool:
    """Tell whether an operation leaves it to the inference what it does."""
    own = operation.child("x-mock").value
    if not isinstance(own, dict):
        return own is None
    return "steps" not in own and own.get("resource") is not False
