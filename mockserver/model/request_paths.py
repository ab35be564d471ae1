"""Match request paths with patterns, list an operation's addresses, split sandbox prefixes.

An operation is served below its mount name, below the paths of its servers, and without any of
them: `addresses` lists these for a path of an operation, `paths_of` for a path as it was sent.
`model/fault.py`, `engine/faults.py`, `control/known_names.py`, `control/request_calls.py` and
`control/verify_calls.py` match by `fits` and `fits_one`; `wrong_pattern` returns a message, or "".
`engine/pipeline.py` and `engine/unmatched_requests.py` only split the prefix off; requests are
routed by `engine/routing.py`, not here.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from mockserver.base.wildcards import ANY, like
from mockserver.model.api import Api, Operation

_LONGEST_PATH = 2_000
PARAMETER = re.compile(r"\{[^{}/]+\}")
SANDBOX_PREFIXES = ("/~", "/%7E", "/%7e")
"""Beginnings of a path that names a sandbox; %7E is the same as ~ (RFC 3986, section 2.3)."""


def split_sandbox(path: str) -> tuple[str, str | None]:
    """Return a path without its sandbox prefix, and the name of the sandbox, if there is one."""
    prefix = next((one for one in SANDBOX_PREFIXES if path.startswith(one)), None)
    if prefix is None:
        return path, None
    name, slash, rest = path[len(prefix) :].partition("/")
    return slash + rest or "/", name


def addresses(api: Api, operation: Operation, path: str) -> Iterator[str]:
    """Yield all paths at which a path of an operation is served."""
    for prefix in dict.fromkeys(("", *_server_paths(api, operation))):
        yield prefix + path
        yield f"/{api.name}{prefix}{path}"


def _server_paths(api: Api, operation: Operation | None) -> Iterator[str]:
    for server in (*(operation.servers if operation else ()), *api.servers):
        yield server.path


def wrong_pattern(pattern: str) -> str:
    """Return what is wrong with a pattern for paths; empty if nothing is."""
    if not pattern.startswith(("/", ANY)) or len(pattern) > _LONGEST_PATH:
        return f"path begins with / or * and has {_LONGEST_PATH:,} characters at most"
    if ANY in pattern and PARAMETER.search(pattern):
        return "path has both * and a parameter in braces; write * for the parameter, too"
    return ""


def fits(pattern: str, path: str) -> bool:
    """Return True if a path matches a pattern.

    `*` matches any characters. In a pattern without `*`, a parameter such as `{id}` matches a
    segment, or the part of one that it stands for.
    """
    if "{" not in pattern or ANY in pattern:
        return like(pattern, path)
    wanted, given = pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        one == other or (other != "" and like(PARAMETER.sub(ANY, one), other))
        for one, other in zip(wanted, given, strict=True)
    )


def fits_one(pattern: str, paths: Iterable[str]) -> bool:
    """Return True if one of the paths matches a pattern, as it was sent or percent-decoded."""
    return any(
        fits(pattern, path) or ("%" in path and fits(pattern, unquote(path))) for path in paths
    )


def paths_of(sent: str, api: Api | None, operation: Operation | None) -> list[str]:
    """Return the paths by which a request can be called, without the prefix of its sandbox.

    Args:
        sent: The path as it was sent.
        api: The API that answered; None if there was none.
        operation: The operation that answered; None if there was none.

    Returns:
        The path as it was sent, then those below the mount name and below the path of a server,
        and the same operation at its other addresses.
    """
    sent, _ = split_sandbox(sent)
    found = [sent]
    if api is None:
        return found
    found += _below(sent, f"/{api.name}")
    for path in (*found,):
        for prefix in _server_paths(api, operation):
            found += _below(path, prefix)
    if operation is not None:
        for path in found[::-1]:
            if fits_one(operation.path, [path]):
                found += addresses(api, operation, path)
                break
    return list(dict.fromkeys(found))


def _below(path: str, prefix: str) -> list[str]:
    """Return the rest of a path after a prefix of whole segments, or nothing."""
    rest = path[len(prefix) :]
    return [rest or "/"] if prefix and path.startswith(prefix) and rest[:1] in ("", "/") else []
