"""Group the fields of queries, forms and cookies by name, and convert them to typed values.

In: text such as `a=1&b=2`, or parts of a multipart body; and the shape of a schema. Out: values,
and violations or an `UndecodableError` for what cannot be read. `name[member]` is a member of an
object; `name[]` and `name[0]` are items of an array. OpenAPI defines only the first (`deepObject`),
but clients send all of them. At most 1,000 fields and 20 levels are read. Callers: `parameters.py`,
`parameter_styles.py`, `forms.py`, and `contract/recording.py` for names. Values are not validated
against the schema here.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.json import JsonValue, escape
from mockserver.model.refusal import Violation
from mockserver.schemas.shapes import Shape

_MOST_PARTS = 1_000
MOST_ESCAPES = 200_000
"""Maximum number of places with percent-encoded characters in one value."""
_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_DEEPEST = 20

_Raw = Any
"""One value before conversion: percent-encoded text, or a part of a multipart body."""
ReadField = Callable[[Shape, _Raw], JsonValue]
Fields = Mapping[str, Sequence[_Raw]]
"""The values of each name, in the order of the request."""


class UndecodableError(ValueError):
    """Text that is not percent-encoded UTF-8, or that does not follow its parameter style."""

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer
        """JSON Pointer to the wrong value, relative to the parameter or field."""

    def below(self, key: str | int) -> "UndecodableError":
        """Return the same error with a key before its pointer."""
        return UndecodableError(str(self), f"/{escape(str(key))}{self.pointer}")


def unquoted(raw: str) -> str:
    """Decode percent-encoded text (RFC 3986, section 2.1).

    Raises:
        UndecodableError: If the decoded bytes are not UTF-8, or take too long to decode.
    """
    if "%" not in raw:
        return raw
    try:
        decoded, count = _ESCAPES.subn(_decoded, raw.encode(), MOST_ESCAPES + 1)
        if count > MOST_ESCAPES:
            message = f"has percent-encoded characters in more than {MOST_ESCAPES:,} places"
            raise UndecodableError(message)
        return decoded.decode()
    except UnicodeError:
        raise UndecodableError("is not percent-encoded UTF-8") from None


def _decoded(escapes: re.Match[bytes]) -> bytes:
    """Decode a run of percent-encoded bytes at once."""
    return bytes.fromhex(escapes[0].replace(b"%", b"").decode())


def grouped(text: str, where: str, violations: list[Violation]) -> dict[str, list[str]]:
    """Split a query or a form by name; the names are decoded, the values stay percent-encoded.

    Args:
        text: The query or form.
        where: The part of the request, for violations.
        violations: Violations are added to this list.
    """
    found: dict[str, list[str]] = {}
    parts = text.replace("+", " ").split("&", _MOST_PARTS)
    if len(parts) > _MOST_PARTS:
        message = f"has more than {_MOST_PARTS:,} parts"
        violations.append(Violation(where, "", "maxProperties", message))
        del parts[_MOST_PARTS:]
    for part in parts:
        name, _, raw = part.partition("=")
        if not part:
            continue
        try:
            found.setdefault(unquoted(name), []).append(raw)
        except UndecodableError as error:
            violations.append(Violation(where, "", "encoding", f"has a name that {error}"))
    return found


def _read_text(shape: Shape, raw: str) -> JsonValue:
    """Read one percent-encoded value."""
    return shape.read(unquoted(raw))


@dataclass(slots=True)
class Branch:
    """The values of a name, and a branch for each key in brackets after the name."""

    raws: list[_Raw] = field(default_factory=list)
    members: "dict[str, Branch]" = field(default_factory=dict)


def branch_of(fields: Fields, name: str) -> Branch | None:
    """Collect the values of a name and of its bracketed keys; None if there are none.

    Raises:
        UndecodableError: If the brackets are nested too deeply.
    """
    root = Branch(list(fields.get(name, ())))
    for key, raws in fields.items():
        if is_below(key, name):
            branch = root
            segments = key[len(name) + 1 : -1].split("][")
            if len(segments) > _DEEPEST:
                raise UndecodableError(f"is nested deeper than {_DEEPEST} levels")
            for segment in segments:
                branch = branch.members.setdefault(segment, Branch())
            branch.raws += raws
    return root if root.raws or root.members else None


def is_below(key: str, name: str) -> bool:
    """Return True if a key is the name followed by brackets."""
    return key.endswith("]") and key.startswith(f"{name}[")


def bracketed(name: str) -> tuple[str, ...]:
    """Split the name of a field at its brackets: `a[b][]` is `a`, `b`, and an empty text."""
    first, bracket, rest = name.partition("[")
    if not bracket or not rest.endswith("]"):
        return (name,)
    return (first, *rest[:-1].split("]["))


def build(shape: Shape, branch: Branch, read: ReadField = _read_text) -> JsonValue:
    """Convert the values of one name to one typed value.

    Raises:
        UndecodableError: If a single value has several texts, or a name has a value and members.
    """
    if not branch.members:
        return values(shape, branch.raws, read)
    if branch.raws:
        raise UndecodableError("is given both as a value and by its members")
    if not shape.is_object and all(key == "" or key.isdecimal() for key in branch.members):
        return _items(shape, branch.members, read)
    return {
        key: _build_below(shape.member(key), member, key, read)
        for key, member in branch.members.items()
    }


def _items(shape: Shape, members: Mapping[str, Branch], read: ReadField) -> list[JsonValue]:
    found: list[JsonValue] = []
    ordered = sorted(members, key=lambda key: int(key[:9]) if key else -1)
    for key in ordered:
        branch = members[key]
        single = [branch] if branch.members else [Branch([raw]) for raw in branch.raws]
        for item in single:
            found.append(_build_below(shape.item(len(found)), item, len(found), read))
    return found


def _build_below(shape: Shape, branch: Branch, key: str | int, read: ReadField) -> JsonValue:
    try:
        return build(shape, branch, read)
    except UndecodableError as error:
        raise error.below(key) from None


def values(shape: Shape, raws: Sequence[_Raw], read: ReadField = _read_text) -> JsonValue:
    """Read the values of one name: an array, or a single value."""
    if shape.is_array and not (shape.is_scalar and len(raws) == 1):
        return [read(shape.item(index), raw) for index, raw in enumerate(raws)]
    return read(shape, single(raws))


def single(raws: Sequence[_Raw]) -> _Raw:
    """Return the only value.

    Raises:
        UndecodableError: If there are several values.
    """
    if len(raws) > 1:
        raise UndecodableError("is given more than once")
    return raws[0]


def read_all(
    shape: Shape, fields: Fields, read: Callable[[str, Branch], JsonValue]
) -> tuple[dict[str, JsonValue], list[Violation]]:
    """Read all fields as one object, and list the fields that cannot be read.

    Args:
        shape: The shape of the object.
        fields: The fields of the request.
        read: Reads the branch of a name.
    """
    found: dict[str, JsonValue] = {}
    violations: list[Violation] = []
    for name in _names(shape, fields):
        try:
            branch = branch_of(fields, name) if shape.member(name).is_structured else None
            found[name] = read(name, branch or Branch(list(fields[name])))
        except UndecodableError as error:
            pointer = f"/{escape(name)}{error.pointer}"
            violations.append(Violation("body", pointer, "encoding", str(error)))
    return found, violations


def _names(shape: Shape, fields: Fields) -> Iterable[str]:
    """List the names of the fields once each, without the brackets of array and object members."""
    known = shape.properties
    names: dict[str, None] = {}
    for key in fields:
        name = key.partition("[")[0]
        is_member = key not in known and name in known and known[name].is_structured
        names[name if is_member and is_below(key, name) else key] = None
    return names
