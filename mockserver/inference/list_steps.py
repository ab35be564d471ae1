"""Write the steps of a list: filters, order and pages, from the declared query parameters.

`item_steps.py` and `action_steps.py` call `plan`, which finds the meaning of each parameter by its
name and type, then `list_step` for the steps and `paging` for links. A parameter without a clear
meaning has no effect: `ignored` returns the names of these, `filter_count` how many parameters
filter (`comparison_filters.py` writes the filters that compare, list several values or search).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference import comparison_filters
from mockserver.inference.expression_text import member, template
from mockserver.inference.object_schemas import SchemaReader, normalized
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
    """The meaning of the query parameters of a list."""

    size: str | None
    offset: str | None
    page: str | None
    after: str | None
    sort: str | None
    direction: str | None
    filters: Mapping[str, str]
    """Properties, by the parameters that filter by them."""
    others: tuple[str, ...]
    """Parameters that may compare or search."""
    query: Mapping[str, Place]
    """Schemas of all query parameters, by name; members of objects are named `filter[status]`."""
    values: Mapping[str, str]
    """Expressions for the values of these parameters."""

    @property
    def is_paged_by_default(self) -> bool:
        """True if pages have a default size."""
        return self.page is not None or self.after is not None


def plan(query: Mapping[str, Place], resource: Resource, reader: SchemaReader) -> ListPlan:
    """Determine the meaning of the query parameters of a list by their names and types."""
    expanded, values = _expanded(query, reader)
    left = dict(expanded)
    properties = {normalized(name): name for name in resource.view.properties}

    def take(names: list[str], *kinds: str) -> str | None:
        known = {normalized(name): name for name in reversed(left)}
        for name in names:
            found = known.get(name)
            if found is None or not reader.types(left[found]) <= {*kinds}:
                continue
            if name in _AMBIGUOUS and name in properties and len(left) == len(expanded):
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
    return ListPlan(size, offset, page, after, sort, direction, filters, others, expanded, values)


def _expanded(
    query: Mapping[str, Place], reader: SchemaReader
) -> tuple[dict[str, Place], dict[str, str]]:
    """Return the schemas and values of parameters, with the members of objects in their place."""
    schemas: dict[str, Place] = {}
    values: dict[str, str] = {}
    for name, schema in query.items():
        view = reader.view(schema) if reader.types(schema) == {"object"} else None
        if view is None or not view.properties:
            schemas[name], values[name] = schema, member("query", name)
            continue
        for key, inner in view.properties.items():
            schemas[f"{name}[{key}]"] = inner
            values[f"{name}[{key}]"] = member(member("query", name), key)
    return schemas, values


def _is_direction(name: str, schema: Place, reader: SchemaReader) -> bool:
    choices = reader.keyword(schema, "enum")
    if normalized(name) not in _DIRECTIONS or not isinstance(choices, list) or not choices:
        return False
    return {str(choice).lower() for choice in choices} <= {"asc", "desc", "ascending", "descending"}


def _filter(parameter: str) -> str:
    name = normalized(parameter)
    return name.removeprefix("filter") if "[" in parameter else name


def paging(plan: ListPlan, resource: Resource, reader: SchemaReader) -> Paging:
    """Return the expressions for the members of an envelope."""
    base = 1 if plan.page is None else _first_page(plan.query[plan.page], reader)
    return Paging(
        plan.page or "",
        plan.offset or "",
        plan.after or "",
        base,
        member("last(page.items)", resource.key),
    )


def _first_page(schema: Place, reader: SchemaReader) -> int:
    documented = (reader.keyword(schema, "default"), reader.keyword(schema, "minimum"))
    given = [number for number in documented if isinstance(number, int)]
    return 0 if given and given[0] == 0 else 1


def list_step(
    plan: ListPlan,
    resource: Resource,
    where: dict[str, JsonValue],
    reader: SchemaReader,
    *,
    is_bare: bool,
) -> list[dict[str, JsonValue]]:
    """Write the steps that bind `page`, after `size` and `page_number`.

    If the answer is a list without an envelope (`is_bare`) and has no size, `size` is not bound.
    """
    size = _size(plan, reader)
    bound: dict[str, JsonValue] = {} if is_bare and size == "null" else {"size": template(size)}
    step: dict[str, JsonValue] = {"in": resource.name}
    if plan.page is not None:
        schema = plan.query[plan.page]
        first = _first_page(schema, reader)
        given = _whole(plan.values[plan.page], schema, reader)
        bound["page_number"] = template(
            _bounded(f"default({given}, {first})", first, schema, reader)
        )
        step["offset"] = template(f"(page_number - {first}) * size")
    elif plan.offset is not None:
        schema = plan.query[plan.offset]
        given = f"default({_whole(plan.values[plan.offset], schema, reader)}, 0)"
        step["offset"] = template(_bounded(given, 0, schema, reader))
    if plan.after is not None:
        step["after"] = template(plan.values[plan.after])
    if plan.sort is not None or plan.direction is not None:
        step["sort"] = template(_order(plan))
    conditions = _filters(plan, resource, where, reader)
    if where:
        step["where"] = where
    if conditions:
        step["matching"] = template(" and ".join(conditions))
    if bound:
        step["limit"] = "{{ size }}"
    step["as"] = "page"
    return [*([{"let": bound}] if bound else []), {"list": step}]


def _size(plan: ListPlan, reader: SchemaReader) -> str:
    if plan.size is None:
        return str(_DEFAULT_SIZE) if plan.is_paged_by_default else "null"
    schema = plan.query[plan.size]
    given = _whole(plan.values[plan.size], schema, reader)
    if plan.is_paged_by_default and reader.keyword(schema, "default") is None:
        most = reader.keyword(schema, "maximum")
        size = min(_DEFAULT_SIZE, most) if isinstance(most, int) else _DEFAULT_SIZE
        return _bounded(f"default({given}, {size})", 0, schema, reader)
    floor = _bounded(given, 0, schema, reader)
    return given if floor == given else f"{floor} if {given} != null else null"


def _bounded(expression: str, least: int, schema: Place, reader: SchemaReader) -> str:
    """Limit a number to a range that validation does not already ensure."""
    minimum, maximum = reader.keyword(schema, "minimum"), reader.keyword(schema, "maximum")
    if not isinstance(minimum, int | float) or minimum < least:
        expression = f"max({expression}, {least})"
    if not isinstance(maximum, int | float) or maximum > _LARGEST:
        expression = f"min({expression}, {_LARGEST})"
    return expression


def _whole(expression: str, schema: Place, reader: SchemaReader) -> str:
    return expression if reader.types(schema) == {"integer"} else f"integer({expression})"


def _order(plan: ListPlan) -> str:
    by = "null" if plan.sort is None else plan.values[plan.sort]
    if plan.direction is None:
        return f"ordering({by})"
    return f"ordering({by}, {plan.values[plan.direction]})"


def _filters(
    plan: ListPlan, resource: Resource, where: dict[str, JsonValue], reader: SchemaReader
) -> list[str]:
    """Add filters for equal types to `where`; return conditions for the others."""
    conditions = []
    for parameter, name in plan.filters.items():
        kinds = reader.types(resource.view.properties[name])
        given = reader.types(plan.query[parameter])
        value, own = plan.values[parameter], member("item", name)
        if kinds == given and kinds <= _SCALARS and name not in where:
            where[name] = template(value)
        elif given == {"array"} and kinds <= _SCALARS:
            conditions.append(f"({value} == null or {own} in {value})")
        elif kinds == {"array"} and given <= _SCALARS and _has_items(resource, name, given, reader):
            conditions.append(f"({value} == null or {value} in {own})")
        elif kinds <= _SCALARS and given <= _SCALARS:
            conditions.append(f"({value} == null or text({own}) == text({value}))")
    return [*conditions, *comparison_filters.conditions(plan.others, plan, resource, reader)]


def _has_items(resource: Resource, name: str, kinds: frozenset[str], reader: SchemaReader) -> bool:
    items = reader.items(resource.view.properties[name])
    return items is not None and reader.types(items) == kinds


def filter_count(plan: ListPlan, resource: Resource, reader: SchemaReader) -> int:
    """Return the number of parameters that filter."""
    where: dict[str, JsonValue] = {}
    return len(_filters(plan, resource, where, reader)) + len(where)


def ignored(plan: ListPlan, resource: Resource, reader: SchemaReader) -> tuple[str, ...]:
    """Return the parameters that have no effect."""
    names = []
    for name in (*plan.filters, *plan.others):
        filters = {name: plan.filters[name]} if name in plan.filters else {}
        alone = replace(plan, filters=filters, others=() if filters else (name,))
        if not filter_count(alone, resource, reader):
            names.append(name)
    return tuple(names)
