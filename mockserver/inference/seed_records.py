"""Make the records with which a resource starts, from the examples of the document.

`inference.py` calls `example_records` and `with_owners`, or `single_records`, for each resource,
and puts `as_document_data` of them under `x-mock.records`; at most 100 for each. Examples of items
are merged by key; without any, the examples of properties make one record. A resource without
examples, or without records of its owners, starts empty. Only missing keys are made up, its own or
those of owners.
"""

from collections.abc import Iterator

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference.envelopes import list_shape, wrapper
from mockserver.inference.expression_text import literal
from mockserver.inference.object_schemas import SchemaReader
from mockserver.inference.recognition import Resource, Route
from mockserver.inference.record_keys import example_of, static_key
from mockserver.schemas.example_checks import VALUE_KEYS
from mockserver.schemas.validators import Schemas

_MOST = 100
"""Maximum number of seed records of one resource."""
_LONGEST_TEXT = 1_000

Record = dict[str, JsonValue]


def example_records(resource: Resource, schemas: Schemas, reader: SchemaReader) -> list[Record]:
    """Return the example items with their keys, each once; at most 100."""
    found: dict[str, Record] = {}
    without_key: list[Record] = []
    for example in _examples(resource, reader):
        if not isinstance(example, dict) or not _is_plain(example):
            continue
        key = example.get(resource.key)
        if key is None:
            without_key.append(example)
        elif isinstance(key, str | int) and not isinstance(key, bool):
            found[str(key)] = {**found.get(str(key), {}), **example}
    if not found:
        composed = _composed(resource, reader)
        without_key = without_key or ([composed] if composed else [])
        key = composed.get(resource.key)
        if key is not None and len(without_key) == 1:
            return [_with_key(without_key[0], resource, key)]
        _add_with_keys(without_key, found, resource, schemas, reader)
    return list(found.values())[:_MOST]


def _add_with_keys(
    examples: list[Record],
    found: dict[str, Record],
    resource: Resource,
    schemas: Schemas,
    reader: SchemaReader,
) -> None:
    """Add examples without a key, such as those of requests, under a generated key."""
    distinct: list[Record] = []
    for example in examples[:_MOST]:
        if example not in distinct:
            distinct.append(example)
    for number, example in enumerate(distinct, 1):
        key = static_key(resource, number, schemas, reader)
        if key is not None:
            found[str(key)] = _with_key(example, resource, key)


def _with_key(example: Record, resource: Resource, key: JsonValue) -> Record:
    """Return an example with a key, also in place of a null."""
    return {resource.key: key, **example, resource.key: key}


def as_document_data(records: list[Record]) -> list[JsonValue]:
    """Return records as data of a document."""
    return [literal(record) for record in records]


def _examples(resource: Resource, reader: SchemaReader) -> Iterator[JsonValue]:
    """Yield example items: of lists, of answers, of the schema, and of requests."""
    for route in (resource.collection, *resource.searches):
        yield from _listed(route, resource, reader)
    for route in (resource.item, resource.collection):
        for method in ("get", "put", "patch", "post"):
            operation = None if route is None else route.operations.get(method)
            if operation is not None and (method != "get" or route is resource.item):
                yield from _single(reader.success(operation)[1], resource, reader)
    yield example_of(resource.view.place, reader)
    operation = None if resource.collection is None else resource.collection.operations.get("post")
    if operation is not None:
        yield from _single(reader.resolve(operation.child("requestBody")), resource, reader)


def _listed(route: Route | None, resource: Resource, reader: SchemaReader) -> Iterator[JsonValue]:
    operation = None if route is None else route.operations.get("get")
    media = None if operation is None else reader.json(reader.success(operation)[1])
    shape = media and list_shape(media[1].child("schema"), resource.noun, reader)
    if not media or not shape:
        return
    for example in _media_examples(media[1], reader):
        items = example
        for name in shape.path:
            items = items.get(name) if isinstance(items, dict) else None
        yield from items if isinstance(items, list) else ()
    yield example_of(shape.items, reader)


def _single(holder: Place, resource: Resource, reader: SchemaReader) -> Iterator[JsonValue]:
    """Yield the examples of a body or an answer with one item."""
    media = reader.json(holder)
    if media is None:
        return
    schema = media[1].child("schema")
    view = reader.view(schema)
    name = wrapper(schema, resource.noun, reader)
    if view is None or not (name or view.properties.keys() & resource.view.properties.keys()):
        return
    for example in _media_examples(media[1], reader):
        yield example.get(name) if name and isinstance(example, dict) else example


def _media_examples(media: Place, reader: SchemaReader) -> Iterator[JsonValue]:
    """Yield the examples of a media type, or else the example of its schema."""
    own = media.value if isinstance(media.value, dict) else {}
    if "example" in own:
        yield own["example"]
    found = False
    for _, place in media.child("examples").members():
        named = reader.resolve(place)
        members = named.value if isinstance(named.value, dict) else {}
        example = next((named.child(key).value for key in VALUE_KEYS if key in members), None)
        found = found or example is not None
        yield example
    if "example" not in own and not found:
        yield example_of(media.child("schema"), reader)


def _composed(resource: Resource, reader: SchemaReader) -> Record:
    """Return an item made of the examples of its properties."""
    return {
        name: example
        for name, schema in resource.view.properties.items()
        if (example := example_of(schema, reader)) is not None
    }


def _is_plain(value: JsonValue) -> bool:
    """Return True if an example is JSON whose strings are short enough to be escaped."""
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return not isinstance(value, str) or "{{" not in value or len(value) <= _LONGEST_TEXT


def with_owners(
    resource: Resource, records: list[Record], known: dict[str, list[Record]]
) -> list[Record]:
    """Return records with the keys of their owners, the first ones if an example names none.

    Without an owner there are no records.
    """
    owned = []
    for record in records:
        owners: Record = {}
        for parent in resource.parents:
            if parent.resource is None:
                continue
            keys = [one[parent.resource.key] for one in known.get(parent.resource.name, ())]
            own = record.get(parent.field)
            if not keys:
                break
            owners[parent.field] = own if own in keys else keys[0]
        else:
            owned.append({**record, **owners})
    return owned


def single_records(
    resource: Resource, known: dict[str, list[Record]], reader: SchemaReader
) -> list[Record]:
    """Return the example of a single object, once for each owner."""
    example = next(_plain_objects(_examples(resource, reader)), _composed(resource, reader))
    if not example or any(parent.resource is None for parent in resource.parents):
        return []
    if not resource.parents:
        return [{**example, resource.key: resource.noun}]
    return [
        {**example, **owners, resource.key: "/".join(str(owners[name]) for name in owners)}
        for owners in _owners(resource, known)
    ]


def _plain_objects(examples: Iterator[JsonValue]) -> Iterator[Record]:
    return (one for one in examples if isinstance(one, dict) and _is_plain(one))


def _owners(resource: Resource, known: dict[str, list[Record]]) -> Iterator[Record]:
    """Yield the keys of each owner and of the owners above it, by field."""
    *above, nearest = resource.parents
    assert nearest.resource is not None
    fields = {one.parameter: one.field for one in nearest.resource.parents}
    for record in known.get(nearest.resource.name, ()):
        outer = {one.field: record.get(fields.get(one.parameter, "")) for one in above}
        yield {**outer, nearest.field: record[nearest.resource.key]}
