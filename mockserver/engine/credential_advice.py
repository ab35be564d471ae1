"""Advise a client whose credential was missing or refused.

- In: the run of the request, and its credentials. Caller: `pipeline.py` calls `credential_advice`
  for requests that authentication refuses; `refusal_advice.py` calls `other_credentials` for a 403.
- Out: advice such as `send x-api-key: demo-key`: whose credential it was (also of an owner that was
  added later), where it was sent if that is the mistake, and one that would be accepted; or "".
- Only credentials of the document's own fixtures are offered, if they are still valid: whoever has
  the document knows them. Passwords that were changed, issued tokens and credentials of added
  records are never written; of the request's own only the place and the owner are named.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from mockserver.base.credentials import in_sandbox, presented
from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.engine.run import Run
from mockserver.engine.sandbox import DEFAULT_SANDBOX
from mockserver.engine.security import (
    PresentedCredential,
    cookies,
    find_owner,
    has_password,
    read_basic,
    scopes_of,
)
from mockserver.model.api import Principals, SchemeUse, SecurityScheme
from mockserver.model.messages import Request
from mockserver.model.scope import Record

_MOST_TRIED = 50
"""Maximum number of values of a request that are looked up as credentials."""
_LONGEST = 500
"""Longest value that is looked up."""
_QUOTES = "'\"`<> "
_WORDS = ("bearer", "basic", "token", "apikey", "key")


def credential_advice(run: Run, credentials: Mapping[str, PresentedCredential]) -> str:
    """Return advice for a request whose credentials were refused; empty if there is none."""
    sent = [text for text in (_whose(run, credentials), _example(run)) if text]
    return "; ".join(sent)


# --- whose credential it was ---


def _whose(run: Run, credentials: Mapping[str, PresentedCredential]) -> str:
    """Return whose credential the request has, if anybody's."""
    uses = [use for alternative in run.operation.security for use in alternative]
    for use in uses:
        known = credentials.get(use.scheme.name)
        if known is not None and (owner := find_owner(run, use.scheme, known.text)) is not None:
            wrong = "" if has_password(owner, known) else ", with another password"
            return f"the credential is that of {name_of(owner, use.scheme)}{wrong}"
    for use in uses:
        for place, text, changed in _values(run.exchange.request):
            owner = find_owner(run, use.scheme, text)
            if owner is not None:
                who, scheme = name_of(owner, use.scheme), use.scheme
                return _misplaced(scheme, place, who, changed)
    return _of_another_api(run)


def _misplaced(scheme: SecurityScheme, place: str, who: str, changed: str) -> str:
    is_place = place == f"the {scheme.location} {scheme.parameter}"
    if is_place and not changed and scheme.auth_scheme:
        return f"the credential of {who} is in {place}, but '{scheme.auth_scheme} ' is missing"
    if is_place:
        return f"the credential of {who} is in {place}, with {changed} that must be left out"
    return f"the credential of {who} is in {place}, which is not where this API reads it"


def _values(request: Request) -> Iterator[tuple[str, str, str]]:
    """Yield the place and text of values that may be credentials, and what was left out of them."""
    count = 0
    for place, value in _placed(request):
        for text, changed in _cleaned(value):
            yield place, text, changed
            count += 1
            if count == _MOST_TRIED:
                return


def _placed(request: Request) -> Iterator[tuple[str, str]]:
    for name, value in request.headers.items():
        if name != "cookie" and len(value) <= _LONGEST:
            yield f"the header {name[:40]}", value
    for name, value in parse_qsl(request.query[:4_000])[:_MOST_TRIED]:
        yield f"the query {name[:40]}", value
    for name, value in cookies(request).items():
        yield f"the cookie {name[:40]}", value


def _cleaned(value: str) -> Iterator[tuple[str, str]]:
    """Yield a value, also without quotes and without the name of a scheme before it."""
    yield value, ""
    bare = value.strip(_QUOTES)
    if bare != value:
        yield bare, "quotes"
    word, _, rest = bare.partition(" ")
    if word.lower() in _WORDS and rest:
        inner = rest.strip(_QUOTES)
        yield inner, "quotes" if inner != rest else f"the word {word!r}"
        if word.lower() == "basic" and (basic := read_basic(inner)) is not None:
            yield basic.text, "'Basic' and a user name"
            yield basic.password or "", "'Basic' and a password"


def _of_another_api(run: Run) -> str:
    """Return which other API has a credential of the request in its fixtures."""
    texts = {text for _, text, _ in _values(run.exchange.request)}
    for api in run.sandbox.apis.values():
        for scheme in api.schemes.values():
            owners = scheme.principals
            if api.name == run.api.name or owners is None:
                continue
            for record in run.sandbox.published(api.name, owners.collection):
                if owners.field in record and str(record[owners.field]) in texts:
                    return f"the credential is that of another API, {api.name}"
    return ""


def name_of(owner: Record, scheme: SecurityScheme) -> str:
    """Return the id of an owner, or its description."""
    label = scheme.principals.label if scheme.principals else ""
    found = owner.get("id") or owner.get(label)
    is_secret = scheme.principals is not None and scheme.principals.field == "id"
    if is_secret:
        found = owner.get(label)
    return repr(str(found)[:60]) if found else "somebody"


# --- a credential that would do ---


def _example(run: Run) -> str:
    """Return a credential of the fixtures that the operation accepts, as it is sent."""
    for alternative in run.operation.security:
        texts = [_example_for(run, use) for use in alternative]
        if texts and all(texts):
            return "send " + " and ".join(text for text in texts if text)
    return ""


def other_credentials(run: Run) -> str:
    """Return a credential of the fixtures that is not the one of the request, if there is one."""
    current = run.scope["credential"]
    for use in (use for alternative in run.operation.security for use in alternative):
        owners = use.scheme.principals
        for record, text in _accepted(run, use):
            if owners is not None and text != current:
                what = record.get(owners.label)
                label = f" ({str(what)[:60]})" if what else ""
                return f"another credential is {_written(use.scheme, text)}{label}"
    return ""


def _accepted(run: Run, use: SchemeUse) -> Iterator[tuple[Record, str]]:
    """Yield the owners that an operation accepts, as the fixtures have them, and a credential."""
    scheme, owners = use.scheme, use.scheme.principals
    if owners is None:
        return
    for record in run.sandbox.published(run.api.name, owners.collection):
        text = record.get(owners.field)
        current = find_owner(run, scheme, str(text)) if text else None
        if current is None or _has_other_password(scheme, record, current):
            continue
        if _is_accepted(run, use, owners, current):
            yield record, _value(run, scheme, str(text), record)


def _has_other_password(scheme: SecurityScheme, record: Record, current: Record) -> bool:
    """Return True if the password of the fixtures is not accepted any more."""
    known, now = (one.get("password") or "" for one in (record, current))
    return scheme.kind == "basic" and known != now


def _example_for(run: Run, use: SchemeUse) -> str | None:
    scheme, owners = use.scheme, use.scheme.principals
    if owners is None:
        value = "user:password" if scheme.kind == "basic" else "anything"
        return f"{_written(scheme, value)} (any value is accepted)"
    return next((_written(scheme, text) for _, text in _accepted(run, use)), None)


def _value(run: Run, scheme: SecurityScheme, text: str, owner: Record) -> str:
    """Return a credential; it names the sandbox if nothing else in the request does."""
    request, sandbox = run.exchange.request, run.sandbox
    is_named_by_credential = (
        sandbox.name != DEFAULT_SANDBOX
        and not request.path.startswith("/~")
        and "mock-sandbox" not in request.headers
    )
    value = f"{text}:{owner.get('password') or ''}" if scheme.kind == "basic" else text
    if not is_named_by_credential:
        return value
    return in_sandbox(scheme.kind, value, sandbox.name)


def _is_accepted(run: Run, use: SchemeUse, owners: Principals, owner: Record) -> bool:
    scope = {**run.scope, "principal": owner, "credential": owner.get(owners.field)}
    try:
        if not all(requirement.that(scope) for requirement in owners.requirements):
            return False
    except ExpressionError:
        return False
    granted = scopes_of(owner.get(owners.scopes))
    return use.scheme.kind != "oauth2" or all(scope in granted for scope in use.scopes)


def _written(scheme: SecurityScheme, value: JsonValue) -> str:
    """Return a credential as the header, query parameter or cookie that carries it."""
    text = presented(scheme.kind, str(value), scheme.auth_scheme)
    name = scheme.parameter
    if scheme.location == "query":
        return f"{name}={text} in the query"
    if scheme.location == "cookie":
        return f"Cookie: {name}={text}"
    return f"{'Authorization' if name == 'authorization' else name}: {text}"
