"""Name the operation that a request without an operation probably means.

- In: the path and method of a request, and the APIs that it may mean with their paths.
- Out: advice for the client, such as `did you mean POST /shop/v1/orders? (the server path /v1 is
  missing)`. If nothing is similar: any operation of the API, if there is only one, else "".
- Caller: `unmatched_requests.py`, only for requests that no operation answers; texts are cached.
First the usual mistakes are undone one by one: a missing, doubled or misspelt API name, a missing
or doubled server path, a slash at the end, a whole URL in the path, capitals, a sandbox without
`~`. If no operation is found like that, the most similar path is named.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import nlargest
from typing import Any, NamedTuple

from mockserver.engine.routing import Match, MountedApi
from mockserver.model.api import PATH_PARAMETER, Operation

_MOST_KEPT = 200
"""Maximum number of requests whose advice is kept."""
_LONGEST = 300
"""Characters of a path that are compared."""
_MOST_APIS = 50
"""Maximum number of APIs whose paths are tried."""
_MOST_OPERATIONS = 5_000
"""Maximum number of operations that are compared."""
_MOST_COMPARED = 12
"""Maximum number of paths that are compared in detail."""
_SIMILAR = 0.6
"""Likeness from which on a path is named."""
_PENALTY = 0.05
"""What each segment more or less takes from the likeness of two paths."""
_ALIKE = 0.8
"""Likeness from which on an API's name is taken as misspelt."""
_SANDBOX_INSIDE = re.compile(r"/~[A-Za-z0-9._-]+(?=/|$)")
_URL = re.compile(r"/(?:https?|wss?):/{1,2}([^/]*)(/.*|$)", re.IGNORECASE)


class _Guess(NamedTuple):
    """A changed path, and what was wrong with the original one."""

    path: str
    mistake: str


class _Address(NamedTuple):
    """An operation with its path, in a form that is compared quickly."""

    text: str
    """In lower case, from the API's name on."""
    pairs: frozenset[str]
    """The pairs of letters in its literal segments."""
    mount: MountedApi
    server_path: str
    operation: Operation


class _Found(NamedTuple):
    """Operations that a changed path leads to."""

    mount: MountedApi
    server_path: str
    match: Match
    mistake: str


def path_advice(
    mounts: Mapping[str, MountedApi],
    path: str,
    method: str,
    sandbox: str,
    advised: dict[Any, str],
) -> str:
    """Return the operation that a path without one probably means, as advice; or an empty text.

    Args:
        mounts: The APIs to search, by name.
        path: The path of the request, without a sandbox.
        method: The method of the request.
        sandbox: The prefix of the sandbox in the path of the request, such as `/~ci`.
        advised: A cache of advice for these APIs.
    """
    key = (path, method, sandbox)
    if (known := advised.get(key)) is None:
        if len(advised) >= _MOST_KEPT:
            advised.clear()
        chosen = dict(list(mounts.items())[:_MOST_APIS])
        known = advised[key] = _advice(chosen, path[:_LONGEST], method, sandbox)
    return known


def _advice(chosen: Mapping[str, MountedApi], path: str, method: str, sandbox: str) -> str:
    found = next(_after_mistakes(chosen, path), None)
    if found is not None:
        operation = _operation(found.match.methods, method)
        address = _address(found.mount, found.server_path, operation)
        mistake = f" ({found.mistake})" if found.mistake else ""
        return f"did you mean {operation.method} {sandbox}{address}?{mistake}"
    similar = _most_similar(chosen, path, method)
    if similar is not None:
        mount, server_path, operation = similar
        address = _address(mount, server_path, operation)
        return f"did you mean {operation.method} {sandbox}{address}?"
    return _any_operation(chosen, sandbox) if len(chosen) == 1 else ""


def _any_operation(mounts: Mapping[str, MountedApi], sandbox: str) -> str:
    for mount in mounts.values():
        for operation in mount.api.operations[:1]:
            address = _address(mount, _server_path(mount, operation), operation)
            return f"it has, for example, {operation.method} {sandbox}{address}"
    return ""


def _server_path(mount: MountedApi, operation: Operation) -> str:
    return operation.servers[0].path if operation.servers else next(iter(mount.routers))


def _operation(methods: Mapping[str, Operation], method: str) -> Operation:
    return methods.get(method) or next(iter(methods.values()))


def _address(mount: MountedApi, server_path: str, operation: Operation) -> str:
    return f"/{mount.api.name}{server_path}{operation.path}"


# --- usual mistakes ---


def _after_mistakes(mounts: Mapping[str, MountedApi], path: str) -> Iterator[_Found]:
    first, slash, rest = path[1:].partition("/")
    if first not in mounts and (similar := difflib.get_close_matches(first, mounts, 1, _ALIKE)):
        misspelt = _Guess(slash + rest or "/", f"the API's name is /{similar[0]}")
        yield from _below(mounts[similar[0]], misspelt)
    for guess in _guesses(path):
        end = guess.path.find("/", 1)
        name = guess.path[1:end] if end > 0 else guess.path[1:]
        if (named := mounts.get(name)) is not None:
            below = guess.path[len(name) + 1 :] or "/"
            yield from _below(named, _Guess(below, guess.mistake))
            if below.startswith(f"/{name}/"):
                doubled = f"the name /{name} is there twice"
                yield from _below(named, _Guess(below[len(name) + 1 :], doubled))
        for mount in mounts.values():
            missing = f"the API's name /{mount.api.name} is missing"
            yield from _below(mount, _Guess(guess.path, _joined(guess.mistake, missing)))


def _joined(first: str, second: str) -> str:
    return ", and ".join(filter(None, (first, second)))


def _guesses(path: str) -> Iterator[_Guess]:
    """Yield the path, then the path with one usual mistake undone."""
    yield _Guess(path, "")
    if url := _URL.match(path):
        yield _Guess(url[2] or "/", "leave out the scheme and host in the path")
    before = _URL.search(path)
    if before and before.start():
        yield _Guess(before[2] or "/", "the path contains a whole URL")
    if inside := _SANDBOX_INSIDE.search(path):
        without = path[: inside.start()] + path[inside.end() :]
        yield _Guess(without or "/", f"write the sandbox first, as in {inside[0]}{without}")
    if "//" in path:
        yield _Guess(re.sub("/{2,}", "/", path), "there is a double slash")
    if path.endswith("/") and path != "/":
        yield _Guess(path.rstrip("/") or "/", "leave out the slash at the end")
    else:
        yield _Guess(path + "/", "a slash at the end is missing")
    if path.lower() != path:
        yield _Guess(path.lower(), "paths are case-sensitive")
    first, slash, rest = path[1:].partition("/")
    if slash:
        yield _Guess(slash + rest, f"leave out /{first}, or write /~{_plain(first)} for a sandbox")


def _plain(segment: str) -> str:
    return re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9._-]", "", segment)[:20] or "name"


def _below(mount: MountedApi, guess: _Guess) -> Iterator[_Found]:
    """Yield the operations of an API under a path: as it is, without and with server paths."""
    path = guess.path
    for server_path, router in mount.routers.items():
        tries = []
        if path.startswith(server_path):
            tries.append((path[len(server_path) :], ""))
        if server_path:
            tries.append((path, f"the server path {server_path} is missing"))
        if server_path and path.startswith(server_path * 2):
            twice = f"the server path {server_path} is there twice"
            tries.append((path[2 * len(server_path) :], twice))
        for below, mistake in tries:
            match = router.find(below, "") if below[:1] == "/" else None
            if match is not None and _is_specific(match):
                yield _Found(mount, server_path, match, _joined(guess.mistake, mistake))


def _is_specific(match: Match) -> bool:
    """Return True unless the path consists of parameters only, which match anything."""
    path = next(iter(match.methods.values())).path
    return any(part and not PATH_PARAMETER.fullmatch(part) for part in path.split("/")) or not (
        match.values
    )


# --- similar paths ---


def _most_similar(
    mounts: Mapping[str, MountedApi], path: str, method: str
) -> tuple[MountedApi, str, Operation] | None:
    first = path[1:].partition("/")[0]
    if first in mounts:
        mounts = {first: mounts[first]}
    pairs, values = _pairs(path.lower()), path.lower().split("/")

    def rank(address: _Address) -> tuple[float, bool]:
        own = address.pairs
        return len(own & pairs) / (len(own) + len(pairs)), address.operation.method == method

    nearest = nlargest(_MOST_COMPARED, _addresses(mounts.values()), key=rank)
    scored = [
        (_likeness(path, _with_values(one.text, values)), one.operation.method == method, one)
        for one in nearest
    ]
    if not scored:
        return None
    likeness, _, best = max(scored, key=lambda item: item[:2])
    return best[2:] if likeness >= _SIMILAR else None


def _likeness(path: str, address: str) -> float:
    """Return the likeness of two paths, from 0 to 1; less if they differ in length."""
    letters = difflib.SequenceMatcher(None, path.lower(), address, autojunk=False).ratio()
    return letters - _PENALTY * abs(path.count("/") - address.count("/"))


def _pairs(text: str) -> frozenset[str]:
    return frozenset(map(str.__add__, text, text[1:]))


def _addresses(mounts: Iterable[MountedApi]) -> Iterator[_Address]:
    """Yield all operations; at most `_MOST_OPERATIONS` of one API."""
    for mount in mounts:
        if not mount.addresses:
            mount.addresses.extend(map(_address_of(mount), mount.api.operations[:_MOST_OPERATIONS]))
        yield from mount.addresses


def _address_of(mount: MountedApi) -> Callable[[Operation], _Address]:
    def make(operation: Operation) -> _Address:
        server_path = _server_path(mount, operation)
        text = _address(mount, server_path, operation).lower()
        literal = PATH_PARAMETER.sub("", text)
        return _Address(text, _pairs(literal) | {"/"}, mount, server_path, operation)

    return make


def _with_values(address: str, values: list[str]) -> str:
    if "{" not in address:
        return address
    parts = address.split("/")
    return "/".join(
        values[index] if PATH_PARAMETER.fullmatch(part) and index < len(values) else part
        for index, part in enumerate(parts)
    )
