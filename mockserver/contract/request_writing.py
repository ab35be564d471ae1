"""Convert the request of an interaction to the request that is sent, with placeholders replaced.

`verification.py`, `checking.py` and `pact.py` call `fill`, which returns a `FilledRequest`: path
and query percent-encoded, header names in lower case, the body as bytes. A placeholder without a
value raises `UnsetPlaceholderError`. The headers that a caller adds replace only headers that have
a placeholder or are missing; an empty header is not sent. Nothing is sent here: `targets.py` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mockserver.base.http import FORM
from mockserver.contract.interactions import RequestPart
from mockserver.contract.variables import Variables
from mockserver.model.messages import Request
from mockserver.wire.long_integers import write_json

_BETWEEN_ITEMS = ","
"""Separates the items of an array in a query, and so must not be percent-encoded."""
_IN_A_PATH = "/:@!$&'()*+,;=~%"


@dataclass(slots=True)
class FilledRequest:
    """A request without placeholders."""

    method: str
    path: str
    """Relative to the base URL, percent-encoded."""
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def as_request(self) -> Request:
        """Return the request as the model's `Request`."""
        return Request(self.method, self.path, self.query, self.headers, self.body)


def fill(
    request: RequestPart, variables: Variables, headers: Mapping[str, str] | None = None
) -> FilledRequest:
    """Replace the placeholders of a request.

    Args:
        request: The request of an interaction.
        variables: Values of the placeholders.
        headers: Headers to add, with names in lower case. They replace headers of the
            interaction that have a placeholder, but no other ones.

    Raises:
        UnsetPlaceholderError: If a placeholder has no value.
    """
    own = {name.lower(): value for name, value in request.headers.items()}
    for name, value in (headers or {}).items():
        if name not in own or "${" in own[name]:
            own[name] = value
    body, media_type = _body(request, variables)
    filled = {name: str(variables.fill(value)) for name, value in own.items() if value}
    if media_type:
        filled.setdefault("content-type", media_type)
    query = urlencode(variables.fill(request.query), doseq=True, safe=_BETWEEN_ITEMS)
    path = quote(str(variables.fill(request.path)), safe=_IN_A_PATH)
    return FilledRequest(request.method, path, query, filled, body)


def _body(request: RequestPart, variables: Variables) -> tuple[bytes, str]:
    if request.has_json:
        return write_json(variables.fill(request.json_body)), "application/json"
    if request.form is not None:
        return urlencode(variables.fill(request.form), doseq=True).encode(), FORM
    if request.text is not None:
        return str(variables.fill(request.text)).encode(), "text/plain"
    return b"", ""
