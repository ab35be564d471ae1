"""Recognise envelopes, the object around a list or an item in an answer, and write their members.

In: the schema of an answer or a body. Out: where the list or the item is (None if unclear), and
expressions for other members and headers, such as a total or a link. Callers: `recognition.py`,
`item_steps.py`, `action_steps.py` and `seed_records.py`. A member without a clear meaning is left
out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference.expression_text import mapping, template
from mockserver.inference.object_schemas import ObjectView, SchemaReader, normalized, singular
from mockserver.inference.pagination import HAS_NEXT, HAS_PREVIOUS, Paging

_DEEPEST = 3
_LISTS = ("items", "data", "results", "records", "entries", "values", "content", "list", "rows")
_WRAPPERS = ("data", "item", "result", "record", "entity")


@dataclass(frozen=True, slots=True)
class ListShape:
    """The position of the items in the answer of a list."""

    whole: Place
    path: tuple[str, ...]
    """Names of the members that lead to the list; empty if the answer itself is the list."""
    items: Place
    """The schema of an item."""


def list_shape(schema: Place, noun: str, reader: SchemaReader, depth: int = 0) -> ListShape | None:
    """Find the list of objects in an answer; None if there is none, or more than one."""
    if items := reader.items(schema):
        return ListShape(schema, (), items) if reader.view(items) else None
    view = reader.view(schema)
    if view is None or depth >= _DEEPEST:
        return None
    lists = dict(_lists_of(view, reader))
    if not lists:
        return _nested(schema, view, noun, reader, depth)
    usual = (normalized(noun), normalized(singular(noun)) + "list", *_LISTS)
    matching = [name for known in usual for name in lists if normalized(name) == known]
    if len(lists) > 1 and not matching:
        return None
    name = matching[0] if matching else next(iter(lists))
    if not matching and not _is_envelope(view, name, reader):
        return None
    return ListShape(schema, (name,), lists[name])


def _lists_of(view: ObjectView, reader: SchemaReader) -> Iterator[tuple[str, Place]]:
    for name, place in view.properties.items():
        items = reader.items(place)
        if items is not None and reader.view(items):
            yield name, items


def _is_envelope(view: ObjectView, name: str, reader: SchemaReader) -> bool:
    """Return True if an object has no key and no other list than this one."""
    others = [other for other in view.properties if other != name]
    return not any(normalized(other) in ("id", "uuid") for other in others) and not any(
        reader.items(view.properties[other]) for other in others
    )


def _nested(
    schema: Place, view: ObjectView, noun: str, reader: SchemaReader, depth: int
) -> ListShape | None:
    """Find the list in a member of an envelope, such as `data`."""
    if any(normalized(name) in ("id", "uuid") for name in view.properties):
        return None
    found = [
        (name, shape)
        for name, place in view.properties.items()
        if normalized(name) in ("data", "embedded", "result", "response", normalized(noun))
        and (shape := list_shape(place, noun, reader, depth + 1))
    ]
    if len(found) != 1:
        return None
    name, shape = found[0]
    return ListShape(schema, (name, *shape.path), shape.items)


def wrapper(schema: Place, noun: str, reader: SchemaReader) -> str | None:
    """Return the name of the member that holds the item of a body; None if there is no envelope."""
    view = reader.view(schema)
    if view is None:
        return None
    names = (*_WRAPPERS, normalized(singular(noun)), normalized(noun))
    objects = [
        name
        for name, place in view.properties.items()
        if normalized(name) in names and reader.view(place)
    ]
    has_key = any(normalized(name) in ("id", "uuid", "type") for name in view.properties)
    return objects[0] if len(objects) == 1 and not has_key else None


def unwrapped(schema: Place, noun: str, reader: SchemaReader) -> ObjectView | None:
    """Return the item of a body or an answer, without its envelope."""
    name = wrapper(schema, noun, reader)
    view = reader.view(schema)
    return view if view is None or name is None else reader.view(view.properties[name])


_TOTALS = frozenset(
    [
        "total",
        "totalcount",
        "totalitems",
        "totalresults",
        "totalrecords",
        "totalelements",
        "totalhits",
        "found",
    ]
)
_COUNTS = frozenset(["count", "numberofelements", "returned", "itemcount", "resultcount"])
_NUMBERS = frozenset(["page", "pagenumber", "currentpage", "pageindex", "number", "pageno"])
_SIZES = frozenset(["perpage", "pagesize", "limit", "size", "itemsperpage", "pagelimit"])
_OFFSETS = frozenset(["offset", "skip", "start", "startindex"])
_PAGES = frozenset(["pages", "totalpages", "pagecount", "lastpage", "numpages", "pagetotal"])
_HASMORE = frozenset(["hasmore", "more", "hasnext", "hasnextpage"])
_HAS_PREVIOUS = frozenset(["hasprevious", "hasprev", "haspreviouspage", "hasprevpage"])
_NEXT = frozenset(["next", "nextpage", "nexturl", "nextlink", "nexthref"])
_PREVIOUS = frozenset(["previous", "prev", "previouspage", "prevpage", "previousurl", "prevurl"])
_CURSORS = frozenset(
    [
        "nextcursor",
        "nextpagetoken",
        "nexttoken",
        "endcursor",
        "continuationtoken",
        "after",
        "cursor",
    ]
)


def list_body(shape: ListShape, paging: Paging, reader: SchemaReader) -> JsonValue:
    """Write the body of a list: its items, and every member whose meaning is clear."""
    return _list_body(shape.whole, shape.path, paging, reader)


def _list_body(
    schema: Place, path: tuple[str, ...], paging: Paging, reader: SchemaReader
) -> JsonValue:
    if not path:
        return "{{ page.items }}"
    view = reader.view(schema)
    assert view is not None
    names = {normalized(name) for name in view.properties}
    body: dict[str, JsonValue] = {}
    for name, place in view.properties.items():
        if name == path[0]:
            body[name] = _list_body(place, path[1:], paging, reader)
        elif (value := _member_value(name, place, names, paging, reader, 0)) is not None:
            body[name] = value
    return body


def _member_value(
    name: str,
    place: Place,
    siblings: set[str],
    paging: Paging,
    reader: SchemaReader,
    depth: int,
) -> JsonValue:
    """Return the value of a member of an envelope; None if its meaning is not clear.

    Args:
        name: The name of the member.
        place: The schema of the member.
        siblings: Normalized names of all members of the same object.
        paging: The expressions for pages.
        reader: Reads the schemas.
        depth: Levels of nesting below the envelope.
    """
    if depth > _DEEPEST:
        return None
    if inner := reader.view(place):
        if link := _link(name, inner, siblings, paging, reader):
            return link
        names = {normalized(other) for other in inner.properties}
        members = {
            other: value
            for other, schema in inner.properties.items()
            if (value := _member_value(other, schema, names, paging, reader, depth + 1)) is not None
        }
        return members or None
    kinds = reader.types(place)
    for kind, write in _EXPRESSIONS.items():
        if kinds == {kind} and (expression := write(normalized(name), siblings, paging)):
            return template(expression)
    return None


def _link(
    name: str, view: ObjectView, siblings: set[str], paging: Paging, reader: SchemaReader
) -> str:
    """Write a link that is an object, as in HAL; empty if the member is no such link."""
    relation = _relation(normalized(name), siblings)
    address = next(
        (other for other in view.properties if normalized(other) in ("href", "url")), None
    )
    if relation is None or address is None or reader.types(view.properties[address]) != {"string"}:
        return ""
    url, condition = paging.address(relation)
    link = mapping({address: url})
    return template(f"{link} if {condition} else null" if condition else link) if url else ""


def _integer(name: str, siblings: set[str], paging: Paging) -> str:
    has_total = bool(siblings & _TOTALS)
    if name in _COUNTS:
        return "length(page.items)" if has_total or name != "count" else "page.total"
    expressions = (
        (_TOTALS, "page.total"),
        (_SIZES, "default(size, length(page.items))"),
        (_OFFSETS, "page.offset"),
        (_PAGES, "(page.total + size - 1) // size if size else 1"),
        (_NUMBERS, _page_number(paging)),
        (_NEXT, f"{_page_number(paging)} + 1 if {HAS_NEXT} else null"),
        (_PREVIOUS, f"{_page_number(paging)} - 1 if {HAS_PREVIOUS} else null"),
    )
    return next((text for names, text in expressions if name in names), "")


def _page_number(paging: Paging) -> str:
    if paging.page_parameter:
        return "page_number"
    return f"(page.offset // size + {paging.first_page} if size else {paging.first_page})"


def _boolean(name: str, _beside: set[str], _paging: Paging) -> str:
    if name in _HASMORE:
        return HAS_NEXT
    if name in _HAS_PREVIOUS:
        return HAS_PREVIOUS
    return f"not ({HAS_NEXT})" if name in ("last", "islast", "islastpage") else ""


def _string(name: str, siblings: set[str], paging: Paging) -> str:
    if name in _CURSORS or (name in _NEXT and paging.after_parameter and "url" not in name):
        return f"text({paging.key}) if {HAS_NEXT} else null"
    if (relation := _relation(name, siblings)) is not None:
        return paging.link(relation) or ("null" if relation in ("next", "prev") else "")
    return ""


def _relation(name: str, siblings: set[str]) -> str | None:
    """Return the page that a member links to; None if it is no link.

    `self`, `first` and `last` are links only next to a `next` or `previous`.
    """
    if name in _NEXT:
        return "next"
    if name in _PREVIOUS:
        return "prev"
    is_among_pages = bool(siblings & (_NEXT | _PREVIOUS))
    return name if name in ("self", "first", "last") and is_among_pages else None


_EXPRESSIONS = {"integer": _integer, "boolean": _boolean, "string": _string}


def headers(documented: Mapping[str, Place], paging: Paging) -> dict[str, str]:
    """Return the documented headers with the number of items and the links to other pages."""
    totals = {
        name: "{{ page.total }}"
        for name in documented
        if normalized(name).removeprefix("x").removeprefix("pagination") in _TOTALS
    }
    links = {name: paging.header() for name in documented if name.lower() == "link"}
    return totals | {name: link for name, link in links.items() if link}
