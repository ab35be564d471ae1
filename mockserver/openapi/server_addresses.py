"""Compile server objects to the addresses of the real service, for all values of their variables.

`compiler.py`, `operations.py` and `contract/document_changes.py` call `compile_servers` with a list
of server objects. Out come host name (empty for a relative URL) and path of each address, without
user and password, up to `MOST_SERVERS`, the default values of each server first. Invalid servers
are left out with a warning. No connection is made to these addresses.
"""

import re
from collections.abc import Iterator
from itertools import islice, product
from urllib.parse import urlsplit

from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place
from mockserver.model.api import ServerAddress

MOST_SERVERS = 64
"""Maximum number of addresses of one list of servers, after the expansion of variables."""
_INVALID_IN_PATH = re.compile(r"[{}\s]")
"""Characters that a path cannot have (RFC 3986, section 3.3)."""


def compile_servers(place: Place, problems: list[SpecProblem]) -> tuple[ServerAddress, ...]:
    """Compile a list of server objects, the default values of their variables first."""
    found: dict[ServerAddress, None] = {}
    for item in place.items():
        urls = list(islice(_urls(item, problems), MOST_SERVERS + 1))
        if len(urls) + len(found) > MOST_SERVERS:
            message = f"the variables give more than {MOST_SERVERS} addresses"
            problems.append(warning("MS128", item.source, message, "the rest is ignored"))
        for url in urls[: max(0, MOST_SERVERS - len(found))]:
            server = _server(url)
            if server is None:
                message, hint = (
                    f"{url[:80]!r} is not a valid URL",
                    "describe its variables" * ("{" in url),
                )
                problems.append(warning("MS126", item.child("url").source, message, hint))
            else:
                found[server] = None
    return tuple(found)


def _server(url: str) -> ServerAddress | None:
    """Parse a URL, which may be relative; return None if it is invalid."""
    try:
        parts = urlsplit(url)
        host, path = parts.netloc.rpartition("@")[2].lower(), parts.path
    except ValueError:
        return None
    if _INVALID_IN_PATH.search(path):
        return None
    segments = [part for part in path.split("/") if part not in ("", ".", "..")]
    return ServerAddress(host, "".join(f"/{part}" for part in segments))


def _urls(server: Place, problems: list[SpecProblem]) -> Iterator[str]:
    """Yield a server's URL for every combination of its variables' values."""
    url = server.child("url").value
    if not isinstance(url, str):
        problems.append(warning("MS126", server.source, "a server needs a `url`"))
        return
    names, choices = [], []
    for name, variable in server.child("variables").members():
        if f"{{{name}}}" in url:
            names.append(f"{{{name}}}")
            choices.append(_choices(variable, problems))
    for values in product(*choices):
        filled = url
        for name, value in zip(names, values, strict=True):
            filled = filled.replace(name, value)
        yield filled


def _choices(variable: Place, problems: list[SpecProblem]) -> list[str]:
    """List the values of a variable, its default first."""
    default = variable.child("default").value
    values = [item.value for item in variable.child("enum").items()]
    if isinstance(default, str | int | float):
        values = [default, *(value for value in values if value != default)]
    elif not values:
        problems.append(warning("MS127", variable.source, "a server variable needs a `default`"))
        values = [""]
    return [str(value) for value in values][: MOST_SERVERS + 1]
