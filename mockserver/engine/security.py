"""Authenticate requests: read credentials, find their owners, and check what these may do.

- In: an operation's security requirements, and headers, query and cookies of a request.
- Out: an `Authentication` with owner (the principal), credential and granted scopes; or a `Refusal`
  (`unauthenticated`, `forbidden` for a missing OAuth scope, or the kind that the document gives).
- Callers: `pipeline.py`; `fault_injection.py` (`missing_credential`); `credential_advice.py`.
- A credential is compared as text with records of the sandbox, for Basic with the member `password`
  as well, and must not have expired. Signatures, and the hash of Digest, are never verified. A
  scheme without `x-mock.principals` accepts any credential of its form.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from mockserver.base.credentials import SANDBOX_MARK
from mockserver.base.http import cookie_pairs
from mockserver.base.json import JsonValue
from mockserver.base.secrets import names_secret
from mockserver.base.time import DAY, format_instant, recorded_instant
from mockserver.engine.refusals import refusal_of
from mockserver.engine.run import Run
from mockserver.model.api import Api, Operation, Requirement, SchemeUse, SecurityScheme
from mockserver.model.messages import Answer, Request
from mockserver.model.refusal import Kind, Refusal
from mockserver.model.scope import Record, Scope

_DIGEST_USER = re.compile(r'(?:^|[ ,])username="([^"\\]*)"')
_UNQUOTED = re.compile(r'["\\]')
"""Characters that a quoted text of a header must escape (RFC 9110, 5.6.4)."""

_MEMBER = re.compile(r"principal\.(\w+)")
"""A member of the owner in an expression."""


@dataclass(slots=True)
class PresentedCredential:
    """The credential that a request has for a security scheme."""

    text: str
    """The key, token or user name, without the name of a sandbox."""
    password: str | None = None
    sandbox: str | None = None
    """The sandbox that the credential names, if any."""


@dataclass(slots=True)
class Authentication:
    """The result of a successful authentication."""

    alternative: tuple[SchemeUse, ...] = ()
    """The security requirement that was satisfied."""
    principal: Record | None = None
    """The record of the owner; None for schemes without principals."""
    credential: str | None = None
    scopes: list[str] = field(default_factory=list)
    ignored: tuple[tuple[str, str], ...] = ()
    """The schemes whose credentials were wrong and not needed, and why they were wrong."""


def read_credentials(operation: Operation, request: Request) -> dict[str, PresentedCredential]:
    """Return the credentials of a request, by the names of the operation's security schemes."""
    found: dict[str, PresentedCredential] = {}
    for alternative in operation.security:
        for use in alternative:
            name = use.scheme.name
            if name not in found and (text := _credential_text(use.scheme, request)):
                credential = _credential(use.scheme, text)
                if credential is not None:
                    found[name] = credential
    return found


def sandbox_of(credentials: Mapping[str, PresentedCredential]) -> str | None:
    """Return the sandbox that a credential names, or None."""
    for credential in credentials.values():
        if credential.sandbox:
            return credential.sandbox
    return None


def _credential_text(scheme: SecurityScheme, request: Request) -> str | None:
    if scheme.location == "header":
        return request.headers.get(scheme.parameter)
    if scheme.location == "query":
        pairs = parse_qsl(request.query, keep_blank_values=True)
        return next((value for name, value in pairs if name == scheme.parameter), None)
    return cookies(request).get(scheme.parameter)


def cookies(request: Request) -> dict[str, str]:
    """Return the cookies of a request by name; of several with one name, the first one."""
    pairs = list(cookie_pairs(request.headers.get("cookie", "")))
    return dict(reversed(pairs))


def _credential(scheme: SecurityScheme, text: str) -> PresentedCredential | None:
    if scheme.kind == "apiKey":
        return _with_sandbox(text)
    name, _, rest = text.partition(" ")
    rest = rest.strip()
    if name.lower() != scheme.auth_scheme.lower() or not rest:
        return None
    if scheme.kind == "basic":
        return read_basic(rest)
    if scheme.auth_scheme == "Digest" and (user := _DIGEST_USER.search(rest)):
        return _with_sandbox(user[1])
    return _with_sandbox(rest)


def _with_sandbox(text: str, password: str | None = None) -> PresentedCredential:
    if SANDBOX_MARK not in text:
        return PresentedCredential(text, password)
    before, _, name = text.rpartition(SANDBOX_MARK)
    return PresentedCredential(before, password, name)


def read_basic(text: str) -> PresentedCredential | None:
    """Read user and password (RFC 7617, section 2)."""
    try:
        user, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:  # no base64, no ASCII, or no UTF-8
        return None
    return _with_sandbox(user, password) if colon else None


def authenticate(run: Run, credentials: Mapping[str, PresentedCredential]) -> Authentication:
    """Return the result of the first security requirement that the credentials satisfy.

    A wrong credential does not matter if another requirement is satisfied, such as `{}`, which
    every request satisfies; the result says that it was ignored.

    Raises:
        Refusal: That of the first requirement for which the request has all credentials, or
            `unauthenticated` if there is no such requirement.
    """
    alternatives = run.operation.security
    refusals: list[tuple[str, Refusal]] = []
    for alternative in alternatives:
        for use in alternative:
            if use.scheme.name not in credentials:
                break
        else:
            try:
                found = _satisfy(run, alternative, credentials)
            except Refusal as refusal:
                names = " and ".join(use.scheme.name for use in alternative)
                refusals.append((names, refusal))
                continue
            if alternative is not alternatives[0]:
                refused = [(names, refusal.message) for names, refusal in refusals]
                found.ignored = (*refused, *_unreadable(run, alternative, credentials))
            return found
    raise refusals[0][1] if refusals else missing_credential(run)


def _unreadable(
    run: Run, satisfied: tuple[SchemeUse, ...], credentials: Mapping[str, PresentedCredential]
) -> Iterator[tuple[str, str]]:
    """Yield the schemes whose credentials are not of their form, and why."""
    used = {(use.scheme.location, use.scheme.parameter) for use in satisfied}
    schemes = [use.scheme for alternative in run.operation.security for use in alternative]
    for scheme in dict.fromkeys(schemes):
        if scheme.name in credentials or (scheme.location, scheme.parameter) in used:
            continue
        if _credential_text(scheme, run.exchange.request):
            yield scheme.name, f"it is not a {scheme.auth_scheme} credential"


def _satisfy(
    run: Run, alternative: tuple[SchemeUse, ...], credentials: Mapping[str, PresentedCredential]
) -> Authentication:
    found = Authentication(alternative)
    for use in alternative:
        credential = credentials[use.scheme.name]
        owner = _owner(run, use, credential)
        if found.credential is None:
            found.credential = credential.text
        if owner is not None:
            found.principal = owner if found.principal is None else {**found.principal, **owner}
            found.scopes += _granted_scopes(use, owner)
    return found


def _owner(run: Run, use: SchemeUse, credential: PresentedCredential) -> Record | None:
    principals = use.scheme.principals
    if principals is None:
        return None
    owner = find_owner(run, use.scheme, credential.text)
    if owner is None or not has_password(owner, credential):
        message = "the credential is not known"
        raise Refusal(
            Kind.UNAUTHENTICATED, message, headers=_challenge(run, use.scheme, invalid=True)
        )
    scope = run.scope
    scope["principal"], scope["credential"] = owner, credential.text
    for requirement in principals.requirements:
        if not requirement.that(scope):
            message = "the owner of the credential has no access"
            source = requirement.source or run.api.source
            refusal = refusal_of(requirement.otherwise, scope, message, source)
            refusal.cause = f"{requirement.shown} is not true{_values_of(requirement, owner)}"
            if refusal.kind == Kind.UNAUTHENTICATED:
                refusal.headers = _challenge(run, use.scheme, invalid=True)
            raise refusal
    _check_expiry(run, use.scheme, owner)
    return owner


def find_owner(run: Run, scheme: SecurityScheme, text: str) -> Record | None:
    """Return the record that a credential belongs to, or None."""
    principals = scheme.principals
    if principals is None:
        return None
    collection = run.store.collection(principals.collection)
    if principals.field == collection.spec.key:
        return collection.by_key(text)
    return collection.find({principals.field: text})


def has_password(owner: Record, credential: PresentedCredential) -> bool:
    """Return True if the password of a credential is that of its owner, or if it has none."""
    password = credential.password
    return password is None or (owner.get("password") or "") == password


def _values_of(requirement: Requirement, owner: Record) -> str:
    """Return the members of an owner that a requirement compares, without secrets."""
    names = dict.fromkeys(_MEMBER.findall(requirement.shown))
    shown = [
        f"{name} is {_instant_text(name, owner[name])}"
        for name in names
        if isinstance(owner.get(name), str | int) and not names_secret(name)
    ]
    return f" ({', '.join(shown)})" if shown else ""


def _instant_text(name: str, value: JsonValue) -> str:
    is_instant = name.endswith("_at") and isinstance(value, int) and value > DAY
    return format_instant(value) if is_instant else str(value)[:60]


def _check_expiry(run: Run, scheme: SecurityScheme, owner: Record) -> None:
    """Raise a Refusal if the credential has expired."""
    name = scheme.principals.expires if scheme.principals else None
    expires = None if name is None else recorded_instant(owner.get(name))
    if expires is not None and run.now >= expires:
        message = f"the credential expired at {format_instant(expires)}"
        raise Refusal(Kind.UNAUTHENTICATED, message, headers=_challenge(run, scheme, invalid=True))


def _granted_scopes(use: SchemeUse, owner: Record) -> list[str]:
    """Return the scopes of an owner.

    Raises:
        Refusal: `forbidden` if a scope is missing that the operation requires (OAuth 2.0 only).
    """
    granted = scopes_of(owner.get(use.scheme.principals.scopes if use.scheme.principals else ""))
    if not use.scopes:
        return granted
    missing = [scope for scope in use.scopes if scope not in granted]
    if missing and use.scheme.kind == "oauth2":
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(use.scopes)}"'
        message = f"the token lacks the scope {' '.join(missing)}"
        raise Refusal(Kind.FORBIDDEN, message, headers=(("WWW-Authenticate", challenge),))
    return granted


def scopes_of(value: JsonValue) -> list[str]:
    """Return scopes from a list, or from a text in which spaces separate them."""
    if isinstance(value, str):
        return value.split()
    return [str(item) for item in value] if isinstance(value, list) else []


def missing_credential(run: Run) -> Refusal:
    """Return the refusal for a request without the credentials that the operation requires."""
    alternative = run.operation.security[0]
    wanted = " and ".join(_how_to_send(use.scheme) for use in alternative)
    return Refusal(
        Kind.UNAUTHENTICATED,
        f"no credential: send {wanted}",
        headers=tuple(_challenges(run.api, run.operation, run.scope)),
    )


def _how_to_send(scheme: SecurityScheme) -> str:
    if scheme.kind == "apiKey":
        return f"the {scheme.location} {scheme.parameter!r}"
    return f"an Authorization header ({scheme.auth_scheme})"


def add_challenges(answer: Answer, api: Api, operation: Operation, scope: Scope) -> None:
    """Add `WWW-Authenticate` to a 401 that lacks it (RFC 9110, section 15.5.2)."""
    if all(name.lower() != "www-authenticate" for name, _ in answer.headers):
        answer.headers = [*answer.headers, *_challenges(api, operation, scope)]


def _challenges(api: Api, operation: Operation, scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield a challenge for each scheme of an operation, or of the API if it has none."""
    uses = [use.scheme for alternative in operation.security for use in alternative]
    found: dict[str, None] = {}
    for scheme in uses or api.schemes.values():
        if _has_challenge(scheme, scope):
            found[_challenge_text(api, scheme)] = None
    return (("WWW-Authenticate", text) for text in found)


def _challenge(run: Run, scheme: SecurityScheme, *, invalid: bool) -> tuple[tuple[str, str], ...]:
    """Return the WWW-Authenticate header of a scheme (RFC 9110, 11.6.1).

    Args:
        run: The run of the request.
        scheme: The security scheme.
        invalid: True if a credential was given and refused, False if there was none.
    """
    if not _has_challenge(scheme, run.scope):
        return ()
    is_token = scheme.kind in {"bearer", "oauth2"}
    error = ', error="invalid_token"' if invalid and is_token else ""
    return (("WWW-Authenticate", _challenge_text(run.api, scheme) + error),)


def _has_challenge(scheme: SecurityScheme, scope: Scope) -> bool:
    principals = scheme.principals
    return principals is None or principals.challenge is None or bool(principals.challenge(scope))


def _challenge_text(api: Api, scheme: SecurityScheme) -> str:
    """Return a challenge; no RFC has one for API keys, so theirs names where the key is sent."""
    if scheme.kind == "apiKey":
        name = _UNQUOTED.sub(r"\\\g<0>", scheme.parameter)
        return f'ApiKey realm="{api.name}", in="{scheme.location}", name="{name}"'
    if scheme.kind == "basic":
        return f'Basic realm="{api.name}", charset="UTF-8"'
    if scheme.auth_scheme == "Digest":
        nonce = hashlib.sha256(api.name.encode()).hexdigest()[:32]
        return f'Digest realm="{api.name}", nonce="{nonce}", qop="auth"'
    return f'{scheme.auth_scheme} realm="{api.name}"'
