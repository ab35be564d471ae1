"""Paths objects: which operations there are, and under what."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mockserver.base.problems import SpecProblem, near, warning
from mockserver.documents.references import Place
from mockserver.model.api import PATH_PARAMETER

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_BESIDE = ("$ref", "summary", "description", "servers", "parameters")
_BESIDE_3_2 = ("additionalOperations",)
"""What a path item has besides operations."""
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
"""A method of HTTP (RFC 9110, section 9.1), of a length that is read."""
_MOST_SEGMENTS = 100
_MOST_IN_SEGMENT = 3
"""Parameters of one segment: each multiplies the ways in which a text may fit."""


class DescribedOperation(NamedTuple):
    """An operation as a document has it."""

    path: str
    method: str
    item: Place
    """The path item it is in."""
    place: Place


def described_operations(
    paths: Place, version: str, resolve: Callable[[Place], Place], problems: list[SpecProblem]
) -> Iterator[DescribedOperation]:
    """Yield the operations of a paths object that can be told from those before them."""
    seen: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    for given, member in paths.members():
        if given.startswith("x-") or (path := _usable(given, member, problems)) is None:
            continue
        shape = PATH_PARAMETER.sub("{}", path)
        if seen.setdefault(shape, path) != path:
            message = f"{path!r} cannot be told from {seen[shape]!r}"
            hint = "the first of two equal operations is served"
            problems.append(warning(member.source, message, hint))
        item = path_item(member, resolve, problems)
        for method, place in methods_of(item, version, problems):
            if (shape, method) not in taken:
                taken.add((shape, method))
                yield DescribedOperation(path, method, item, place)


def path_item(
    member: Place, resolve: Callable[[Place], Place], problems: list[SpecProblem]
) -> Place:
    """Return a path item, its reference followed; what is none is noted."""
    item = resolve(member)
    if item.value is not None and not isinstance(item.value, dict):
        problems.append(warning(item.source, "a path item is a mapping of methods to operations"))
    if item is not member and item.value is not None and len(member.value) > 1:
        beside = ", ".join(repr(key) for key in member.value if key != "$ref")
        message = f"what stands beside a path's $ref is left out: {beside[:200]}"
        problems.append(warning(member.source, message, "move it into what is referred to"))
    return item


def methods_of(
    item: Place, version: str, problems: list[SpecProblem]
) -> Iterator[tuple[str, Place]]:
    """Yield the operations of a path item by their methods, in upper case where they have any."""
    known = (*METHODS, "query") if version == "3.2" else METHODS
    for method in known:
        operation = item.child(method)
        if isinstance(operation.value, dict):
            yield method.upper(), operation
        elif isinstance(item.value, dict) and method in item.value:
            problems.append(warning(operation.source, "an operation is a mapping"))
    problems += _unknown(item, {*known, *_BESIDE, *(_BESIDE_3_2 if version == "3.2" else ())})
    if version != "3.2":
        return
    for method, operation in item.child("additionalOperations").members():
        if isinstance(operation.value, dict) and _METHOD.fullmatch(method):
            yield method, operation
        else:
            message = f"{method[:40]!r} is not a method with an operation"
            problems.append(warning(operation.source, message))


def _unknown(item: Place, known: set[str]) -> Iterator[SpecProblem]:
    """Yield what a path item of the version doesn't have, such as a method in capitals."""
    for key, member in item.members():
        if key not in known and not key.startswith("x-"):
            hint = near(key.lower(), known) or "it is left out"
            yield warning(member.source, f"a path item has no {key[:40]!r}", hint)


def _usable(path: str, member: Place, problems: list[SpecProblem]) -> str | None:
    """Return the path to serve; None if no request can have it."""
    message = ""
    if "?" in path or "#" in path:
        message = f"{path[:80]!r} has a query or a fragment, which no path has"
    elif path.count("/") > _MOST_SEGMENTS:
        message = f"a path has at most {_MOST_SEGMENTS} segments"
    elif any(len(PATH_PARAMETER.findall(part)) > _MOST_IN_SEGMENT for part in path.split("/")):
        message = f"a segment of a path has at most {_MOST_IN_SEGMENT} parameters"
    if message:
        problems.append(warning(member.source, message, "it is not served"))
        return None
    if not path.startswith("/"):
        message = f"the path {path[:80]!r} does not begin with a slash"
        problems.append(warning(member.source, message, "it is served as if it did"))
        return f"/{path}"
    return path
