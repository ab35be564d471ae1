"""Describe JSON Schemas in short texts, list their members, and make example values, for people.

`reference_page.py` uses the texts and rows, `sample_requests.py` the example values. Both use
`resolve`, which follows a `$ref` within the document, and returns an empty object if it cannot.
Depth and number of rows are bounded. It validates nothing, and an example need not conform to its
schema.
"""

from collections.abc import Iterator

from mockserver.base.json import JsonValue, unescape

Json = dict[str, JsonValue]
_MAX_DEPTH = 5
_MAX_ROWS = 200
_BOUNDS = {
    "format": "{}",
    "pattern": "matches {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "{} characters at least",
    "maxLength": "{} characters at most",
    "minItems": "{} items at least",
    "maxItems": "{} items at most",
    "const": "is {}",
    "default": "default {}",
}
_EXAMPLES: Json = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
    "array": [],
    "object": {},
}


def resolve(value: JsonValue, document: Json) -> Json:
    """Follow the `$ref` of an object in its document; an unresolvable one gives an empty object."""
    seen: set[str] = set()
    while isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
        if reference in seen or not reference.startswith("#"):
            return {}
        seen.add(reference)
        value = document
        for token in reference[1:].split("/")[1:]:
            value = value.get(unescape(token)) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def type_summary(schema: JsonValue, document: Json, depth: int = 0) -> str:
    """Return type and limits of a schema as text."""
    found = resolve(schema, document)
    if depth > _MAX_DEPTH or not found:
        return "anything"
    words = [_type_text(found, document, depth)]
    words += [text.format(found[name]) for name, text in _BOUNDS.items() if name in found]
    if "enum" in found:
        words.append("one of " + ", ".join(str(one) for one in found["enum"]))
    return ", ".join(filter(None, words))[:500]


def _type_text(schema: Json, document: Json, depth: int) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(str(one) for one in kind)
    if kind == "array":
        return f"list of {type_summary(schema.get('items', {}), document, depth + 1)}"
    for name, between in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if isinstance(schema.get(name), list):
            return between.join(type_summary(one, document, depth + 1) for one in schema[name])
    return str(kind or ("object" if "properties" in schema else ""))


def member_rows(schema: JsonValue, document: Json) -> list[list[str]]:
    """List the members of an object at all levels: name, type, "yes" if required, description."""
    found: list[list[str]] = []
    for row in _rows(schema, document, "", 0):
        if len(found) == _MAX_ROWS:
            break
        found.append(row)
    return found


def _rows(schema: JsonValue, document: Json, prefix: str, depth: int) -> Iterator[list[str]]:
    found = resolve(schema, document)
    if depth > _MAX_DEPTH:
        return
    for name in ("allOf", "anyOf", "oneOf"):
        for part in found.get(name) or ():
            yield from _rows(part, document, prefix, depth + 1)
    needed = found.get("required") or ()
    for name, member in (found.get("properties") or {}).items():
        inner = resolve(member, document)
        described = str(inner.get("description") or "")
        is_needed = "yes" if name in needed else ""
        yield [prefix + name, type_summary(member, document), is_needed, described]
        yield from _rows(member, document, f"{prefix}{name}.", depth + 1)
    if "items" in found:
        yield from _rows(found["items"], document, f"{prefix}[].", depth + 1)


def example_of(schema: JsonValue, document: Json, depth: int = 0) -> JsonValue:
    """Return a small value of a schema, from its examples if it has any."""
    found = resolve(schema, document)
    for name in ("example", "const", "default"):
        if name in found:
            return found[name]
    for name in ("examples", "enum"):
        if isinstance(found.get(name), list) and found[name]:
            return found[name][0]
    if depth > _MAX_DEPTH:
        return None
    return _built(found, document, depth)


def _built(schema: Json, document: Json, depth: int) -> JsonValue:
    for name in ("anyOf", "oneOf"):
        if schema.get(name):
            return example_of(schema[name][0], document, depth + 1)
    parts = [example_of(part, document, depth + 1) for part in schema.get("allOf") or ()]
    if parts or "properties" in schema:
        whole = {
            key: value for part in parts if isinstance(part, dict) for key, value in part.items()
        }
        needed = schema.get("required") or ()
        for name, member in (schema.get("properties") or {}).items():
            if name in needed:
                whole[name] = example_of(member, document, depth + 1)
        return whole
    kind = schema.get("type")
    if kind == "array" and schema.get("minItems"):
        return [example_of(schema.get("items", {}), document, depth + 1)]
    return _EXAMPLES.get(kind[0] if isinstance(kind, list) and kind else str(kind))
