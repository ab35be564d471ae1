"""From an interaction's request to the bytes that are sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import orjson

from mockserver.base.http import FORM
from mockserver.contract.interactions import RequestPart
from mockserver.contract.variables import Variables
from mockserver.model.messages import Request

_IN_A_PATH = "/:@!$&'()*+,;=~%"


@dataclass(slots=True)
class FilledRequest:
    """A request with all placeholders filled in."""

    method: str
    path: str
    """Below the base URL, percent-encoded."""
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def as_request(self) -> Request:
        """Return it as what the engine reads."""
        return Request(self.method, self.path, self.query, self.headers, self.body)


def fill(
    request: RequestPart, variables: Variables, given: Mapping[str, str] | None = None
) -> FilledRequest:
    """Fill in a request's placeholders.

    Args:
        request: The request as it stands in a file.
        variables: Values of the placeholders.
        given: Headers from the command line (names in lower case): they take the place of those
            with a placeholder, and are added where the interaction has none of the name.

    Raises:
        UnsetError: If a placeholder has no value.
    """
    own = {name.lower(): value for name, value in request.headers.items()}
    for name, value in (given or {}).items():
        if name not in own or "${" in own[name]:
            own[name] = value
    body, media_type = _body(request, variables)
    headers = {name: str(variables.fill(value)) for name, value in own.items() if value}
    if media_type:
        headers.setdefault("content-type", media_type)
    query = urlencode(variables.fill(request.query), doseq=True)
    path = quote(str(variables.fill(request.path)), safe=_IN_A_PATH)
    return FilledRequest(request.method, path, query, headers, body)


def _body(request: RequestPart, variables: Variables) -> tuple[bytes, str]:
    if request.has_json:
        return orjson.dumps(variables.fill(request.json_body)), "application/json"
    if request.form is not None:
        return urlencode(variables.fill(request.form)).encode(), FORM
    if request.text is not None:
        return str(variables.fill(request.text)).encode(), "text/plain"
    return b"", ""
