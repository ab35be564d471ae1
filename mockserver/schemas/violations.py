"""Translate errors of the validator library to `Violation`s with plain messages.

Callers: `validators.py` and `violation_search.py`. `violations_of` returns one for each place and
keyword, sorted by pointer; it stops when it has `MOST` or a few more, which callers cut off. Of
`anyOf` and `oneOf`, it reports the alternative that was most likely meant, or names the nearest
ones. A keyword without a message here gets that of the library, shortened, which may contain the
given value. `message_for` is for the search, which has no errors. Nothing is validated here.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mockserver.base.json import JsonValue, escape
from mockserver.base.problems import near
from mockserver.model.refusal import Violation
from mockserver.schemas import ecma_patterns

MOST = 50
"""The maximum number of violations that are reported for a value."""
_LONGEST = 100
"""The maximum length of a message about one keyword."""
_MOST_ALTERNATIVES = 3
"""How many alternatives a message names."""
_MOST_VALUES = 30
_MOST_COMPARED = 1_000
_LONGEST_LIST = 1_000
"""How many values of a member a message names, and compares; and the length of their list."""
_MOST_REASONS = 2
"""How many errors of an alternative a message names."""

_Error = Any
"""A `jsonschema_rs.ValidationError`; its kinds share no static type."""
_Alternatives = Callable[[Sequence[str | int]], Sequence[str]]
"""Returns the names of the alternatives at a path of keys in the schema."""


def _no_names(_path: Sequence[str | int]) -> Sequence[str]:
    return ()


def violations_of(
    errors: Iterable[_Error],
    where: str,
    skipped: int = 0,
    alternatives: _Alternatives = _no_names,
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
    error: _Error, where: str, skipped: int, alternatives: _Alternatives
) -> Iterable[Violation]:
    keyword = _KEYWORDS.get(error.kind.name, error.kind.name)
    pointer = "".join(f"/{escape(str(key))}" for key in error.instance_path[skipped:])
    details = error.kind.as_dict()
    if keyword == "required":
        yield Violation(where, f"{pointer}/{escape(details['property'])}", keyword, "is required")
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        for name in details["unexpected"]:
            yield Violation(where, f"{pointer}/{escape(name)}", keyword, "is not expected here")
    elif leaves := _leaves(error, alternatives):
        if branch := _likely_branch(leaves, error.instance_path):
            for inner in branch:
                yield from _translate(inner, where, skipped, alternatives)
        else:
            yield Violation(where, pointer, keyword, _nearest_alternatives(error, leaves))
    else:
        yield Violation(where, pointer, keyword, _message(keyword, details, error))


_KEYWORDS = {ecma_patterns.KEYWORD: "pattern"}
"""The keywords of kinds of errors that have another name."""


class _Leaf(NamedTuple):
    """An alternative of a combination, or of one inside it, that a value does not match."""

    name: str
    """The name of its component; empty without one."""
    label: str
    """Its name, or else its number."""
    errors: list[_Error]


def _leaves(error: _Error, alternatives: _Alternatives) -> list[_Leaf]:
    """Return the alternatives of `anyOf` or `oneOf`; none if the value matches several.

    An alternative that is nothing but a combination itself is replaced by its own alternatives.
    """
    if error.kind.name not in _COMBINATIONS:
        return []
    branches: list[list[_Error]] = error.kind.as_dict().get("context") or []
    if not all(branches):
        return []
    names = alternatives(error.schema_path)
    leaves: list[_Leaf] = []
    for number, branch in enumerate(branches):
        is_same_value = len(branch) == 1 and branch[0].instance_path == error.instance_path
        if is_same_value and (inner := _leaves(branch[0], alternatives)):
            leaves += inner
        else:
            unnamed = f"schema {number + 1}"
            label = names[number] if number < len(names) else unnamed
            leaves.append(_Leaf("" if label == unnamed else label, label, branch))
    return leaves


_COMBINATIONS = ("anyOf", "oneOf")


def _likely_branch(leaves: list[_Leaf], path: list[str | int]) -> list[_Error]:
    """Return the errors of the alternative that the value was most likely written for.

    This is the only alternative apart from null, or the only one whose type fits, or the only one
    of these whose fixed values fit, because such values often distinguish alternatives. If none of
    these is the only one, the result is empty, and the violation is that of the whole keyword.
    """
    failed = [leaf.errors for leaf in leaves]
    not_only_null = [branch for branch in failed if not _is_null_alone(branch, path)]
    if len(not_only_null) == 1:
        return not_only_null[0]
    right_type = [branch for branch in failed if not _is_of_other_type(branch, path)]
    if len(right_type) == 1 and not _is_wrong_itself(right_type[0], path):
        return right_type[0]
    right_values = [branch for branch in right_type if not any(map(_is_wrong_fixed_value, branch))]
    return right_values[0] if len(right_values) == 1 else []


def _is_null_alone(branch: list[_Error], path: list[str | int]) -> bool:
    """Return True for the alternative of a value that may also be null."""
    error = branch[0]
    is_type = error.kind.name == "type" and error.instance_path == path
    return is_type and error.kind.as_dict()["types"] in ("null", ["null"])


def _nearest_alternatives(error: _Error, leaves: list[_Leaf]) -> str:
    """Return a message that names the alternatives, the nearest first, and what each one lacks.

    If all of them allow other types only, the message names the types. If there are many, which
    differ by the value of one member, it names the values.
    """
    path = error.instance_path
    if types := _types_of_all(leaves, path):
        return f"must be {_joined(types)}, not {_type_of(error.instance)}"
    if message := _wrong_for_all(error, leaves):
        return message
    numbered = [
        (_is_of_other_type(leaf.errors, path), len(leaf.errors), number)
        for number, leaf in enumerate(leaves)
    ]
    listed = [
        f"{leaves[number].label} ({_first_errors(leaves[number].errors, len(path))})"
        for *_, number in sorted(numbered)[:_MOST_ALTERNATIVES]
    ]
    more = len(leaves) - len(listed)
    rest = f"; {more} more" if more else ""
    return f"does not match any of the allowed schemas: {', '.join(listed)}{rest}"


def _wrong_for_all(error: _Error, leaves: list[_Leaf]) -> str:
    """Return which values a member may have, if it distinguishes many alternatives; else ""."""
    path, value = error.instance_path, error.instance
    found = [
        _fixed_members(leaf.errors, len(path))
        for leaf in leaves
        if not _is_of_other_type(leaf.errors, path)
    ]
    if len(found) <= _MOST_ALTERNATIVES or not isinstance(value, dict):
        return ""
    for name in found[0]:
        if all(name in values for values in found):
            return f"{name} {_choice(value[name], [one for each in found for one in each[name]])}"
    return ""


def _choice(value: JsonValue, allowed: list[JsonValue]) -> str:
    """Return which values are allowed instead of one, with the most similar text."""
    listed = _listed(allowed[:_MOST_VALUES])
    if len(listed) > _LONGEST_LIST:
        listed = listed[:_LONGEST_LIST] + "…"
    more = len(allowed) - _MOST_VALUES
    rest = f" and {more} more" if more > 0 else ""
    texts = [one for one in allowed[:_MOST_COMPARED] if isinstance(one, str)]
    hint = near(value[:_LONGEST], texts) if isinstance(value, str) else ""
    return f"must be one of: {listed}{rest}" + (hint and f"; {hint}")


def _fixed_members(branch: list[_Error], depth: int) -> dict[str, list[JsonValue]]:
    """Return the values that members of an object may have, for those with another value."""
    found: dict[str, list[JsonValue]] = {}
    for error in branch:
        if error.kind.name in _FIXED and len(error.instance_path) == depth + 1:
            found[str(error.instance_path[-1])] = _allowed(error)
    return found


def _types_of_all(leaves: list[_Leaf], path: list[str | int]) -> list[str]:
    """Return the types that all alternatives together allow, if the type is wrong for each one.

    A type is followed by the names of its components.
    """
    names: dict[str, list[str]] = {}
    for leaf in leaves:
        wrong = [
            item for item in leaf.errors if item.kind.name == "type" and item.instance_path == path
        ]
        if not wrong:
            return []
        types = wrong[0].kind.as_dict()["types"]
        for one in types if isinstance(types, list) else [types]:
            known = names.setdefault(_TYPES.get(str(one), str(one)), [])
            if leaf.name and leaf.name not in known:
                known.append(leaf.name)
    return [f"{one} ({_some(found)})" if found else one for one, found in names.items()]


def _some(names: list[str]) -> str:
    """Return some of the names of components, as a choice."""
    more = len(names) - _MOST_ALTERNATIVES
    return _joined([*names[:_MOST_ALTERNATIVES], f"{more} more"] if more > 0 else names)


def _joined(names: list[str]) -> str:
    """Return names as a choice: `a, b or c`."""
    return " or ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])


def _first_errors(branch: list[_Error], depth: int) -> str:
    """Return why a value does not match an alternative.

    Args:
        branch: The errors of the alternative.
        depth: The number of keys in the path of the value.
    """
    reasons = []
    of_type = [one for one in branch if one.kind.name == "type" and len(one.instance_path) == depth]
    branch = of_type or branch
    for error in branch[:_MOST_REASONS]:
        for found in _translate(error, "", depth, _no_names):
            name = found.pointer.removeprefix("/")
            if found.keyword == "required":
                reasons.append(f"lacks {name}")
            elif error.kind.name == "enum" and len(error.kind.as_dict()["options"]) == 1:
                reasons.append(
                    f"{name} must be {_listed(error.kind.as_dict()['options'])}".lstrip()
                )
            else:
                reasons.append(f"{name} {found.message}".lstrip())
    more = "…" if len(branch) > _MOST_REASONS else ""
    return "; ".join(reasons) + more


def _is_wrong_fixed_value(error: _Error) -> bool:
    """Return True if only other values are allowed at a place, or also null."""
    if error.kind.name in _FIXED:
        return True
    leaves, path = _leaves(error, _no_names), error.instance_path
    return bool(leaves) and all(
        _is_wrong_itself(leaf.errors, path) or _is_null_alone(leaf.errors, path) for leaf in leaves
    )


_FIXED = ("const", "enum")


def _is_wrong_itself(branch: list[_Error], path: list[str | int]) -> bool:
    """Return True if an alternative has only other values than the value at a path."""
    return any(error.instance_path == path and error.kind.name in _FIXED for error in branch)


def _is_of_other_type(branch: list[_Error], path: list[str | int]) -> bool:
    """Return True if an alternative does not allow the type of the value at a path."""
    return any(
        error.instance_path == path
        and (error.kind.name == "type" or (error.kind.name in _FIXED and not _has_its_type(error)))
        for error in branch
    )


def _has_its_type(error: _Error) -> bool:
    """Return True if a value that is not allowed has the type of one that is."""
    return _type_of(error.instance) in map(_type_of, _allowed(error))


def _allowed(error: _Error) -> list[JsonValue]:
    """Return the values that a `const` or `enum` allows."""
    details = error.kind.as_dict()
    return list(details["options"]) if error.kind.name == "enum" else [details["expected_value"]]


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
