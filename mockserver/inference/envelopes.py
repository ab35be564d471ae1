"""What stands around items: the object that holds a list or one item, and how it is filled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference.expression_text import mapping, said
from mockserver.inference.object_schemas import ObjectView, SchemaReader, plain, singular
from mockserver.inference.pagination import MORE, Paging

_DEEPEST = 3
_LISTS = ("items", "data", "results", "records", "entries", "values", "content", "list", "rows")
_WRAPPERS = ("data", "item", "result", "record", "entity")


@dataclass(frozen=True, slots=True)
class ListShape:
    """Where the items are in the answer of a list."""

    whole: Place
    path: tuple[str, ...]
    """Names of the members around the list; none if the answer is the list."""
    items: Place


def list_shape(schema: Place, noun: str, reader: SchemaReader, depth: int = 0) -> ListShape | None:
    """Find the list of objects that an answer holds; None if there is none, or several."""
    if items := reader.items(schema):
        return ListShape(schema, (), items) if reader.view(items) else None
    view = reader.view(schema)
    if view is None or depth >= _DEEPEST:
        return None
    lists = dict(_lists_of(view, reader))
    if not lists:
        return _nested(schema, view, noun, reader, depth)
    wanted = (plain(noun), plain(singular(noun)) + "list", *_LISTS)
    named = [name for known in wanted for name in lists if plain(name) == known]
    if len(lists) > 1 and not named:
        return None
    name = named[0] if named else next(iter(lists))
    if not named and not _is_envelope(view, name, reader):
        return None
    return ListShape(schema, (name,), lists[name])


def _lists_of(view: ObjectView, reader: SchemaReader) -> Iterator[tuple[str, Place]]:
    for name, place in view.properties.items():
        items = reader.items(place)
        if items is not None and reader.view(items):
            yield name, items


def _is_envelope(view: ObjectView, name: str, reader: SchemaReader) -> bool:
    """Tell whether an object is about its list: it has no key, and little else."""
    others = [other for other in view.properties if other != name]
    return not any(plain(other) in ("id", "uuid") for other in others) and not any(
        reader.items(view.properties[other]) for other in others
    )


def _nested(
    schema: Place, view: ObjectView, noun: str, reader: SchemaReader, depth: int
) -> ListShape | None:
    if any(plain(name) in ("id", "uuid") for name in view.properties):
        return None
    found = [
        (name, shape)
        for name, place in view.properties.items()
        if plain(name) in ("data", "embedded", "result", "response", plain(noun))
        and (shape := list_shape(place, noun, reader, depth + 1))
    ]
    if len(found) != 1:
        return None
    name, shape = found[0]
    return ListShape(schema, (name, *shape.path), shape.items)


def wrapper(schema: Place, noun: str, reader: SchemaReader) -> str | None:
    """Return the member that holds the one item of a body or an answer; None if it is bare."""
    view = reader.view(schema)
    if view is None:
        return None
    names = (*_WRAPPERS, plain(singular(noun)), plain(noun))
    objects = [
        name
        for name, place in view.properties.items()
        if plain(name) in names and reader.view(place)
    ]
    has_key = any(plain(name) in ("id", "uuid", "type") for name in view.properties)
    return objects[0] if len(objects) == 1 and not has_key else None


def unwrapped(schema: Place, noun: str, reader: SchemaReader) -> ObjectView | None:
    """Read the one item of a body or an answer."""
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


def filled(shape: ListShape, paging: Paging, reader: SchemaReader) -> JsonValue:
    """Write the body of a list: its items, and every member whose meaning is clear."""
    return _filled(shape.whole, shape.path, paging, reader)


def _filled(
    schema: Place, path: tuple[str, ...], paging: Paging, reader: SchemaReader
) -> JsonValue:
    if not path:
        return "{{ page.items }}"
    view = reader.view(schema)
    assert view is not None
    names = {plain(name) for name in view.properties}
    body: dict[str, JsonValue] = {}
    for name, place in view.properties.items():
        if name == path[0]:
            body[name] = _filled(place, path[1:], paging, reader)
        elif (told := _told(name, place, names, paging, reader, 0)) is not None:
            body[name] = told
    return body


def _told(
    name: str,
    place: Place,
    beside: set[str],
    paging: Paging,
    reader: SchemaReader,
    depth: int,
) -> JsonValue:
    """Return what a member of an envelope says; null if it isn't clear."""
    if depth > _DEEPEST:
        return None
    if inner := reader.view(place):
        if link := _link(name, inner, beside, paging, reader):
            return link
        names = {plain(other) for other in inner.properties}
        members = {
            other: told
            for other, schema in inner.properties.items()
            if (told := _told(other, schema, names, paging, reader, depth + 1)) is not None
        }
        return members or None
    kinds = reader.types(place)
    for kind, tell in _TELLERS.items():
        if kinds == {kind} and (expression := tell(plain(name), beside, paging)):
            return f"{{{{ {expression} }}}}"
    return None


def _link(
    name: str, view: ObjectView, beside: set[str], paging: Paging, reader: SchemaReader
) -> str:
    """Write a link that is an object, as HAL has it; empty if it is none."""
    relation = _relation(plain(name), beside)
    address = next((other for other in view.properties if plain(other) in ("href", "url")), None)
    if relation is None or address is None or reader.types(view.properties[address]) != {"string"}:
        return ""
    url, condition = paging.address(relation)
    link = mapping({address: url})
    return said(f"{link} if {condition} else null" if condition else link) if url else ""


def _integer(name: str, beside: set[str], paging: Paging) -> str:
    has_total = bool(beside & _TOTALS)
    if name in _COUNTS:
        return "length(page.items)" if has_total or name != "count" else "page.total"
    expressions = (
        (_TOTALS, "page.total"),
        (_SIZES, "default(size, length(page.items))"),
        (_OFFSETS, "page.offset"),
        (_PAGES, "(page.total + size - 1) // size if size else 1"),
        (_NUMBERS, _page_number(paging)),
        (_NEXT, f"{_page_number(paging)} + 1 if {MORE} else null"),
        (_PREVIOUS, f"{_page_number(paging)} - 1 if page.offset > 0 else null"),
    )
    return next((text for names, text in expressions if name in names), "")


def _page_number(paging: Paging) -> str:
    if paging.page_parameter:
        return "page_number"
    return f"(page.offset // size + {paging.base} if size else {paging.base})"


def _boolean(name: str, _beside: set[str], _paging: Paging) -> str:
    if name in _HASMORE:
        return MORE
    if name in _HAS_PREVIOUS:
        return "page.offset > 0"
    return f"not ({MORE})" if name in ("last", "islast", "islastpage") else ""


def _string(name: str, beside: set[str], paging: Paging) -> str:
    if name in _CURSORS or (name in _NEXT and paging.after_parameter and "url" not in name):
        return f"text({paging.key}) if {MORE} else null"
    if (relation := _relation(name, beside)) is not None:
        return paging.link(relation) or ("null" if relation in ("next", "prev") else "")
    return ""


def _relation(name: str, beside: set[str]) -> str | None:
    """Return what page a member leads to; the ends are told from other members by their company."""
    if name in _NEXT:
        return "next"
    if name in _PREVIOUS:
        return "prev"
    is_among_pages = bool(beside & (_NEXT | _PREVIOUS))
    return name if name in ("self", "first", "last") and is_among_pages else None


_TELLERS = {"integer": _integer, "boolean": _boolean, "string": _string}


def headers(documented: Mapping[str, Place], paging: Paging) -> dict[str, str]:
    """Return the documented headers that tell how many items there are, and of other pages."""
    told = {
        name: "{{ page.total }}"
        for name in documented
        if plain(name).removeprefix("x").removeprefix("pagination") in _TOTALS
    }
    links = {name: paging.header() for name in documented if name.lower() == "link"}
    return told | {name: link for name, link in links.items() if link}
