"""Find the API and the operation for a request, by its host name, path and method.

- In: the APIs of a process, when it starts and after each reload; then the path, the host name and
  the method of each request.
- Out: a `RoutedRequest`: the API, and a `Match` with the operations under the path and the raw
  values of the path parameters. It is None if no API is served there; its `match` is None if the
  API has no such path. `Match.operation` chooses by method.
- Callers: `pipeline.py` uses `MountedApis`, and `contract/conformance.py` uses `Router`.
- It does not decode or validate parameters, and it does not look at the body.

Several paths of a document can match one request. The most specific one that has the method is
chosen. If none has the method, the match lists the methods of all of them and has no operation.

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
_BEFORE_LAST_DOT = "(.{1,300})"
"""Pattern for a parameter that ends at the last dot of its segment."""
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


def _all_methods(matches: Sequence[Match]) -> Match | None:
    """Return one match for paths that all lack the method of a request; None if there are none."""
    if not matches:
        return None
    return Match({name: one.methods[name] for one in matches for name in one.methods})


class _MixedSegment(NamedTuple):
    """A segment with parameters and literal text, such as `{id}.json`, and the node after it."""

    key: tuple[str, str]
    literals: int
    """Number of literal characters."""
    node: "_Node"
    pattern: re.Pattern[str]
    """Matches the values that the parameters list in their `enum`, and any text for others."""
    loose: re.Pattern[str] | None
    """Matches any text for all parameters; None if no parameter has an `enum`."""


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

    def find(self, path: str, method: str) -> Match | None:
        """Return the match of the most specific path that has the method.

        If no path has the method, return a match with the methods of all; None if no path matches.
        """
        others: list[Match] = []
        return self.search(path, method, others) or _all_methods(others)

    def search(self, path: str, method: str, others: list[Match]) -> Match | None:
        """Return the match of the most specific path that has the method, or None.

        Args:
            path: The path, still percent-encoded.
            method: The method of the request.
            others: More specific matches without the method are added to this list.
        """
        methods = self._static.get(path)
        if methods is None and "%" in path:
            methods = self._static.get(unquote(path))
        if methods is not None:
            found = Match(methods)
            if found.operation(method) is not None:
                return found
            others.append(found)
        match = _search(self._root, path.split("/")[1:], [], method, others)
        if match is not None or (spanning := self._spanning.find(path)) is None:
            return match
        match = Match(*spanning)
        if match.operation(method) is not None:
            return match
        others.append(match)
        return None

    def _add(self, operation: Operation) -> None:
        node = self._root
        for segment in operation.path.split("/")[1:]:
            node = _child_of(node, segment, operation.path_choices)
        node.methods[operation.method] = operation


def _search(
    node: _Node, segments: list[str], values: list[str], method: str, others: list[Match]
) -> Match | None:
    """Search the paths below a node, from the most specific to the least specific one."""
    if not segments:
        if not node.methods:
            return None
        match = Match(node.methods, values)
        if match.operation(method) is not None:
            return match
        others.append(match)
        return None
    rest = segments[1:]
    for below, texts in _next_nodes(node, segments[0]):
        if found := _search(below, rest, [*values, *texts], method, others):
            return found
    return None


def _next_nodes(node: _Node, segment: str) -> Iterator[tuple[_Node, Sequence[str]]]:
    """Yield the next nodes for a segment, the most specific first, and the parameters in it."""
    literal = node.literal.get(segment) or ("%" in segment and node.literal.get(unquote(segment)))
    if literal:
        yield literal, ()
    loose: list[tuple[re.Pattern[str], _Node]] = []
    for mixed in node.mixed:
        if matched := mixed.pattern.fullmatch(segment):
            yield mixed.node, matched.groups()
        elif mixed.loose is not None:
            loose.append((mixed.loose, mixed.node))
    if node.parameter is not None and segment:
        yield node.parameter, (segment,)
    for pattern, below in loose:  # a text outside of an `enum` is refused when it is validated
        if matched := pattern.fullmatch(segment):
            yield below, matched.groups()


def _child_of(node: _Node, segment: str, choices: Mapping[str, Sequence[str]]) -> _Node:
    """Return the next node for a segment of a path, which is made if there is none."""
    names = PATH_PARAMETER.findall(segment)
    if not names:
        return node.literal.setdefault(segment, _Node())
    if PATH_PARAMETER.fullmatch(segment):
        node.parameter = node.parameter or _Node()
        return node.parameter
    literals = PATH_PARAMETER.split(segment)[::2]
    loose = _segment_pattern(literals, names, {})
    pattern = _segment_pattern(literals, names, choices)
    for known in node.mixed:
        if known.key == (loose, pattern):
            return known.node
    mixed = _MixedSegment(
        (loose, pattern),
        sum(map(len, literals)),
        _Node(),
        re.compile(pattern),
        None if loose == pattern else re.compile(loose),
    )
    node.mixed.append(mixed)
    node.mixed.sort(key=lambda item: (-item.literals, item.loose is None))
    return mixed.node


def _segment_pattern(
    literals: Sequence[str], names: Sequence[str], choices: Mapping[str, Sequence[str]]
) -> str:
    """Return the pattern of a segment that has literal text around and between its parameters."""
    pattern = _literal_text(literals[0])
    for index, name in enumerate(names):
        after = literals[index + 1]
        if name in choices:
            longest_first = sorted(choices[name], key=len, reverse=True)
            pattern += f"({'|'.join(map(_literal_text, longest_first))})"
        elif after == "." and index == len(names) - 2:
            pattern += _BEFORE_LAST_DOT
        else:
            pattern += _PARAMETER_TEXT
        pattern += _literal_text(after)
    return pattern


def _literal_text(text: str) -> str:
    return "".join(map(_literal_pattern, text))


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

    def find(self, path: str, method: str) -> Match | None:
        """Return the match of a path, which includes the server path, as `Router.find` does."""
        others: list[Match] = []
        for server_path, router in self.routers.items():
            rest = path[len(server_path) :]
            if path.startswith(server_path) and rest[:1] in ("", "/"):
                found = router.search(rest or "/", method, others)
                if found is not None:
                    return found
        return self.pages.search(path, method, others) or _all_methods(others)

    def first(self, path: str) -> Match:
        """Return the match of the most specific path, whatever methods it has."""
        others: list[Match] = []
        for server_path, router in self.routers.items():
            rest = path[len(server_path) :]
            if path.startswith(server_path) and rest[:1] in ("", "/"):
                router.search(rest or "/", "", others)
        return others[0]


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

    def locate(self, path: str, host: str, method: str) -> RoutedRequest | None:
        """Find the API of a request by its host name, or else by the first segment of its path.

        A process with one API serves it without the first segment as well. If several APIs have the
        path, the first that has the method is chosen.
        """
        by_host = self._by_host
        mounts = by_host.get(host) or by_host.get(host.partition(":")[0], ())
        if len(mounts) == 1:
            return RoutedRequest(mounts[0], mounts[0].find(path, method), "")
        if not mounts and (known := self._static_paths.get(path)) is not None:
            assert known.match is not None
            if known.match.operation(method) is not None:
                return known
        first: RoutedRequest | None = None
        for routed in self._candidates(path, method, mounts):
            match = routed.match
            if match is not None and match.operation(method) is not None:
                return routed
            if first is None or (first.match is None and match is not None):
                first = routed
        return first

    def _candidates(
        self, path: str, method: str, mounts: Iterable[MountedApi]
    ) -> Iterator[RoutedRequest]:
        """Yield the APIs that may serve a path: those of the host, the named one, the only one."""
        for mount in mounts:
            if (found := mount.find(path, method)) is not None:
                yield RoutedRequest(mount, found, "")
        end = path.find("/", 1)
        name = path[1:end] if end > 0 else path[1:]
        if (named := self._by_name.get(name)) is not None:
            below = path[end:] if end > 0 else "/"
            yield RoutedRequest(named, named.find(below, method), "/" + name)
        if (single := self._single) is not None:
            yield RoutedRequest(single, single.find(path, method), "")


def _static_requests(mounts: Iterable[MountedApi]) -> Iterator[tuple[str, RoutedRequest]]:
    """Yield all paths without parameters, each with its result, so that one look-up finds them."""
    for mount in mounts:
        name = "/" + mount.api.name
        for server_path, router in mount.routers.items():
            for path in router.static_paths:
                match = mount.first(server_path + path)
                yield f"{name}{server_path}{path}", RoutedRequest(mount, match, name)


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
    """Return an API that is served without its server paths as well.

    Operations whose server has no path replace others that would be at the same path.
    """
    operations = mount.api.operations
    at_root = [item for item in operations if any(not server.path for server in item.servers)]
    bare = {**mount.routers, "": Router([*operations, *at_root])}
    return MountedApi(mount.api, bare, mount.pages)
