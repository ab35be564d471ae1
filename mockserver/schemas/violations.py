"""What a schema validator finds wrong, in our words and in reading order."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mockserver.base.json import JsonValue, escape
from mockserver.model.refusal import Violation

MOST = 50
_LONGEST = 100

_Error = Any
"""A jsonschema_rs.ValidationError, whose kinds have no common typed form."""


def violations_of(errors: Iterable[_Error], where: str) -> list[Violation]:
    """Translate errors; several of the same place and keyword are told once."""
    found: dict[tuple[str, str], Violation] = {}
    for error in errors:
        for violation in _translate(error, where):
            found.setdefault((violation.pointer, violation.keyword), violation)
        if len(found) >= MOST:
            break
    return sorted(found.values(), key=lambda violation: violation.pointer)


def _translate(error: _Error, where: str) -> Iterable[Violation]:
    keyword = error.kind.name
    pointer = "".join(f"/{escape(str(key))}" for key in error.instance_path)
    details = error.kind.as_dict()
    if keyword == "required":
        yield Violation(where, f"{pointer}/{escape(details['property'])}", keyword, "is required")
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        for name in details["unexpected"]:
            yield Violation(where, f"{pointer}/{escape(name)}", keyword, "is not expected here")
    elif keyword in ("anyOf", "oneOf") and (best := _best_branch(details.get("context") or [])):
        for inner in best:
            yield from _translate(inner, where)
    else:
        yield Violation(where, pointer, keyword, _message(keyword, details, error))


def _best_branch(branches: list[list[_Error]]) -> list[_Error]:
    """Choose the alternative that was meant: the one that fails deepest, else by keyword.

    Where all fail at their root for their type or for different members, no branch is better
    than the others, and the failure of the whole is told.
    """
    failed = [branch for branch in branches if branch]
    if len(failed) != len(branches) or not failed:
        return []
    if len(failed) == 1:
        return failed[0]
    by_type = [branch for branch in failed if not any(_is_of_type(item) for item in branch)]
    if len(by_type) == 1:
        return by_type[0]
    by_tag = [branch for branch in failed if not any(map(_is_of_tag, branch))]
    return by_tag[0] if len(by_tag) == 1 else []


def _is_of_tag(error: _Error) -> bool:
    """Tell whether an error is about a fixed value, by which alternatives are often told apart."""
    return error.kind.name in ("const", "enum")


def _is_of_type(error: _Error) -> bool:
    return not error.instance_path and error.kind.name in ("type", "const", "enum")


def _message(keyword: str, details: Mapping[str, Any], error: _Error) -> str:
    if keyword == "type":
        return f"must be {_typed(details['types'])}, not {_type_of(error.instance)}"
    words = _WORDS.get(keyword)
    if words is None:
        return _shortened(error.message)
    return _shortened(words(details))


def _type_of(value: JsonValue) -> str:
    """Name the type of a value, and a number that is not whole as such."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return _TYPES[_NAMES.get(type(value), "object")]


_NAMES = {str: "string", int: "integer", float: "number", list: "array"}


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values
    )


def _typed(types: Any) -> str:  # noqa: ANN401 - text or a list of them, by the library's version
    names = types if isinstance(types, list) else [types]
    last = sorted(map(str, names), key=lambda name: name == "null")
    return " or ".join(_TYPES.get(name, name) for name in last)


_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_ONE_OF = {
    False: "fits none of the forms of which it must fit one",
    True: "fits more than one of the forms of which it must fit one",
}


def _named(found: Mapping[str, Any]) -> str:
    return _listed([found["error"].instance])


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "enum": lambda found: f"must be one of: {_listed(found['options'])}",
    "const": lambda found: f"must be {_listed([found['expected_value']])}",
    "format": lambda found: f"must be a valid {found['format']}",
    "pattern": lambda found: f"must match {found['pattern']}",
    "minimum": lambda found: f"must be at least {found['limit']}",
    "maximum": lambda found: f"must be at most {found['limit']}",
    "exclusiveMinimum": lambda found: f"must be more than {found['limit']}",
    "exclusiveMaximum": lambda found: f"must be less than {found['limit']}",
    "multipleOf": lambda found: f"must be a multiple of {found['multiple_of']}",
    "minLength": lambda found: f"must have at least {found['limit']} characters",
    "maxLength": lambda found: f"must have at most {found['limit']} characters",
    "minItems": lambda found: f"must have at least {found['limit']} items",
    "maxItems": lambda found: f"must have at most {found['limit']} items",
    "minProperties": lambda found: f"must have at least {found['limit']} members",
    "maxProperties": lambda found: f"must have at most {found['limit']} members",
    "uniqueItems": lambda _found: "must not have the same item twice",
    "anyOf": lambda _found: "fits none of the forms that are allowed",
    "oneOf": lambda found: _ONE_OF[not all(found.get("context") or [()])],
    "falseSchema": lambda _found: "is not allowed here",
    "propertyNames": lambda found: f"has a member {_named(found)} whose name is not allowed",
    "additionalItems": lambda found: f"must have at most {found['limit']} items",
    "unevaluatedItems": lambda _found: "has more items than are expected",
    "contentEncoding": lambda found: f"must be encoded in {found['content_encoding']}",
    "contentMediaType": lambda found: f"must be of type {found['content_media_type']}",
    "not": lambda _found: "has a form that is not allowed",
    "contains": lambda _found: "must have an item of the form that is asked for",
}
