"""Infer stateful behaviour from a document, and write it as `x-mock`.

In: an OpenAPI document and its schemas. Out: an `Inference`: `x-mock` blocks for the document and
its operations, and the resources that were recognised. Caller: `openapi/compiler.py`, if
`Loader.stateful` is set (`--stateful`, `mockserver infer`). Nothing is raised: what is not
recognised is listed with its reason. No request is handled here: the compiled `x-mock` does that.

What is recognised as a resource:

- A collection `/things` with its items `/things/{thingId}`, or one of the two alone, if there is
  more to do than to read items. A collection without an item path needs GET and POST.
- A list of a known item schema under an owner, such as `/owners/{ownerId}/things`, if the schema
  has a property for the key of the owner.
- A single object that can be read and written at one path, such as `/settings`.
- Paths of a known resource: searches (`/things/findByStatus`), actions
  (`/things/{thingId}/cancel`), and parts of an item (`/things/{thingId}/name`).

What is required of the schemas:

- A JSON schema must describe an item as an object. It is taken from the answers first, because they
  show more than the requests.
- One property must be the key: the one that the path parameter names, else `id` and the like.
  There is no resource without a key.
- Everything else follows from the names and types that the document uses: which query parameters
  page, sort, filter or compare, which members of an envelope hold a total or a link, which
  properties are times, and which value of an enum an action leads to.

What is never guessed:

- A parameter or a member with a name that has no clear meaning has no effect. A parameter is
  accepted, ignored and reported; a member is left out and, if it is required, sampled from its
  schema.
- An operation whose effect on the state cannot be written completely stays as the document
  describes it, and answers its examples. Steps without an answer of their own are followed by the
  documented answer.
- Nothing is inferred from a description, a summary, an operationId or a tag: prose promises
  nothing, and it changes without notice.
- The format of JSON:API is not recognised; its items are not objects with a key of their own.

Precedence: what the document says always wins.

- `x-mock: {resource: false}` of the document switches inference off; on an operation it keeps the
  operation as documented.
- An operation with `steps` of its own keeps them. Other keys of its `x-mock` are merged with the
  inferred ones.
- A declared collection keeps its key, schema and records; only operations are inferred for it.
- Of two resources that infer the same operation, the first one wins.

The result is plain `x-mock`, merged into the document before it is compiled. So inferred behaviour
runs in the same way as written behaviour, and the overlay that `infer` prints does the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, note
from mockserver.documents.references import Place
from mockserver.inference.action_steps import ActionWriter
from mockserver.inference.object_schemas import SchemaReader, reference
from mockserver.inference.recognition import Recognition, Resource, Route, recognise
from mockserver.inference.seed_records import (
    as_document_data,
    example_records,
    single_records,
    with_owners,
)
from mockserver.language.expressions import LONGEST_EXPRESSION
from mockserver.model.api import Recognised
from mockserver.schemas.validators import Schemas

Block = dict[str, JsonValue]


@dataclass(slots=True)
class Inference:
    """The `x-mock` that `--stateful` adds to a document."""

    recognition: Recognition
    whole: Place
    document: Block = field(default_factory=dict)
    """`x-mock` for the document."""
    operations: dict[tuple[str, str], Block] = field(default_factory=dict)
    """`x-mock` of operations, by path and method."""
    ignored: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Query parameters without effect, by path and method of an operation."""

    @property
    def recognised(self) -> Recognised:
        """The resources, the other paths, and the overlay, for people to read."""
        resources: dict[str, str] = {}
        for one in self.recognition.resources:
            resources.setdefault(one.name, one.path)
        others = tuple(
            SpecProblem("MS513", place.source, f"{path} is not a resource: {reason}")
            for place, path, reason in self.recognition.unrecognised
        )
        return Recognised(resources, (*others, *self._ignored_parameters()), self.overlay)

    def _ignored_parameters(self) -> Iterator[SpecProblem]:
        for (path, method), names in self.ignored.items():
            source = self.whole.descend("paths", path, method).source
            for name in names:
                what = f"{method.upper()} {path}: the query parameter {name!r}"
                yield note("MS516", source, f"{what} has no effect on the records")

    def overlay(self) -> Block:
        """Return the inferred `x-mock` as an OpenAPI Overlay that extends the document's file."""
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
    """Infer the resources of a document, and what its operations do to them.

    Args:
        whole: The document.
        schemas: The schemas of the document.
        built_in: Names of collections that no resource may have.
    """
    reader = SchemaReader(schemas)
    declared = whole.descend("x-mock", "collections").value
    own = declared if isinstance(declared, dict) else {}
    if whole.descend("x-mock", "resource").value is False:
        return Inference(Recognition(), whole)
    found = Inference(recognise(whole.child("paths"), reader, built_in), whole)
    for resource in found.recognition.resources:
        _use_declared_key(resource, own)
        for route, method, block, ignored in _blocks(resource, found.recognition, reader, schemas):
            if (route.path, method) not in found.operations:
                found.operations[route.path, method] = block
                if ignored:
                    found.ignored[route.path, method] = ignored
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


def _use_declared_key(resource: Resource, declared: Mapping[str, JsonValue]) -> None:
    """Use the key of a collection that the document declares itself."""
    collection = declared.get(resource.name)
    key = collection.get("key", "id") if isinstance(collection, dict) else None
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
                single_records(resource, known, reader)
                if resource.is_single
                else with_owners(resource, example_records(resource, schemas, reader), known)
            )
    return {name: as_document_data(records) for name, records in known.items() if records}


def _blocks(
    resource: Resource, recognition: Recognition, reader: SchemaReader, schemas: Schemas
) -> Iterable[tuple[Route, str, Block, tuple[str, ...]]]:
    """Yield the `x-mock` of a resource's operations, and their parameters without effect."""
    children = tuple(
        {
            other.name: other
            for other in recognition.resources
            if any(parent.resource is resource for parent in other.parents)
        }.values()
    )
    for route, method, name in _writers(resource):
        operation = route.operations.get(method)
        if operation is None or not _is_open(operation):
            continue
        place = route.operations.get("get", operation) if method == "head" else operation
        writer = ActionWriter(resource, route, place, reader, schemas, children)
        steps = getattr(writer, name)()
        if steps and not _is_too_long(steps):
            ignored = writer.ignored_parameters() if name in ("page", "search") else ()
            yield route, method, {"resource": resource.name, "steps": steps}, ignored


def _is_too_long(value: JsonValue) -> bool:
    """Return True if an expression exceeds the limit; its operation stays as documented."""
    if isinstance(value, dict | list):
        return any(map(_is_too_long, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and len(value) > LONGEST_EXPRESSION


_COLLECTION_WRITERS = {
    "get": "page",
    "post": "post",
    "put": "put_by_body",
    "head": "page",
    "delete": "clear",
}
_ITEM_WRITERS = {"get": "get", "head": "get", "put": "put", "patch": "patch", "delete": "delete"}
"""Methods of the step writer, by HTTP method."""


def _writers(resource: Resource) -> Iterable[tuple[Route, str, str]]:
    """Yield each route and method of a resource with the method of the step writer for it."""
    if resource.collection is not None:
        yield from ((resource.collection, *pair) for pair in _COLLECTION_WRITERS.items())
    if resource.item is not None:
        yield from ((resource.item, *pair) for pair in _ITEM_WRITERS.items())
    yield from ((route, "get", "search") for route in resource.searches)
    for route in resource.parts:
        yield from ((route, method, "part") for method in ("get", "put", "patch"))
    yield from ((route, method, "act") for route in resource.actions for method in route.operations)


def _is_open(operation: Place) -> bool:
    """Return True if an operation neither has steps of its own nor refuses inference."""
    own = operation.child("x-mock").value
    if not isinstance(own, dict):
        return own is None
    return "steps" not in own and own.get("resource") is not False
