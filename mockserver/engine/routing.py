"""From a method and a path to an operation, at a cost that does not grow with their number."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from mockserver.engine.spanning_paths import SpanningPaths
from mockserver.model.api import PATH_PARAMETER, Api, Operation

_PLACE = "(.{1,300}?)"
"""What matches a parameter inside a segment."""
_UNRESERVED = re.compile(r"[0-9A-Za-z._~%-]")
"""What stands in a path as it is, or encodes what does not."""


@dataclass(slots=True)
class Match:
    """The operations under a path, and the values of its parameters, still percent-encoded."""

    methods: Mapping[str, Operation]
    values: Sequence[str] = ()

    def operation(self, method: str) -> Operation | None:
        """Return the operation of a method; HEAD is that of GET where it has none of its own."""
        return self.methods.get(method) or (self.methods.get("GET") if method == "HEAD" else None)

    def parameters(self, operation: Operation) -> Mapping[str, str]:
        """Return the path parameters under the names that an operation gives them."""
        return dict(zip(operation.path_parameters, self.values, strict=True))


class _Partial(NamedTuple):
    """A segment such as `{id}.json`, and what is below it."""

    pattern: re.Pattern[str]
    literals: int
    """Characters that are no parameter's."""
    node: "_Node"


@dataclass(slots=True)
class _Node:
    """One segment of the paths that share what goes before it."""

    literal: dict[str, "_Node"] = field(default_factory=dict)
    partial: list[_Partial] = field(default_factory=list)
    """Most literal characters first."""
    any: "_Node | None" = None
    methods: dict[str, Operation] = field(default_factory=dict)


class Router:
    """The paths of one API, below its server paths; literal segments go before templated ones."""

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
    def static(self) -> Iterable[str]:
        """The paths without parameters."""
        return self._static

    def find(self, path: str) -> Match | None:
        """Return what is served under a path, or None."""
        if (methods := self._static.get(path)) is not None:
            return Match(methods)
        if "%" in path and (methods := self._static.get(unquote(path))) is not None:
            return Match(methods)
        if (found := self._walk(self._root, path.split("/")[1:], [])) is not None:
            return found
        spanning = self._spanning.find(path)
        return None if spanning is None else Match(*spanning)

    def _add(self, operation: Operation) -> None:
        node = self._root
        for segment in operation.path.split("/")[1:]:
            node = _descend(node, segment)
        node.methods[operation.method] = operation

    def _walk(self, node: _Node, segments: list[str], values: list[str]) -> Match | None:
        if not segments:
            return Match(node.methods, values) if node.methods else None
        head, rest = segments[0], segments[1:]
        literal = node.literal.get(head) or ("%" in head and node.literal.get(unquote(head)))
        if literal and (found := self._walk(literal, rest, values)):
            return found
        for partial in node.partial:
            if (fits := partial.pattern.fullmatch(head)) and (
                found := self._walk(partial.node, rest, [*values, *fits.groups()])
            ):
                return found
        if node.any is None or not head:
            return None
        return self._walk(node.any, rest, [*values, head])


def _descend(node: _Node, segment: str) -> _Node:
    if not PATH_PARAMETER.search(segment):
        return node.literal.setdefault(segment, _Node())
    if PATH_PARAMETER.fullmatch(segment):
        node.any = node.any or _Node()
        return node.any
    literals = PATH_PARAMETER.split(segment)[::2]
    pattern = _PLACE.join("".join(map(_literal, piece)) for piece in literals)
    for known in node.partial:
        if known.pattern.pattern == pattern:
            return known.node
    partial = _Partial(re.compile(pattern), sum(map(len, literals)), _Node())
    node.partial.append(partial)
    node.partial.sort(key=lambda item: -item.literals)
    return partial.node


def _literal(character: str) -> str:
    """Return what matches a character, percent-encoded or not (RFC 3986, section 2.1)."""
    plain = re.escape(character)
    encoded = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    return plain if _UNRESERVED.fullmatch(character) else f"(?:{plain}|(?i:{encoded}))"


@dataclass(frozen=True, slots=True)
class Mount:
    """An API at an address."""

    api: Api
    routers: Mapping[str, Router]
    """By the path that goes before an operation's, longest first."""
    pages: Router

    def find(self, path: str) -> Match | None:
        """Return what is served under a path below the mount, or None."""
        for server_path, router in self.routers.items():
            rest = path[len(server_path) :]
            if path.startswith(server_path) and rest[:1] in ("", "/"):
                found = router.find(rest or "/")
                if found is not None:
                    return found
        return self.pages.find(path)


@dataclass(slots=True)
class Located:
    """Where a request leads: the API, and the operations under its path."""

    mount: Mount
    match: Match | None
    prefix: str
    """Path before the API's own, such as `/partoo`; empty under its own host name."""


class Mounts:
    """All addresses of all APIs."""

    __slots__ = ("_by_host", "_by_name", "_known", "_only")

    def __init__(self, apis: Iterable[Api]) -> None:
        self._by_name: dict[str, Mount] = {}
        self._by_host: dict[str, tuple[Mount, ...]] = {}
        for api in apis:
            mount = _mount(api)
            self._by_name[api.name] = mount
            for host in _hosts(api):
                self._by_host[host] = (*self._by_host.get(host, ()), mount)
        mounts = list(self._by_name.values())
        self._known = dict(_static_addresses(mounts))
        self._only = _with_bare_paths(mounts[0]) if len(mounts) == 1 else None

    def locate(self, path: str, host: str) -> Located | None:
        """Find the API by host name or by the path's first segment."""
        by_host = self._by_host
        mounts = by_host.get(host) or by_host.get(host.partition(":")[0], ())
        if not mounts and (known := self._known.get(path)) is not None:
            return known
        for mount in mounts:
            if (found := mount.find(path)) is not None or len(mounts) == 1:
                return Located(mount, found, "")
        end = path.find("/", 1)
        name = path[1:end] if end > 0 else path[1:]
        alone = self._only
        if (named := self._by_name.get(name)) is not None:
            below = named.find(path[end:] if end > 0 else "/")
            if below is not None or alone is None or alone.find(path) is None:
                return Located(named, below, "/" + name)
        return None if alone is None else Located(alone, alone.find(path), "")


def _static_addresses(mounts: Iterable[Mount]) -> Iterator[tuple[str, Located]]:
    """Yield the addresses without parameters: most requests are found by one look-up."""
    for mount in mounts:
        name = "/" + mount.api.name
        for server_path, router in mount.routers.items():
            for path in router.static:
                found = mount.find(server_path + path)
                yield f"{name}{server_path}{path}", Located(mount, found, name)


def _hosts(api: Api) -> set[str]:
    own = (server for operation in api.operations for server in operation.servers)
    return {server.host.lower() for server in (*api.servers, *own) if server.host}


def _mount(api: Api) -> Mount:
    """Put every operation below the paths of its servers; most share one router."""
    shared = tuple({server.path for server in api.servers} or {""})
    own = {server.path for item in api.operations for server in item.servers}
    if not own:
        return _mounted(api, dict.fromkeys(shared, Router(api.operations)))
    below: dict[str, list[Operation]] = {}
    for operation in api.operations:
        for path in {server.path for server in operation.servers} or shared:
            below.setdefault(path, []).append(operation)
    return _mounted(api, {path: Router(operations) for path, operations in below.items()})


def _mounted(api: Api, routers: Mapping[str, Router]) -> Mount:
    ordered = {path: routers[path] for path in sorted(routers, key=len, reverse=True)}
    return Mount(api, ordered, Router(api.pages))


def _with_bare_paths(mount: Mount) -> Mount:
    """A lone API also answers without its server path."""
    if "" in mount.routers:
        return mount
    bare = {**mount.routers, "": Router(mount.api.operations)}
    return Mount(mount.api, bare, mount.pages)
