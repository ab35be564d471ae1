"""Find the API and the operation for a request, by its host name, path and method.

- In: the APIs of a process, when it starts and after each reload; then the path and the host name
  of each request.
- Out: a `RoutedRequest`: the API, and a `Match` with the operations under the path and the raw
  values of the path parameters. It is None if no API is served there; its `match` is None if the
  API has no such path. `Match.operation` chooses by method.
- Callers: `pipeline.py` uses `MountedApis`, and `contract/conformance.py` uses `Router`.
- It does not decode or validate parameters, and it does not look at the body.

A path without parameters is found in a dictionary. Other paths are found in a tree with one node
for each segment, so that not every path of an API is compared.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockserver.engine.spanning_paths import SpanningPaths
from mockserver.model.api import PATH_PARAMETER, Api, Operation

_PARAMETER_TEXT = "(.{1,300}?)"
"""Pattern for a parameter in a segment that also has literal text."""
_UNRESERVED = re.compile(r"[0-9A-Za-z._~%-]")
"""Characters that a path has as they are, and `%`."""


@dataclass(slots=True)
class Match:
    """The operations of a path by method, and the values of its parameters, not yet decoded."""

    methods: Mapping[str, Operation]
    values: Sequence[str] = ()

    def operation(self, method: str) -> Operation | None:
        """Return the operation of a method, or None; HEAD without an operation uses that of GET."""
        return self.methods.get(method) or (self.methods.get("GET") if method == "HEAD" else None)

    def parameters(self, operation: Operation) -> Mapping[str, str]:
        """Return the values by the names that the operation's path gives to its parameters."""
        return dict(zip(operation.path_parameters, self.values, strict=True))


class _MixedSegment(NamedTuple):
    """A segment with parameters and literal text, such as `{id}.json`, and the node after it."""

    pattern: re.Pattern[str]
    literals: int
    """Number of literal characters."""
    node: "_Node"


@dataclass(slots=True)
class _Node:
    """A node of the tree of paths: all paths that begin with the same segments."""

    literal: dict[str, "_Node"] = field(default_factory=dict)
    """Next nodes by segments without parameters."""
    mixed: list[_MixedSegment] = field(default_factory=list)
    """Next nodes by segments such as `{id}.json`, those with most literal characters first."""
    parameter: "_Node | None" = None
    """The next node for a segment that is one parameter."""
    methods: dict[str, Operation] = field(default_factory=dict)
    """Operations of the path that ends at this node."""


class Router:
    """Finds a path among those of one API. Literal segments take precedence over parameters."""

    __slots__ = ("_root", "_spanning", "_static")

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._static: dict[str, dict[str, Operation]] = {}
        self._root = _Node()
        operations = list(operations)
        self._spanning = SpanningPaths(operations)
        for operation in operations:
            if "{" in operation.path:
                self._add(operation)
            else:
                self._static.setdefault(operation.path, {})[operation.method] = operation

    @property
    def static_paths(self) -> Iterable[str]:
        """Paths without parameters."""
        return self._static

    def find(self, path: str) -> Match | None:
        """Return the operations of a path, or None."""
        if (methods := self._static.get(path)) is not None:
            return Match(methods)
        if "%" in path and (methods := self._static.get(unquote(path))) is not None:
            return Match(methods)
        if (found := self._search(self._root, path.split("/")[1:], [])) is not None:
            return found
        spanning = self._spanning.find(path)
        return None if spanning is None else Match(*spanning)

    def _add(self, operation: Operation) -> None:
        node = self._root
        for segment in operation.path.split("/")[1:]:
            node = _child_of(node, segment)
        node.methods[operation.method] = operation

    def _search(self, node: _Node, segments: list[str], values: list[str]) -> Match | None:
        if not segments:
            return Match(node.methods, values) if node.methods else None
        head, rest = segments[0], segments[1:]
        literal = node.literal.get(head) or ("%" in head and node.literal.get(unquote(head)))
        if literal and (found := self._search(literal, rest, values)):
            return found
        for mixed in node.mixed:
            if (matched := mixed.pattern.fullmatch(head)) and (
                found := self._search(mixed.node, rest, [*values, *matched.groups()])
            ):
                return found
        if node.parameter is None or not head:
            return None
        return self._search(node.parameter, rest, [*values, head])


def _child_of(node: _Node, segment: str) -> _Node:
    if not PATH_PARAMETER.search(segment):
        return node.literal.setdefault(segment, _Node())
    if PATH_PARAMETER.fullmatch(segment):
        node.parameter = node.parameter or _Node()
        return node.parameter
    literals = PATH_PARAMETER.split(segment)[::2]
    pattern = _PARAMETER_TEXT.join("".join(map(_literal_pattern, piece)) for piece in literals)
    for known in node.mixed:
        if known.pattern.pattern == pattern:
            return known.node
    mixed = _MixedSegment(re.compile(pattern), sum(map(len, literals)), _Node())
    node.mixed.append(mixed)
    node.mixed.sort(key=lambda item: -item.literals)
    return mixed.node


def _literal_pattern(character: str) -> str:
    """Return a pattern for a character, percent-encoded or not (RFC 3986, section 2.1)."""
    plain = re.escape(character)
    encoded = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    return plain if _UNRESERVED.fullmatch(character) else f"(?:{plain}|(?i:{encoded}))"


@dataclass(frozen=True, slots=True)
class MountedApi:
    """An API with the paths at which it is served."""

    api: Api
    routers: Mapping[str, Router]
    """Routers by server path, such as `/v2`; the longest server path first."""
    pages: Router
    """Pages that messages link to; they have no server path."""
    advised: dict[Any, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    """A cache of advice for paths without an operation; `path_advice.py` limits its size."""
    addresses: list[Any] = field(default_factory=list, init=False, compare=False, repr=False)
    """All operations as `path_advice.py` compares them; it fills the list at its first use."""

    def find(self, path: str) -> Match | None:
        """Return the operations of a path, which includes the server path, or None."""
        for server_path, router in self.routers.items():
            rest = path[len(server_path) :]
            if path.startswith(server_path) and rest[:1] in ("", "/"):
                found = router.find(rest or "/")
                if found is not None:
                    return found
        return self.pages.find(path)


@dataclass(slots=True)
class RoutedRequest:
    """The API that a request is for, and the operations of its path."""

    mount: MountedApi
    match: Match | None
    prefix: str
    """Part of the path before the API's own paths, such as `/partoo`; empty if there is none."""


class MountedApis:
    """All APIs of a process, by name and by host name."""

    __slots__ = ("_by_host", "_by_name", "_single", "_static_paths", "advised")

    def __init__(self, apis: Iterable[Api]) -> None:
        self.advised: dict[Any, str] = {}  # as that of one API
        self._by_name: dict[str, MountedApi] = {}
        self._by_host: dict[str, tuple[MountedApi, ...]] = {}
        for api in apis:
            mount = _mount(api)
            self._by_name[api.name] = mount
            for host in _hosts(api):
                self._by_host[host] = (*self._by_host.get(host, ()), mount)
        mounts = list(self._by_name.values())
        self._static_paths = dict(_static_requests(mounts))
        self._single = _with_bare_paths(mounts[0]) if len(mounts) == 1 else None

    @property
    def by_name(self) -> Mapping[str, MountedApi]:
        """The APIs by name."""
        return self._by_name

    def locate(self, path: str, host: str) -> RoutedRequest | None:
        """Find the API of a request by its host name, or else by the first segment of its path.

        A process with one API serves it without the first segment as well.
        """
        by_host = self._by_host
        mounts = by_host.get(host) or by_host.get(host.partition(":")[0], ())
        if not mounts and (known := self._static_paths.get(path)) is not None:
            return known
        for mount in mounts:
            if (found := mount.find(path)) is not None or len(mounts) == 1:
                return RoutedRequest(mount, found, "")
        end = path.find("/", 1)
        name = path[1:end] if end > 0 else path[1:]
        single = self._single
        if (named := self._by_name.get(name)) is not None:
            below = named.find(path[end:] if end > 0 else "/")
            if below is not None or single is None or single.find(path) is None:
                return RoutedRequest(named, below, "/" + name)
        return None if single is None else RoutedRequest(single, single.find(path), "")


def _static_requests(mounts: Iterable[MountedApi]) -> Iterator[tuple[str, RoutedRequest]]:
    """Yield all paths without parameters, each with its result, so that one look-up finds them."""
    for mount in mounts:
        name = "/" + mount.api.name
        for server_path, router in mount.routers.items():
            for path in router.static_paths:
                found = mount.find(server_path + path)
                yield f"{name}{server_path}{path}", RoutedRequest(mount, found, name)


def _hosts(api: Api) -> set[str]:
    own = (server for operation in api.operations for server in operation.servers)
    return {server.host.lower() for server in (*api.servers, *own) if server.host}


def _mount(api: Api) -> MountedApi:
    """Make the routers of an API, one for each server path."""
    shared = tuple({server.path for server in api.servers} or {""})
    own = {server.path for item in api.operations for server in item.servers}
    if not own:
        return _longest_first(api, dict.fromkeys(shared, Router(api.operations)))
    below: dict[str, list[Operation]] = {}
    for operation in api.operations:
        for path in {server.path for server in operation.servers} or shared:
            below.setdefault(path, []).append(operation)
    return _longest_first(api, {path: Router(operations) for path, operations in below.items()})


def _longest_first(api: Api, routers: Mapping[str, Router]) -> MountedApi:
    ordered = {path: routers[path] for path in sorted(routers, key=len, reverse=True)}
    return MountedApi(api, ordered, Router(api.pages))


def _with_bare_paths(mount: MountedApi) -> MountedApi:
    """Return an API that is served without its server path as well."""
    if "" in mount.routers:
        return mount
    bare = {**mount.routers, "": Router(mount.api.operations)}
    return MountedApi(mount.api, bare, mount.pages)
