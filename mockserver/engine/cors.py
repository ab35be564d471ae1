"""Write the headers that let pages of every origin call the APIs (CORS), and the value of `Allow`.

`pipeline.py` calls `add_headers` for answers of requests with an `Origin` header, unless CORS is
off; they replace documented headers of the same names. With `open_cors`, it calls
`add_open_headers` for the others; `is_preflight` tells it which OPTIONS it answers before anything
else with `preflights_first`. `allowed` returns the methods of a path, for `unmatched_requests.py`
and `fault_injection.py`, whether CORS is on or off. No origin is refused.
"""

from collections.abc import Iterable

from mockserver.engine.documented_answers import Fields
from mockserver.engine.engine_options import Options
from mockserver.engine.rendering import replace_headers
from mockserver.model.messages import Request

_PREFIX = "access-control-"
_EXPOSE = "access-control-expose-headers"
_SENT_LATER = ("Date",)
"""Headers that the server adds, and that a page may read only if they are exposed."""
_OPEN = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Expose-Headers", "*"),
)


def allowed(methods: Iterable[str], options: Options) -> str:
    """Return the value of `Allow` for the methods of a path."""
    declared = set(methods)
    if not options.conventions.exact_methods:
        if "GET" in declared:
            declared.add("HEAD")
        if options.cors:
            declared.add("OPTIONS")
    return ", ".join(sorted(declared))


def add_headers(headers: Fields, request: Request) -> None:
    """Add the headers that allow a page to read the answer (Fetch standard, CORS protocol).

    They replace documented ones, because a browser accepts only one value of each.
    """
    ours = [
        ("Access-Control-Allow-Origin", request.headers["origin"]),
        ("Access-Control-Allow-Credentials", "true"),
    ]
    asked = request.headers.get("access-control-request-method")
    if request.method == "OPTIONS" and asked is not None:
        ours += [("Access-Control-Allow-Methods", asked), ("Access-Control-Max-Age", "600")]
        wanted = request.headers.get("access-control-request-headers")
        if wanted is not None:
            ours.append(("Access-Control-Allow-Headers", wanted))
    else:
        ours.append(("Access-Control-Expose-Headers", _exposed(headers)))
    replace_headers(headers, ours)
    headers.append(("Vary", "Origin"))


def add_open_headers(headers: Fields) -> None:
    """Add the headers for a request without `Origin`; no browser reads them."""
    replace_headers(headers, _OPEN)


def is_preflight(request: Request) -> bool:
    """Return True if a browser asks whether a page may send another request."""
    given = request.headers
    return (
        request.method == "OPTIONS"
        and "origin" in given
        and "access-control-request-method" in given
    )


def _exposed(headers: Fields) -> str:
    """Return the names of all headers; with credentials, `*` would be the name of a header."""
    documented = [value for name, value in headers if name.lower() == _EXPOSE]
    named = (name.strip() for value in documented for name in value.split(","))
    sent = (name for name, _ in headers if not name.lower().startswith(_PREFIX))
    names = {name.lower(): name for name in (*named, *sent, *_SENT_LATER) if name not in ("", "*")}
    return ", ".join(names.values())
