"""Errors of the schema validator, translated to violations with plain messages."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mockserver.base.json import JsonValue, escape
from mockserver.model.refusal import Violation
from mockserver.schemas import ecma_patterns

MOST = 50
"""The maximum number of violations that are reported for a value."""
_LONGEST = 100
"""The maximum length of a message about one keyword."""
_MOST_ALTERNATIVES = 3
"""How many alternatives a message names."""
_MOST_REASONS = 2
"""How many errors of an alternative a message names."""

_Error = Any
"""A `jsonschema_rs.ValidationError`; its kinds share no static type."""
Alternatives = Callable[[Sequence[str | int]], Sequence[str]]
"""Returns the names of the alternatives at a path of keys in the schema."""


def _no_names(_path: Sequence[str | int]) -> Sequence[str]:
    return ()


def violations_of(
    errors: Iterable[_Error],
    where: str,
    skipped: int = 0,
    alternatives: Alternatives = _no_names,
) -> list[Violation]:
    """Return the errors as violations, sorted by pointer, one for each place and keyword.

    Args:
        errors: Errors of the validator library.
        where: The part of the request or answer that was validated.
        skipped: How many keys to leave out at the beginning of their paths.
        alternatives: Returns the names of the schemas in `anyOf` or `oneOf`, by their path.
    """
    found: dict[tuple[str, str], Violation] = {}
    for error in errors:
        for violation in _translate(error, where, skipped, alternatives):
            found.setdefault((violation.pointer, violation.keyword), violation)
        if len(found) >= MOST:
            break
    return sorted(found.values(), key=lambda violation: violation.pointer)


def _translate(
    error: _Error, where: str, skipped: int, alternatives: Alternatives
) -> Iterable[Violation]:
    keyword = _KEYWORDS.get(error.kind.name, error.kind.name)
    pointer = "".join(f"/{escape(str(key))}" for key in error.instance_path[skipped:])
    details = error.kind.as_dict()
    if keyword == "required":
        yield Violation(where, f"{pointer}/{escape(details['property'])}", keyword, "is required")
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        for name in details["unexpected"]:
            yield Violation(where, f"{pointer}/{escape(name)}", keyword, "is not expected here")
    elif keyword in ("anyOf", "oneOf") and (
        branch := _likely_branch(details.get("context") or [], error.instance_path)
    ):
        for inner in branch:
            yield from _translate(inner, where, skipped, alternatives)
    elif keyword in ("anyOf", "oneOf") and all(details.get("context") or [()]):
        message = _nearest_alternatives(error, details["context"], alternatives(error.schema_path))
        yield Violation(where, pointer, keyword, message)
    else:
        yield Violation(where, pointer, keyword, _message(keyword, details, error))


_KEYWORDS = {ecma_patterns.KEYWORD: "pattern"}
"""The keywords of kinds of errors that have another name."""


def _likely_branch(branches: list[list[_Error]], path: list[str | int]) -> list[_Error]:
    """Return the errors of the alternative that the value was most likely written for.

    This is the only alternative apart from null, or the only one whose type fits, or the only one
    whose fixed values fit, because such values often distinguish alternatives. If none of these is
    the only one, the result is empty, and the violation is that of the whole keyword.
    """
    failed = [branch for branch in branches if branch]
    if len(failed) != len(branches) or not failed:
        return []
    not_only_null = [branch for branch in failed if not _is_null_alone(branch, path)]
    if len(not_only_null) == 1:
        return not_only_null[0]
    right_type = [branch for branch in failed if not _is_of_other_type(branch, path)]
    if len(right_type) == 1:
        return right_type[0]
    right_values = [branch for branch in failed if not any(map(_is_wrong_fixed_value, branch))]
    return right_values[0] if len(right_values) == 1 else []


def _is_null_alone(branch: list[_Error], path: list[str | int]) -> bool:
    """Return True for the alternative of a value that may also be null."""
    error = branch[0]
    is_type = error.kind.name == "type" and error.instance_path == path
    return is_type and error.kind.as_dict()["types"] in ("null", ["null"])


def _nearest_alternatives(error: _Error, branches: list[list[_Error]], names: Sequence[str]) -> str:
    """Return a message that names the alternatives, the nearest first, and what each one lacks."""
    path = error.instance_path
    numbered = [
        (_is_of_other_type(branch, path), len(branch), number)
        for number, branch in enumerate(branches)
    ]
    listed = [
        f"{names[number] if number < len(names) else f'schema {number + 1}'} "
        f"({_first_errors(branches[number], len(path))})"
        for *_, number in sorted(numbered)[:_MOST_ALTERNATIVES]
    ]
    more = len(branches) - len(listed)
    rest = f"; {more} more" if more else ""
    return f"does not match any of the allowed schemas: {', '.join(listed)}{rest}"


def _first_errors(branch: list[_Error], depth: int) -> str:
    """Return why a value does not match an alternative.

    Args:
        branch: The errors of the alternative.
        depth: The number of keys in the path of the value.
    """
    reasons = []
    for error in branch[:_MOST_REASONS]:
        for found in _translate(error, "", depth, _no_names):
            name = found.pointer.removeprefix("/")
            if found.keyword == "required":
                reasons.append(f"lacks {name}")
            else:
                reasons.append(f"{name} {found.message}".lstrip())
    more = "…" if len(branch) > _MOST_REASONS else ""
    return "; ".join(reasons) + more


def _is_wrong_fixed_value(error: _Error) -> bool:
    return error.kind.name in ("const", "enum")


def _is_of_other_type(branch: list[_Error], path: list[str | int]) -> bool:
    """Return True if an alternative does not allow the type of the value at a path."""
    return any(
        error.instance_path == path and error.kind.name in ("type", "const", "enum")
        for error in branch
    )


def _message(keyword: str, details: Mapping[str, Any], error: _Error) -> str:
    if keyword == "type":
        return f"must be {_type_names(details['types'])}, not {_type_of(error.instance)}"
    message = _MESSAGES.get(keyword)
    if message is None or "message" in details:
        return _shortened(error.message)
    return _shortened(message(details))


def message_for(keyword: str, *, matches_several: bool = False) -> str:
    """Return the message for a violation of `anyOf`, `oneOf` or the schema `false`."""
    return _MESSAGES[keyword]({"context": [] if matches_several else [True]})


def _type_of(value: JsonValue) -> str:
    """Return the name of a value's type; for null, true and false, the value itself."""
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


def _type_names(types: Any) -> str:  # noqa: ANN401 - a name or a list, by the library's version
    names = types if isinstance(types, list) else [types]
    null_last = sorted(map(str, names), key=lambda name: name == "null")
    return " or ".join(_TYPES.get(name, name) for name in null_last)


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
    False: "must match exactly one of the allowed schemas, but matches none",
    True: "must match exactly one of the allowed schemas, but matches more than one",
}


def _property_name(found: Mapping[str, Any]) -> str:
    return _listed([found["error"].instance])


_MESSAGES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
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
    "uniqueItems": lambda _found: "must not contain the same item twice",
    "anyOf": lambda _found: "does not match any of the allowed schemas",
    "oneOf": lambda found: _ONE_OF[not all(found.get("context") or [()])],
    "falseSchema": lambda _found: "is not allowed here",
    "propertyNames": lambda found: f"must not have a member named {_property_name(found)}",
    "additionalItems": lambda found: f"must have at most {found['limit']} items",
    "unevaluatedItems": lambda _found: "has more items than expected",
    "contentEncoding": lambda found: f"must be encoded in {found['content_encoding']}",
    "contentMediaType": lambda found: f"must be of type {found['content_media_type']}",
    "not": lambda _found: "matches a schema that it must not match",
    "contains": lambda _found: "must contain an item that matches the required schema",
}
