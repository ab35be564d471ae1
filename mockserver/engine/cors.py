"""Write the headers that allow pages of every origin to call the APIs (CORS), and `Allow`.

`pipeline.py` adds `headers` to the answers of requests with an `Origin` header; `allowed` lists the
methods of a path. No origin is refused.
"""

from collections.abc import Iterable

from mockserver.model.messages import Request

_EXPOSED = "Mock-Request-Id, Mock-Reason, Retry-After, Preference-Applied, *"


def allowed(methods: Iterable[str]) -> str:
    """Return the value of `Allow` for the methods of a path."""
    declared = set(methods)
    return ", ".join(sorted(declared | {"OPTIONS"} | ({"HEAD"} if "GET" in declared else set())))


def headers(request: Request) -> list[tuple[str, str]]:
    """Return the headers that allow a page to read the answer (Fetch standard, CORS protocol)."""
    origin = request.headers["origin"]
    given = [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", "Origin"),
    ]
    asked = request.headers.get("access-control-request-method")
    if request.method != "OPTIONS" or asked is None:
        return [*given, ("Access-Control-Expose-Headers", _EXPOSED)]
    wanted = request.headers.get("access-control-request-headers", "*")
    return [
        *given,
        ("Access-Control-Allow-Methods", asked),
        ("Access-Control-Allow-Headers", wanted),
        ("Access-Control-Max-Age", "600"),
    ]
