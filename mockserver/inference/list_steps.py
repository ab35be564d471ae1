"""The steps of a list: filters, order and pages by the query parameters that are declared."""

from collections.abc import Mapping
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference import comparison_filters
from mockserver.inference.expression_text import member, said
from mockserver.inference.object_schemas import SchemaReader, plain
from mockserver.inference.pagination import Paging
from mockserver.inference.recognition import Resource

_SIZES = [
    "limit",
    "perpage",
    "pagesize",
    "size",
    "pagelimit",
    "maxresults",
    "maxitems",
    "take",
    "top",
    "first",
    "count",
]
_OFFSETS = ["offset", "skip", "start", "startindex", "pageoffset"]
_PAGES = ["page", "pagenumber", "pageno", "pageindex", "currentpage"]
_AFTERS = [
    "after",
    "cursor",
    "startingafter",
    "startafter",
    "pagetoken",
    "nexttoken",
    "continuationtoken",
    "marker",
]
_SORTS = ["sort", "sortby", "orderby", "ordering", "order"]
_DIRECTIONS = [
    "direction",
    "sortorder",
    "sortdirection",
    "sortdir",
    "orderdirection",
    "orderdir",
    "dir",
    "order",
]
_AMBIGUOUS = frozenset(("size", "first", "top", "count", "start", "order", "marker", "take"))
_DEFAULT_SIZE = 20
_LARGEST = 1_000_000_000
_SCALARS = frozenset(("string", "integer", "number", "boolean"))


@dataclass(frozen=True, slots=True)
class ListPlan:
    """What a list's query parameters mean."""

    size: str | None
    offset: str | None
    page: str | None
    after: str | None
    sort: str | None
    direction: str | None
    filters: Mapping[str, str]
    """Properties by the parameters that filter by them."""
    others: tuple[str, ...]
    """Parameters that may compare or search."""
    query: Mapping[str, Place]

    @property
    def is_paged_by_default(self) -> bool:
        """Whether a page has an end although the client names no size."""
        return self.page is not None or self.after is not None


def plan(query: Mapping[str, Place], resource: Resource, reader: SchemaReader) -> ListPlan:
    """Read what the query parameters of a list mean."""
    left = dict(query)
    properties = {plain(name): name for name in resource.view.properties}

    def take(names: list[str], *kinds: str) -> str | None:
        known = {plain(name): name for name in reversed(left)}
        for name in names:
            found = known.get(name)
            if found is None or not reader.types(left[found]) <= {*kinds}:
                continue
            if name in _AMBIGUOUS and name in properties and len(left) == len(query):
                continue
            del left[found]
            return found
        return None

    page = take(_PAGES, "integer", "number", "string")
    offset = take(_OFFSETS, "integer", "number")
    after = take(_AFTERS, "string", "integer")
    size = take(_SIZES, "integer", "number")
    direction = next((name for name in left if _is_direction(name, left[name], reader)), None)
    left.pop(direction or "", None)
    sort = take(_SORTS, "string", "array")
    filters = {name: properties[known] for name in left if (known := _filter(name)) in properties}
    others = tuple(name for name in left if name not in filters)
    return ListPlan(size, offset, page, after, sort, direction, filters, others, query)


def _is_direction(name: str, schema: Place, reader: SchemaReader) -> bool:
    choices = reader.say(schema, "enum")
    if plain(name) not in _DIRECTIONS or not isinstance(choices, list) or not choices:
        return False
    return {str(choice).lower() for choice in choices} <= {"asc", "desc", "ascending", "descending"}


def _filter(parameter: str) -> str:
    name = plain(parameter)
    return name.removeprefix("filter") if "[" in parameter else name


def paging(plan: ListPlan, resource: Resource, reader: SchemaReader) -> Paging:
    """Return the expressions of an envelope's members."""
    base = 1 if plan.page is None else _first_page(plan.query[plan.page], reader)
    return Paging(
        plan.page or "",
        plan.offset or "",
        plan.after or "",
        base,
        member("last(page.items)", resource.key),
    )


def _first_page(schema: Place, reader: SchemaReader) -> int:
    said_so = (reader.say(schema, "default"), reader.say(schema, "minimum"))
    given = [number for number in said_so if isinstance(number, int)]
    return 0 if given and given[0] == 0 else 1


def list_step(
    plan: ListPlan,
    resource: Resource,
    where: dict[str, JsonValue],
    reader: SchemaReader,
    *,
    is_bare: bool,
) -> list[dict[str, JsonValue]]:
    """Write the steps that bind `page`, and `size` and `page_number` before it.

    Nothing tells of a size that there isn't where the answer `is_bare`.
    """
    size = _size(plan, reader)
    bound: dict[str, JsonValue] = {} if is_bare and size == "null" else {"size": said(size)}
    step: dict[str, JsonValue] = {"in": resource.name}
    if plan.page is not None:
        schema = plan.query[plan.page]
        first = _first_page(schema, reader)
        given = _whole(member("query", plan.page), schema, reader)
        bound["page_number"] = said(_bounded(f"default({given}, {first})", first, schema, reader))
        step["offset"] = said(f"(page_number - {first}) * size")
    elif plan.offset is not None:
        schema = plan.query[plan.offset]
        given = f"default({_whole(member('query', plan.offset), schema, reader)}, 0)"
        step["offset"] = said(_bounded(given, 0, schema, reader))
    if plan.after is not None:
        step["after"] = said(member("query", plan.after))
    if plan.sort is not None or plan.direction is not None:
        step["sort"] = said(_order(plan))
    conditions = _filters(plan, resource, where, reader)
    if where:
        step["where"] = where
    if conditions:
        step["matching"] = said(" and ".join(conditions))
    if bound:
        step["limit"] = "{{ size }}"
    step["as"] = "page"
    return [*([{"let": bound}] if bound else []), {"list": step}]


def _size(plan: ListPlan, reader: SchemaReader) -> str:
    if plan.size is None:
        return str(_DEFAULT_SIZE) if plan.is_paged_by_default else "null"
    schema = plan.query[plan.size]
    given = _whole(member("query", plan.size), schema, reader)
    if plan.is_paged_by_default and reader.say(schema, "default") is None:
        most = reader.say(schema, "maximum")
        size = min(_DEFAULT_SIZE, most) if isinstance(most, int) else _DEFAULT_SIZE
        return _bounded(f"default({given}, {size})", 0, schema, reader)
    floor = _bounded(given, 0, schema, reader)
    return given if floor == given else f"{floor} if {given} != null else null"


def _bounded(expression: str, least: int, schema: Place, reader: SchemaReader) -> str:
    """Keep a number from being too small or too large, unless validation does."""
    minimum, maximum = reader.say(schema, "minimum"), reader.say(schema, "maximum")
    if not isinstance(minimum, int | float) or minimum < least:
        expression = f"max({expression}, {least})"
    if not isinstance(maximum, int | float) or maximum > _LARGEST:
        expression = f"min({expression}, {_LARGEST})"
    return expression


def _whole(expression: str, schema: Place, reader: SchemaReader) -> str:
    return expression if reader.types(schema) == {"integer"} else f"integer({expression})"


def _order(plan: ListPlan) -> str:
    by = "null" if plan.sort is None else member("query", plan.sort)
    if plan.direction is None:
        return f"ordering({by})"
    return f"ordering({by}, {member('query', plan.direction)})"


def _filters(
    plan: ListPlan, resource: Resource, where: dict[str, JsonValue], reader: SchemaReader
) -> list[str]:
    """Compare what is alike by `where`; write conditions for the rest."""
    conditions = []
    for parameter, name in plan.filters.items():
        kinds = reader.types(resource.view.properties[name])
        given = reader.types(plan.query[parameter])
        value, own = member("query", parameter), member("item", name)
        if kinds == given and kinds <= _SCALARS and name not in where:
            where[name] = said(value)
        elif given == {"array"} and kinds <= _SCALARS:
            conditions.append(f"({value} == null or {own} in {value})")
        elif kinds == {"array"} and given <= _SCALARS and _holds(resource, name, given, reader):
            conditions.append(f"({value} == null or {value} in {own})")
        elif kinds <= _SCALARS and given <= _SCALARS:
            conditions.append(f"({value} == null or text({own}) == text({value}))")
    return [*conditions, *comparison_filters.conditions(plan.others, plan.query, resource, reader)]


def _holds(resource: Resource, name: str, kinds: frozenset[str], reader: SchemaReader) -> bool:
    items = reader.items(resource.view.properties[name])
    return items is not None and reader.types(items) == kinds


def filters_by(plan: ListPlan, resource: Resource, reader: SchemaReader) -> int:
    """Count the parameters that filter."""
    where: dict[str, JsonValue] = {}
    return len(_filters(plan, resource, where, reader)) + len(where)
