"""Cross-origin requests: every origin may call the APIs, as from a browser page under test."""

from collections.abc import Iterable

from mockserver.model.messages import Request

_EXPOSED = "Mock-Request-Id, Mock-Reason, Retry-After, Preference-Applied, *"


def allowed(methods: Iterable[str]) -> str:
    """Return the value of `Allow` for the methods of a path."""
    named = set(methods)
    return ", ".join(sorted(named | {"OPTIONS"} | ({"HEAD"} if "GET" in named else set())))


def headers(request: Request) -> list[tuple[str, str]]:
    """Return the headers that let a page read the answer (Fetch standard, CORS protocol)."""
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
