"""Find the operation that a request which matches none most probably meant.

`server/refusal_report.py` calls `nearest_operation` with method, path and APIs. It returns the most
similar operation with its method and path template, or None if none is similar enough. It compares
the path segment by segment, of a bounded number and length, and never the query or the body.
"""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from mockserver.model.api import Api, Operation

_LEAST_SIMILARITY = 0.5
_MOST_SEGMENTS = 30
_LONGEST_SEGMENT = 100
_OTHER_METHOD = 0.98
"""The factor for an operation of another method; its path counts for more."""


def nearest_operation(method: str, path: str, apis: Iterable[Api]) -> tuple[str, Operation] | None:
    """Return the most similar operation, as `METHOD /path`, or None if there is no similar one.

    Args:
        method: The method of the request.
        path: The path of the request, without the prefix of a sandbox.
        apis: The APIs that are served.
    """
    given = path.split("/")[1 : _MOST_SEGMENTS + 1]
    best, found = _LEAST_SIMILARITY, None
    for template, operation in _templates(apis):
        factor = 1 if operation.method == method else _OTHER_METHOD
        similarity = factor * _similarity(given, template.split("/")[1 : _MOST_SEGMENTS + 1])
        if similarity > best:
            best, found = similarity, (f"{operation.method} {template}", operation)
    return found


def _templates(apis: Iterable[Api]) -> Iterator[tuple[str, Operation]]:
    for api in apis:
        for operation in api.operations:
            servers = operation.servers or api.servers
            base = servers[0].path if servers else ""
            yield f"/{api.name}{base}{operation.path}", operation


def _similarity(given: list[str], template: list[str]) -> float:
    """Return the mean similarity of the segments, between 0 and 1."""
    pairs = zip(given, template, strict=False)
    alike = sum(_alike(one[:_LONGEST_SEGMENT], other) for one, other in pairs)
    return alike / max(len(given), len(template))


def _alike(given: str, segment: str) -> float:
    if given == segment or segment.startswith("{"):
        return 1
    return SequenceMatcher(None, given, segment, autojunk=False).ratio()
