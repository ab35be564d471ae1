"""Recognise resources: which paths are collections, items, owners of items, searches and actions.

`inference.py` calls `recognise` with a paths object and a reader of schemas. Out comes a
`Recognition`: resources with their paths, and paths that only look like one, with reasons. Schemas
and paths decide, prose does not. No steps are written here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mockserver.documents.references import Place
from mockserver.inference.envelopes import list_shape, unwrapped
from mockserver.inference.object_schemas import (
    JSON_API,
    ObjectView,
    SchemaReader,
    normalized,
    singular,
)
from mockserver.model.api import PATH_PARAMETER

_LONGEST = 60
_METHODS = ("get", "head", "post", "put", "patch", "delete")
_KEYS = ("id", "uuid", "guid", "key", "slug", "name", "username", "code", "number", "email")
_JSON_API_MEMBERS = frozenset(("type", "attributes"))


@dataclass(slots=True)
class Route:
    """A path with its operations by method."""

    path: str
    item: Place
    """The path item object."""
    operations: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Parent:
    """A parameter in the path of a resource that names the owner of its items."""

    parameter: str
    field: str
    """The field of a record that holds the value of the parameter."""
    resource: "Resource | None"
    """None if the owner is not a resource."""


@dataclass(slots=True)
class Resource:
    """A resource that a document describes, with its paths."""

    name: str
    """The name of the collection of records."""
    noun: str
    """The last fixed segment of the path, such as `orders`."""
    key: str
    """The property with the key of an item."""
    view: ObjectView
    """The properties of an item."""
    parameter: str = ""
    """The path parameter with the key of an item; empty if items have no path."""
    parents: tuple[Parent, ...] = ()
    collection: Route | None = None
    item: Route | None = None
    searches: list[Route] = field(default_factory=list)
    """Paths next to the item path that list some items, such as `/pets/findByStatus`."""
    actions: list[Route] = field(default_factory=list)
    """Paths below the item path that change an item, such as `/orders/{id}/cancel`."""
    parts: list[Route] = field(default_factory=list)
    """Paths below the item path with some properties of an item."""
    is_single: bool = False
    """True if there is one object per owner, or only one; `item` is its path."""

    @property
    def path(self) -> str:
        """The path that describes the resource to people."""
        route = self.collection or self.item
        return "" if route is None else route.path


@dataclass(slots=True)
class Recognition:
    """The recognised resources, and the paths that only look like one."""

    resources: list[Resource] = field(default_factory=list)
    unrecognised: list[tuple[Place, str, str]] = field(default_factory=list)
    """Place, path and reason for each path that stays as the document describes it."""


@dataclass(slots=True)
class _PathGroup:
    """The collection path and the item path of a possible resource."""

    noun: str
    collection: Route | None = None
    item: Route | None = None
    parameter: str = ""

    @property
    def first(self) -> Route:
        route = self.collection or self.item
        assert route is not None
        return route


def recognise(paths: Place, reader: SchemaReader, taken: Iterable[str]) -> Recognition:
    """Find the resources of a paths object.

    Args:
        paths: The paths object.
        reader: Reads the schemas.
        taken: Names that no resource may have.
    """
    routes = dict(_routes(paths, reader))
    found = Recognition()
    by_item: dict[str, Resource] = {}
    names = set(taken)
    groups = _groups(routes, reader)
    for base, group in sorted(groups.items(), key=lambda pair: pair[0].count("/")):
        view = _item_view(group, reader)
        key = None if view is None else _key(view, group, reader)
        if view is None or key is None:
            found.unrecognised.append(
                (group.first.item, group.first.path, _reason(group, view, reader))
            )
            continue
        resource = Resource("", group.noun, key, view, group.parameter)
        resource.collection, resource.item = group.collection, group.item
        resource.parents = tuple(_parents(base, resource, by_item))
        resource.name = _name(resource, found.resources, names)
        names.add(resource.name)
        found.resources.append(resource)
        if group.item is not None:
            by_item[_shape(group.item.path)] = resource
    other_routes = {path: route for path, route in routes.items() if not _is_grouped(path, groups)}
    found.resources += [
        *_owned_lists(other_routes, found.resources, by_item, reader),
        *_single_objects(other_routes, found.resources, by_item, names, reader),
    ]
    _add_searches(routes, found.resources, reader)
    _add_actions(other_routes, by_item)
    return found


def _is_grouped(path: str, groups: Mapping[str, _PathGroup]) -> bool:
    base, _, last = path.rpartition("/")
    return path in groups or (base in groups and bool(PATH_PARAMETER.fullmatch(last)))


def _routes(paths: Place, reader: SchemaReader) -> Iterator[tuple[str, Route]]:
    for path, member in paths.members():
        item = reader.resolve(member)
        operations = {
            method: item.child(method)
            for method in _METHODS
            if isinstance(item.child(method).value, dict)
        }
        if path.startswith("/") and operations:
            yield path.rstrip("/"), Route(path, item, operations)


def _shape(path: str) -> str:
    return PATH_PARAMETER.sub("{}", path.rstrip("/"))


def _groups(routes: Mapping[str, Route], reader: SchemaReader) -> dict[str, _PathGroup]:
    """Group item paths with their collection paths; a list with a POST needs no item path."""
    groups: dict[str, _PathGroup] = {}
    for path, route in routes.items():
        base, _, last = path.rpartition("/")
        noun = base.rpartition("/")[2]
        if (
            (parameter := PATH_PARAMETER.fullmatch(last))
            and noun
            and not PATH_PARAMETER.search(noun)
        ):
            groups[base] = _PathGroup(noun, routes.get(base), route, parameter[1])
    for path, route in routes.items():
        noun = path.rpartition("/")[2]
        if path not in groups and route.operations.keys() >= {"get", "post"} and noun:
            listed = _answer_schema(route, "get", reader)
            if not PATH_PARAMETER.search(noun) and listed and list_shape(listed, noun, reader):
                groups[path] = _PathGroup(noun, route)
    return {base: group for base, group in groups.items() if _is_useful(group)}


def _is_useful(group: _PathGroup) -> bool:
    """Return True if the operations are more than reading of items."""
    of_collection = group.collection.operations.keys() if group.collection else set()
    of_item = group.item.operations.keys() if group.item else set()
    return bool(of_collection & {"get", "post"} or of_item & {"put", "patch", "delete"})


def _answer_schema(route: Route, method: str, reader: SchemaReader) -> Place | None:
    """Return the schema of the JSON answer of an operation; None if there is none."""
    operation = route.operations.get(method)
    if operation is None:
        return None
    media = reader.json(reader.success(operation)[1])
    return None if media is None or media[1].child("schema").value is None else _schema(media[1])


def _schema(media: Place) -> Place:
    return media.child("schema")


def _item_view(group: _PathGroup, reader: SchemaReader) -> ObjectView | None:
    """Return the properties of an item, from an answer, else from a list, else from a request."""
    for schema in _candidates(group, reader):
        view = unwrapped(schema, group.noun, reader)
        if view is not None and not view.properties.keys() >= _JSON_API_MEMBERS:
            return view
    return None


def _candidates(group: _PathGroup, reader: SchemaReader) -> Iterator[Place]:
    item, collection = group.item, group.collection
    yield from _answered(item, ("get", "put", "patch"), reader)
    for listed in _answered(collection, ("get",), reader):
        if shape := list_shape(listed, group.noun, reader):
            yield shape.items
    yield from _answered(collection, ("post",), reader)
    for route, method in ((item, "put"), (collection, "post")):
        operation = None if route is None else route.operations.get(method)
        if operation is not None and (schema := reader.body(operation)):
            yield schema


def _answered(route: Route | None, methods: Iterable[str], reader: SchemaReader) -> Iterator[Place]:
    for method in methods:
        if route is not None and (schema := _answer_schema(route, method, reader)):
            yield schema


def _key(view: ObjectView, group: _PathGroup, reader: SchemaReader) -> str | None:
    """Return the property with the key of an item; None if there is none."""
    known = {
        normalized(name): name
        for name, place in reversed([*view.properties.items()])
        if reader.types(place) and reader.types(place) <= {"string", "integer"}
    }
    return next((known[name] for name in _key_names(group) if name in known), None)


def _key_names(group: _PathGroup) -> Iterator[str]:
    noun = normalized(group.noun)
    one = normalized(singular(group.noun))
    own = (f"{one}id", f"{noun}id")
    if not group.parameter:
        yield from ("id", "uuid", *own)
        return
    parameter = normalized(group.parameter)
    yield parameter
    yield from (parameter.removeprefix(start) for start in (noun, one) if parameter != start)
    ends = [key for key in _KEYS if parameter.endswith(key)]
    yield from ends
    if not ends or ends[0] in ("id", "uuid", "guid", "key"):
        yield from ("id", *own, "uuid", "guid")


def _reason(group: _PathGroup, view: ObjectView | None, reader: SchemaReader) -> str:
    if view is not None:
        return f"no property of its items is the key that {{{group.parameter or 'id'}}} names"
    if _is_json_api(group, reader):
        return "it uses JSON:API, whose resource objects are not recognised"
    return "no JSON schema describes its items"


def _is_json_api(group: _PathGroup, reader: SchemaReader) -> bool:
    for route in filter(None, (group.item, group.collection)):
        for operation in route.operations.values():
            content = reader.success(operation)[1].child("content").value
            if isinstance(content, dict) and JSON_API in content:
                return True
    views = (unwrapped(schema, group.noun, reader) for schema in _candidates(group, reader))
    return any(view and view.properties.keys() >= _JSON_API_MEMBERS for view in views)


def _parents(base: str, resource: Resource, by_item: Mapping[str, Resource]) -> Iterator[Parent]:
    """Yield the path parameters that name owners, outermost first."""
    segments = base.split("/")
    for index, segment in enumerate(segments):
        found = PATH_PARAMETER.fullmatch(segment)
        if found is None:
            continue
        noun = segments[index - 1] if index else ""
        owner = by_item.get(_shape("/".join(segments[: index + 1])))
        yield Parent(found[1], _parent_field(found[1], noun, resource), owner)


def _parent_field(parameter: str, noun: str, resource: Resource) -> str:
    """Return the property with the key of an owner, or a new name that no property has."""
    one = normalized(singular(noun))
    for name in resource.view.properties:
        if name != resource.key and normalized(name) in (normalized(parameter), f"{one}id"):
            return name
    taken = {resource.key, *resource.view.properties}
    own = parameter if normalized(parameter) != "id" else f"{singular(noun)}_id"
    return own if own not in taken else f"{own}_of_path"


def _name(resource: Resource, known: list[Resource], taken: set[str]) -> str:
    """Return a free name for a collection; resources with the same items share one collection."""
    for other in known:
        same = other.view.place.pointer == resource.view.place.pointer
        if other.noun == resource.noun and other.key == resource.key and same:
            return other.name
    owner = next((parent.resource for parent in reversed(resource.parents)), None)
    noun = re.sub(r"\W+", "_", resource.noun, flags=re.ASCII)[:_LONGEST]
    noun = noun if noun[0].isalpha() or noun[0] == "_" else f"_{noun}"
    names = [noun, f"{owner.name}_{noun}" if owner else f"{noun}_records"]
    names += [f"{noun}_{number}" for number in range(2, len(taken) + 3)]
    return next(name for name in names if name not in taken)


def _owned_lists(
    routes: Mapping[str, Route],
    resources: list[Resource],
    by_item: Mapping[str, Resource],
    reader: SchemaReader,
) -> Iterator[Resource]:
    """Yield lists of a known resource under an owner, if its items have a field for the owner."""
    known = {one.view.place.key: one for one in reversed(resources)}
    for path, route in routes.items():
        base, _, noun = path.rpartition("/")
        whole = known.get(_item_place(route, noun, reader)) if _shape(base) in by_item else None
        if whole is None or PATH_PARAMETER.search(noun):
            continue
        one = Resource(whole.name, whole.noun, whole.key, whole.view, collection=route)
        one.parents = tuple(_parents(path, one, by_item))
        if all(parent.field in one.view.properties for parent in one.parents):
            yield one


def _item_place(route: Route, noun: str, reader: SchemaReader) -> tuple[str, str]:
    """Return the place of the schema of items that a path lists, or that it creates."""
    listed = _answer_schema(route, "get", reader)
    if listed is not None:
        shape = list_shape(listed, noun, reader)
        view = None if shape is None else reader.view(shape.items)
    else:
        added = None if "get" in route.operations else _answer_schema(route, "post", reader)
        view = None if added is None else unwrapped(added, noun, reader)
    return ("", "") if view is None else view.place.key


def _single_objects(
    routes: Mapping[str, Route],
    resources: list[Resource],
    by_item: Mapping[str, Resource],
    names: set[str],
    reader: SchemaReader,
) -> Iterator[Resource]:
    """Yield single objects, which can be read and put or patched at one path.

    A path with properties of its owner is a part of the owner instead.
    """
    for path, route in sorted(routes.items(), key=lambda pair: pair[0].count("/")):
        base, _, noun = path.rpartition("/")
        owner = by_item.get(_shape(base))
        view = (
            None if PATH_PARAMETER.search(noun) or not noun else _single_view(route, noun, reader)
        )
        if view is None or (owner is not None and owner.view.place.key == view.place.key):
            continue
        if owner is not None and view.properties.keys() <= owner.view.properties.keys():
            owner.parts.append(route)
            continue
        key = "key" if "key" not in view.properties else "key_of_path"
        one = Resource("", noun, key, view, item=route, is_single=True)
        one.parents = tuple(_parents(path, one, by_item))
        one.name = _name(one, resources, names)
        names.add(one.name)
        yield one


def _single_view(route: Route, noun: str, reader: SchemaReader) -> ObjectView | None:
    """Return the properties of a single object; None if a path is not read and written as one."""
    answered = _answer_schema(route, "get", reader)
    view = None if answered is None else unwrapped(answered, noun, reader)
    if answered is None or view is None or view.properties.keys() >= _JSON_API_MEMBERS:
        return None
    bodies = [
        unwrapped(schema, noun, reader)
        for method in ("put", "patch")
        if method in route.operations and (schema := reader.body(route.operations[method]))
    ]
    names = [one.properties.keys() & view.properties.keys() for one in bodies if one]
    is_list = list_shape(answered, noun, reader) is not None
    is_known = any(found == view.properties.keys() if is_list else found for found in names)
    return view if is_known else None


def _add_actions(routes: Mapping[str, Route], by_item: Mapping[str, Resource]) -> None:
    """Find paths below an item path without GET and DELETE, such as `/orders/{id}/cancel`."""
    for path, route in routes.items():
        base, _, verb = path.rpartition("/")
        resource = by_item.get(_shape(base))
        is_written = route.operations.keys() <= {"post", "put", "patch"}
        if resource is not None and is_written and not PATH_PARAMETER.search(verb):
            resource.actions.append(route)


def _add_searches(
    routes: Mapping[str, Route], resources: list[Resource], reader: SchemaReader
) -> None:
    """Find paths next to an item path that list some items, such as `/pets/findByStatus`."""
    by_base = {item.path.rstrip("/"): item for item in resources if item.collection}
    for one in resources:
        if one.item is not None:
            by_base[one.item.path.rstrip("/").rpartition("/")[0]] = one
    for path, route in routes.items():
        base, _, last = path.rpartition("/")
        resource = by_base.get(base)
        if resource is None or PATH_PARAMETER.search(last):
            continue
        listed = _answer_schema(route, "get", reader)
        shape = None if listed is None else list_shape(listed, resource.noun, reader)
        view = None if shape is None else reader.view(shape.items)
        if view is not None and view.place.pointer == resource.view.place.pointer:
            resource.searches.append(route)
