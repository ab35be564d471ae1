"""Make the request of a saved entry, with a documented credential for one that is redacted.

`playing.py` calls `request_of` with an entry and its sandbox. If the file leaves out secrets, a
redacted credential becomes the one of the document's own records that belongs to the same
principal, if there is exactly one, or any value if the scheme accepts any. `Identities` knows the
principals: that of the entry, or, where a fault or `Prefer` decided the answer before the
credential was looked at, that of the request before. What is redacted and cannot matter stays so.
Anything else makes the request unplayable: `UnplayableError` says why.
"""

from base64 import b64decode
from collections.abc import Iterator
from urllib.parse import quote, unquote_plus, urlsplit

from mockserver.base.credentials import in_sandbox, presented
from mockserver.base.secrets import REDACTED
from mockserver.engine.fixtures import FixtureError
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox
from mockserver.model.api import Operation, SecurityScheme
from mockserver.model.messages import Request
from mockserver.replay.saved_history import SavedEntry, SavedHistory

_ADVICE = "save the history with --with-secrets"
_DASHBOARD = 307


class UnplayableError(Exception):
    """A request that the file does not have in full."""


class Identities:
    """The principals of requests, by the names of their security schemes."""

    def __init__(self, history: SavedHistory) -> None:
        self._latest: dict[tuple[str | None, str], str] = {}
        for step in reversed(history.steps):
            if isinstance(step, SavedEntry):
                self._note(step)

    def _note(self, entry: SavedEntry) -> dict[str, str]:
        found = {
            scheme: decision.principal
            for decision in entry.details.trace
            if decision.what == "Authenticated"
            for scheme in decision.schemes
        }
        self._latest |= {(entry.details.api, scheme): who for scheme, who in found.items()}
        return found

    def of(self, entry: SavedEntry) -> dict[str, str]:
        """Return the principals of a request; call it for all of them, in order."""
        found = self._note(entry)
        if found or entry.details.reason not in _UNDECIDED:
            return found
        own = entry.details.api
        return {scheme: who for (api, scheme), who in self._latest.items() if api == own}


def request_of(
    entry: SavedEntry, sandbox: Sandbox | None, identities: Identities, *, has_secrets: bool
) -> Request:
    """Make the request of an entry.

    Raises:
        UnplayableError: If the file does not have all of it.
    """
    request, found = _as_saved(entry), identities.of(entry)
    if has_secrets:
        return request
    api = sandbox.apis.get(entry.details.api or "") if sandbox else None
    if sandbox is None or api is None:
        return request
    for name, who in found.items():
        if name in api.schemes:
            _present(request, api.schemes[name], who, api.name, sandbox)
    if entry.details.operation is None or entry.details.reason in _UNDECIDED:
        return request
    operation = next((one for one in api.operations if one.id == entry.details.operation), None)
    missing = [part for part in _redacted_parts(request) if _matters(part, operation)]
    if missing:
        message = f"the file leaves out its {missing[0]}, and no single documented credential is"
        raise UnplayableError(f"{message} that of the same principal; {_ADVICE}")
    return request


_UNDECIDED = ("fault", "preferred")
"""Reasons of answers that were chosen before credentials were looked at."""


def _matters(part: str, operation: Operation | None) -> bool:
    """Return True if an operation may read a part of a request; None is one that is gone."""
    if operation is None:
        return False
    kind, _, name = part.partition(" ")
    uses = [use.scheme for alternative in operation.security for use in alternative]
    names = {use.parameter for use in uses if use.location == "header"}
    is_plain = operation.program is None and operation.parameters is None
    return not (kind == "header" and is_plain and name not in {*names, "cookie"})


def _as_saved(entry: SavedEntry) -> Request:
    details, given = entry.details, entry.request
    if details.body == "partial":
        raise UnplayableError(f"the file does not have its whole body; {_ADVICE}")
    if details.api is None and entry.response.status == _DASHBOARD:
        raise UnplayableError("a browser was sent to the dashboard")
    body = given.postData.text.encode("utf-8", "replace")
    if details.base64 is not None:
        body = b64decode(details.base64)
    try:
        url = urlsplit(given.url)
    except ValueError:
        raise UnplayableError("its URL is invalid") from None
    headers = {pair.name.lower(): pair.value for pair in given.headers}
    return Request(
        given.method,
        url.path or "/",
        url.query,
        headers,
        body,
        url.scheme or "http",
        too_large=details.too_large,
    )


def _redacted_parts(request: Request) -> Iterator[str]:
    """Yield the parts of a request that are redacted."""
    for name, value in request.headers.items():
        if REDACTED in value:
            yield f"header {name}"
    for part in request.query.split("&"):
        name, _, value = part.partition("=")
        if REDACTED in unquote_plus(value):
            yield f"query parameter {unquote_plus(name)}"
    if REDACTED.encode() in request.body:
        yield "body in part"


def _present(
    request: Request, scheme: SecurityScheme, who: str, api: str, sandbox: Sandbox
) -> None:
    """Replace the redacted credential of a scheme, if there is exactly one to do so."""
    found = list(_credentials(scheme, who, api, sandbox))
    if len(found) != 1:
        return
    value = found[0]
    headers = dict(request.headers)
    is_named = request.path.startswith(("/~", "/%7E", "/%7e")) or "mock-sandbox" in headers
    if sandbox.name != DEFAULT_SANDBOX and not is_named:
        value = in_sandbox(scheme.kind, value, sandbox.name)
    text, name = presented(scheme.kind, value, scheme.auth_scheme), scheme.parameter
    if scheme.location == "query":
        request.query = "&".join(
            f"{key}={quote(text, safe='')}" if unquote_plus(key) == name else f"{key}{mark}{rest}"
            for key, mark, rest in (part.partition("=") for part in request.query.split("&"))
        )
    elif scheme.location == "cookie" and headers.get("cookie") == REDACTED:
        request.headers = {**headers, "cookie": f"{name}={text}"}
    elif headers.get(name) == REDACTED:
        request.headers = {**headers, name: text}


def _credentials(scheme: SecurityScheme, who: str, api: str, sandbox: Sandbox) -> Iterator[str]:
    """Yield the documented credentials of a principal."""
    owners = scheme.principals
    if owners is None:
        yield "user:password" if scheme.kind == "basic" else "anything"
        return
    try:
        records = sandbox.published(api, owners.collection)
    except FixtureError:
        return
    for record in records:
        name = str(record.get("id") or record.get(owners.label) or "")
        if name == who and (text := record.get(owners.field)):
            is_basic = scheme.kind == "basic"
            yield f"{text}:{record.get('password') or ''}" if is_basic else str(text)
