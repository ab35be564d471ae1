"""Put values of a request into the documented answer, so that the answer fits the request.

- In: a documented answer, the typed parameters and the body of the request, and its path.
- Out: the answer with some members replaced, and a reason that names them; or the same answer, also
  if it is no JSON object, or is an example that does not conform to its schema.
- Caller: `pipeline.py`, for sampled answers, or also for written examples (`--echo=all`).
- A value is used only if the answer has a member of its name, and then violates its schema no more
  than before. The last path parameter can also become `id`, and paths `url`. No record is read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from mockserver.base.http import is_json
from mockserver.base.json import JsonValue
from mockserver.engine.documented_answers import DocumentedAnswer
from mockserver.model.api import Api, Operation
from mockserver.model.contents import Validator
from mockserver.model.scope import Scope
from mockserver.wire.media import json_bytes, parse_json

_KEY = "id"
"""The member that holds the key of a resource."""
_KEY_ENDINGS = ("_id", "-id", "Id", "ID")
"""Endings of path parameters that hold a key, such as `charge_id` or `chargeId`."""
_KIND = "object"
"""The member that names the kind of a resource in some APIs."""
_ADDRESS = "url"
"""The member of a list that holds the path of its own request."""
_PARAMETER = re.compile(r"\{[^{}]*\}")


def echoed(
    found: DocumentedAnswer, operation: Operation, scope: Scope, path: str, api: Api
) -> DocumentedAnswer:
    """Return the answer with values of the request; the same answer if none is used.

    Args:
        found: The documented answer.
        operation: The operation of the request.
        scope: The typed parameters and the body of the request.
        path: The path of the request, without the name of the API in front.
        api: The API of the operation.
    """
    is_broken = found.violations and not found.sampled
    if found.schema is None or is_broken or not is_json(found.content_type):
        return found
    value = parse_json(found.content)
    if not isinstance(value, dict):
        return found
    wanted: dict[str, JsonValue] = {}
    for name, given in _request_values(operation, scope, value, path):
        if name in value:
            wanted.setdefault(name, given)
    if _KEY in wanted:
        wanted.update(_lists_inside({**value, **wanted}, operation, path, api))
    used = _fitting(value, wanted, found.schema)
    if not used:
        return found
    changed = {**value, **used}
    because = f"{found.because}, with {', '.join(used)} of the request"
    violations = tuple(found.schema.violations(changed, "answer")) if found.violations else ()
    return replace(found, content=json_bytes(changed), because=because, violations=violations)


def _request_values(
    operation: Operation, scope: Scope, answer: Mapping[str, JsonValue], path: str
) -> Iterator[tuple[str, JsonValue]]:
    """Yield members for the answer, the most certain ones first."""
    in_path = scope.get("path") or {}
    yield from in_path.items()
    if operation.path_parameters and operation.path_parameters[-1] in in_path:
        name = operation.path_parameters[-1]
        if operation.path.endswith(f"{{{name}}}") or answer.get(_KIND) == _resource(name):
            yield _KEY, in_path[name]
    body = scope.get("body")
    if isinstance(body, dict):
        yield from body.items()
    yield from (scope.get("query") or {}).items()
    if any(isinstance(member, list) for member in answer.values()):
        yield _ADDRESS, path


def _lists_inside(
    answer: Mapping[str, JsonValue], operation: Operation, path: str, api: Api
) -> Iterator[tuple[str, JsonValue]]:
    """Yield the lists inside a resource with their paths, such as `/charges/ch_9/refunds`.

    A list is an object with an array and a `url`, and the API must have an operation of that path.
    """
    template, _, rest = operation.path.rpartition("}")
    own = path.removesuffix("/").rsplit("/", rest.count("/"))[0]
    for name, member in answer.items():
        if not isinstance(member, dict) or _ADDRESS not in member:
            continue
        is_list = any(isinstance(inner, list) for inner in member.values())
        if is_list and _has_path(api, f"{template}}}/{name}"):
            yield name, {**member, _ADDRESS: f"{own}/{name}"}


def _has_path(api: Api, template: str) -> bool:
    """Return True if an API has a path, whatever the names of its parameters are."""
    ending = template.rpartition("/")[2]
    wanted = _PARAMETER.sub("", template)
    return any(
        _PARAMETER.sub("", operation.path) == wanted
        for operation in api.operations
        if operation.path.endswith(ending)
    )


def _resource(parameter: str) -> str:
    """Return the name of a parameter without an ending for keys."""
    for ending in _KEY_ENDINGS:
        parameter = parameter.removesuffix(ending)
    return parameter


def _fitting(
    value: dict[str, JsonValue], wanted: dict[str, JsonValue], schema: Validator
) -> dict[str, JsonValue]:
    """Return the wanted members with which a value still conforms to its schema.

    If it does not conform, because of examples as they are written, it may not violate more.
    """
    if not wanted:
        return wanted
    fits = _judge(value, schema)
    if fits({**value, **wanted}):
        return wanted
    used: dict[str, JsonValue] = {}
    for name, given in wanted.items():
        if fits({**value, **used, name: given}):
            used[name] = given
    return used


def _judge(value: dict[str, JsonValue], schema: Validator) -> Callable[[JsonValue], bool]:
    """Return a predicate for values that do not violate a schema more than a value does."""
    if schema.is_valid(value):
        return schema.is_valid

    def broken(changed: JsonValue) -> set[tuple[str, str, str]]:
        found = schema.violations(changed, "answer")
        return {(one.pointer, one.keyword, one.message) for one in found}

    known = broken(value)
    return lambda changed: broken(changed) <= known
