"""The records that a resource starts with: those of the document's examples."""

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

MOST = 100
"""Records that a resource starts with."""
_LONGEST_TEXT = 1_000

Record = dict[str, JsonValue]


def seeds(resource: Resource, schemas: Schemas, reader: SchemaReader) -> list[Record]:
    """Return the example items, each once, with keys and owners; at most 100."""
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
        if composed and len(without_key) == 1 and composed.get(resource.key) is not None:
            return without_key
        _number(without_key, found, resource, schemas, reader)
    return list(found.values())[:MOST]


def _number(
    examples: list[Record],
    found: dict[str, Record],
    resource: Resource,
    schemas: Schemas,
    reader: SchemaReader,
) -> None:
    """Give keys to examples of what is sent, which have none."""
    distinct: list[Record] = []
    for example in examples[:MOST]:
        if example not in distinct:
            distinct.append(example)
    for number, example in enumerate(distinct, 1):
        key = static_key(resource, number, schemas, reader)
        if key is not None:
            found[str(key)] = {resource.key: key, **example}


def written(records: list[Record]) -> list[JsonValue]:
    """Write records as a document has them."""
    return [literal(record) for record in records]


def _examples(resource: Resource, reader: SchemaReader) -> Iterator[JsonValue]:
    """Yield example items: of lists, of answers, of the schema, of what is sent."""
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
    for example in _given(media[1], reader):
        items = example
        for name in shape.path:
            items = items.get(name) if isinstance(items, dict) else None
        yield from items if isinstance(items, list) else ()
    yield example_of(shape.items, reader)


def _single(holder: Place, resource: Resource, reader: SchemaReader) -> Iterator[JsonValue]:
    """Yield the examples of a body or an answer that is one item."""
    media = reader.json(holder)
    if media is None:
        return
    schema = media[1].child("schema")
    view = reader.view(schema)
    name = wrapper(schema, resource.noun, reader)
    if view is None or not (name or view.properties.keys() & resource.view.properties.keys()):
        return
    for example in _given(media[1], reader):
        yield example.get(name) if name and isinstance(example, dict) else example


def _given(media: Place, reader: SchemaReader) -> Iterator[JsonValue]:
    """Yield the examples of a media type, else that of its schema."""
    own = media.value if isinstance(media.value, dict) else {}
    if "example" in own:
        yield own["example"]
    found = False
    for _, place in media.child("examples").members():
        named = reader.resolve(place)
        example = next(
            (named.child(key).value for key in VALUE_KEYS if key in (named.value or ())), None
        )
        found = found or example is not None
        yield example
    if "example" not in own and not found:
        yield example_of(media.child("schema"), reader)


def _composed(resource: Resource, reader: SchemaReader) -> Record:
    """Make an item of the examples of its properties."""
    return {
        name: example
        for name, schema in resource.view.properties.items()
        if (example := example_of(schema, reader)) is not None
    }


def _is_plain(value: JsonValue) -> bool:
    """Tell whether an example can be written into a document as it is."""
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return not isinstance(value, str) or "{{" not in value or len(value) <= _LONGEST_TEXT


def belonging(
    resource: Resource, records: list[Record], known: dict[str, list[Record]]
) -> list[Record]:
    """Give records to the first owners there are; those without an owner are left out."""
    owned = []
    for record in records:
        owners: Record = {}
        for parent in resource.parents:
            if parent.resource is None:
                continue
            keys = [one[parent.resource.key] for one in known.get(parent.resource.name, ())]
            given = record.get(parent.field)
            if not keys:
                break
            owners[parent.field] = given if given in keys else keys[0]
        else:
            owned.append({**record, **owners})
    return owned


def singles(
    resource: Resource, known: dict[str, list[Record]], reader: SchemaReader
) -> list[Record]:
    """Give the example of what there is one of to each owner, or to the one there is."""
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
    """Yield the keys of every owner there is and of those above, by the fields they are in."""
    *above, nearest = resource.parents
    assert nearest.resource is not None
    fields = {one.parameter: one.field for one in nearest.resource.parents}
    for record in known.get(nearest.resource.name, ()):
        held = {one.field: record.get(fields.get(one.parameter, "")) for one in above}
        yield {**held, nearest.field: record[nearest.resource.key]}
