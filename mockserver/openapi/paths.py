"""Find the operations of a document in its paths object and path items.

`described_operations` gets a paths object and yields each operation object with its path and method
(`operations.py`, `contract/document_changes.py`). Problems are added to a list, what cannot be
served is left out, and of two operations for the same requests the first wins. `callbacks.py` calls
`path_item` and `methods_of`. `spanning_parameters` finds path parameters that may contain slashes;
`refuse_too_many_paths` raises SpecError, for `compiler.py`. Operations are not compiled here.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from mockserver.base.errors import SpecError
from mockserver.base.problem_switches import SWITCHES
from mockserver.base.problems import SpecProblem, near, warning
from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.model.api import PATH_PARAMETER
from mockserver.schemas.ecma_patterns import compiled
from mockserver.wire.parameter_styles import Parameter

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_OTHER_KEYS = ("$ref", "summary", "description", "servers", "parameters")
_OTHER_KEYS_3_2 = ("additionalOperations",)
"""Keys of a path item that are not methods."""
_BESIDE_REFERENCE = ("$ref", SWITCHES)
"""What may stand in a path item that is a reference."""
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
"""An HTTP method (RFC 9110, section 9.1) of at most 40 characters."""
MOST_PATHS = 50_000
"""Maximum number of paths of a document."""
MOST_OPERATIONS = 50_000
"""Maximum number of operations of a document."""
_NEGATED_CLASS = re.compile(r"\[\^(?:\\.|[^\]\\])*+\]", re.DOTALL)
_SELECTION = re.compile(r"([?#])([\w.-]{1,80})=")
"""A parameter that distinguishes requests of the same path."""
_MOST_SEGMENTS = 100
_MOST_IN_SEGMENT = 3
"""Maximum number of parameters in one segment; each one makes matching a path slower."""


class DescribedOperation(NamedTuple):
    """An operation object with its path and method."""

    path: str
    method: str
    item: Place
    """The path item that contains the operation."""
    place: Place


def described_operations(
    paths: Place, version: str, resolve: Callable[[Place], Place], problems: list[SpecProblem]
) -> Iterator[DescribedOperation]:
    """Yield the operations of a paths object, without a second one for the same requests."""
    seen: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    for given, member in paths.members():
        if given.startswith("x-") or (path := _servable_path(given, member, problems)) is None:
            continue
        shape = PATH_PARAMETER.sub("{}", path)
        if seen.setdefault(shape, path) != path:
            message = f"{path!r} matches the same requests as {seen[shape]!r}"
            hint = "for each method, the first operation is served"
            problems.append(warning("MS105", member.source, message, hint))
        item = path_item(member, resolve, problems)
        for method, place in methods_of(item, version, problems):
            if (shape, method) not in taken:
                taken.add((shape, method))
                if len(taken) > MOST_OPERATIONS:
                    problems.append(_too_many(paths, MOST_OPERATIONS, "operations"))
                    return
                yield DescribedOperation(path, method, item, place)
            else:
                message = f"{method} {path!r} is never reached: an earlier path has this method"
                problems.append(warning("MS129", place.source, message, "remove one of the two"))


def refuse_too_many_paths(document: Document) -> None:
    """Check the number of paths, before anything is done for each of them.

    Raises:
        SpecError: If the document has more than 50,000 paths.
    """
    paths = Place(document, "", document.value).child("paths")
    if isinstance(paths.value, dict) and len(paths.value) > MOST_PATHS:
        raise SpecError([_too_many(paths, MOST_PATHS, "paths")])


def _too_many(paths: Place, most: int, what: str) -> SpecProblem:
    return SpecProblem("MS002", paths.source, f"more than {most:,} {what}", "split the document")


def path_item(
    member: Place, resolve: Callable[[Place], Place], problems: list[SpecProblem]
) -> Place:
    """Return a path item with its reference resolved; add a problem if it is not a mapping."""
    item = resolve(member)
    if item.value is not None and not isinstance(item.value, dict):
        problems.append(
            warning("MS109", item.source, "a path item must be a mapping of methods to operations")
        )
    others = [] if item is member else [key for key in member.value if key not in _BESIDE_REFERENCE]
    if others and item.value is not None:
        ignored = ", ".join(map(repr, others))
        message = f"keys next to the $ref of a path are ignored: {ignored[:200]}"
        problems.append(
            warning("MS108", member.source, message, "move them into the referenced path item")
        )
    return item


def methods_of(
    item: Place, version: str, problems: list[SpecProblem]
) -> Iterator[tuple[str, Place]]:
    """Yield the methods of a path item and their operations; fixed methods in upper case."""
    known = (*_METHODS, "query") if version == "3.2" else _METHODS
    given = item.value if isinstance(item.value, dict) else {}
    for method in known:
        if method not in given:
            continue
        operation = item.child(method)
        if isinstance(operation.value, dict):
            yield method.upper(), operation
        else:
            problems.append(warning("MS109", operation.source, "an operation must be a mapping"))
    problems += _unknown_keys(
        item, {*known, *_OTHER_KEYS, *(_OTHER_KEYS_3_2 if version == "3.2" else ())}
    )
    if version != "3.2":
        return
    for method, operation in item.child("additionalOperations").members():
        if isinstance(operation.value, dict) and _METHOD.fullmatch(method):
            yield method, operation
        else:
            message = f"{method[:40]!r} is not an HTTP method with an operation"
            problems.append(warning("MS110", operation.source, message))


def _unknown_keys(item: Place, known: set[str]) -> Iterator[SpecProblem]:
    """Yield a problem for each unknown key, such as a method in capitals."""
    for key, member in item.members():
        if key not in known and not key.startswith("x-"):
            hint = near(key.lower(), known) or "it is ignored"
            yield warning("MS101", member.source, f"a path item cannot have {key[:40]!r}", hint)


def _selection_hint(path: str) -> str:
    """Name the header or query parameter that distinguishes the requests of such a path."""
    found = _SELECTION.search(path)
    if found is None:
        return "it is not served"
    where = "header" if found[1] == "#" else "query parameter"
    return f"it is not served: no operation can be chosen by the {where} {found[2]}"


def spanning_parameters(
    parameters: Iterable[Parameter],
) -> Iterator[tuple[str, Callable[[str], bool]]]:
    """Yield the path parameters whose `pattern` has a slash, and what their values must match."""
    for parameter in parameters:
        pattern = parameter.shape.pattern if parameter.where == "path" else None
        if pattern is not None and "/" in _NEGATED_CLASS.sub("", pattern):
            with suppress(ValueError):  # an invalid pattern is reported with its schema
                yield parameter.name, compiled(pattern).test


def _servable_path(path: str, member: Place, problems: list[SpecProblem]) -> str | None:
    """Return the path to serve; if it cannot be served, add a problem and return None."""
    message = ""
    hint = "it is not served"
    if "?" in path or "#" in path:
        message = f"{path[:80]!r} has a query or a fragment, which a path cannot have"
        hint = _selection_hint(path)
    elif path.count("/") > _MOST_SEGMENTS:
        message = f"a path can have at most {_MOST_SEGMENTS} segments"
    elif any(len(PATH_PARAMETER.findall(part)) > _MOST_IN_SEGMENT for part in path.split("/")):
        message = f"a segment of a path can have at most {_MOST_IN_SEGMENT} parameters"
    if message:
        problems.append(warning("MS106", member.source, message, hint))
        return None
    if not path.startswith("/"):
        message = f"the path {path[:80]!r} does not begin with a slash"
        problems.append(warning("MS107", member.source, message, "it is served as if it did"))
        return f"/{path}"
    return path
