"""Write conditions for query parameters that compare, list or search: `min_price`, `ids`, `q`.

`list_steps.py` calls `conditions` with the parameters that are no pages, order or equal filter. Out
come conditions on `item`, as texts of expressions. A parameter without a clear meaning has no
condition. Nothing is filtered here: the inferred `list` step does that.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from mockserver.documents.references import Place
from mockserver.inference.expression_text import member
from mockserver.inference.object_schemas import SchemaReader, normalized
from mockserver.inference.recognition import Resource

_SUFFIXES = {
    **dict.fromkeys(("gte", "min", "from", "since"), ">="),
    **dict.fromkeys(("gt", "after"), ">"),
    **dict.fromkeys(("lte", "max", "to", "until"), "<="),
    **dict.fromkeys(("lt", "before"), "<"),
}
_PREFIXES = {
    **dict.fromkeys(("min", "minimum", "from"), ">="),
    **dict.fromkeys(("max", "maximum", "to"), "<="),
    "after": ">",
    "before": "<",
}
_SEARCHES = frozenset(("q", "query", "search", "searchterm", "searchquery", "term", "keyword"))
_MOST_SEARCHED = 20
_NUMBERS = frozenset(("integer", "number"))


class _QueryParameters(Protocol):
    """The query parameters of an operation."""

    @property
    def query(self) -> Mapping[str, Place]:
        """Their schemas, by name."""

    @property
    def values(self) -> Mapping[str, str]:
        """The expressions for their values, by name."""


def conditions(
    parameters: Iterable[str], known: _QueryParameters, resource: Resource, reader: SchemaReader
) -> Iterator[str]:
    """Yield a condition on `item` for each query parameter whose meaning is clear."""
    properties = {}
    for name, schema in resource.view.properties.items():
        if reader.types(schema) and reader.keyword(schema, "writeOnly") is not True:
            properties[normalized(name)] = (name, schema)
    times = {
        name.removesuffix(end): found
        for name, found in properties.items()
        for end in ("at", "on", "date")
        if _is_time(found[1], reader) and name != end
    }
    for parameter in parameters:
        name = normalized(parameter).removeprefix("filter" if "[" in parameter else "")
        schema, value = known.query[parameter], known.values[parameter]
        if (bound := _bound(name, {**times, **properties})) is not None:
            condition = _comparison(value, schema, *bound, reader)
        elif (listed := _listed_property(name, properties)) is not None:
            condition = _membership(value, schema, *listed, reader)
        else:
            condition = _search(parameter, value, schema, properties.values(), reader)
        if condition:
            yield f"({value} == null or {condition})"


def _bound(name: str, properties: Mapping[str, tuple[str, Place]]) -> tuple[str, Place, str] | None:
    """Return the property that a parameter limits, its schema, and the comparison operator."""
    for ends, cut in ((_SUFFIXES, str.removesuffix), (_PREFIXES, str.removeprefix)):
        for end, sign in ends.items():
            if (rest := cut(name, end)) != name and rest in properties:
                return *properties[rest], sign
    return None


def _is_time(schema: Place, reader: SchemaReader) -> bool:
    return reader.keyword(schema, "format") in ("date", "date-time")


def _comparison(
    value: str, given: Place, name: str, schema: Place, sign: str, reader: SchemaReader
) -> str:
    own = member("item", name)
    if reader.types(schema) <= _NUMBERS and reader.types(given) <= _NUMBERS:
        return f"number({own}) {sign} {value}"
    if not _is_time(schema, reader) or reader.types(given) != {"string"}:
        return ""
    if {reader.keyword(schema, "format"), reader.keyword(given, "format")} == {"date-time"}:
        readable = f"is_instant({own}) and is_instant({value})"
        return f"{readable} and instant({own}) {sign} instant({value})"
    return f"{own} != null and text({own}) {sign} {value}"


def _listed_property(
    name: str, properties: Mapping[str, tuple[str, Place]]
) -> tuple[str, Place] | None:
    """Return the property of which a parameter lists several values: `ids` → id."""
    singulars = (name.removesuffix("s"), name.removesuffix("es"), name.removesuffix("ies") + "y")
    return next((properties[one] for one in singulars if one != name and one in properties), None)


def _membership(value: str, given: Place, name: str, schema: Place, reader: SchemaReader) -> str:
    own = member("item", name)
    items = reader.items(given)
    kinds = reader.types(schema)
    if not kinds <= {"string", "integer"}:
        return ""
    if items is not None and reader.types(items) == kinds:
        return f"{own} in {value}"
    return f'text({own}) in split({value}, ",")' if reader.types(given) == {"string"} else ""


def _search(
    parameter: str,
    value: str,
    given: Place,
    properties: Iterable[tuple[str, Place]],
    reader: SchemaReader,
) -> str:
    if normalized(parameter) not in _SEARCHES or reader.types(given) != {"string"}:
        return ""
    texts = [name for name, schema in properties if reader.types(schema) == {"string"}]
    parts = ", ".join(f"text({member('item', name)})" for name in texts[:_MOST_SEARCHED])
    sought = f"lower({value})"
    return f'{sought} in lower(join([{parts}], "\\n"))' if parts else ""
