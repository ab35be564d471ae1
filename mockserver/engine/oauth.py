"""An OAuth 2.0 authorization server (RFC 6749, 7009, 7636) whose state is records."""

import base64
import binascii
import hashlib
from typing import NoReturn
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from mockserver.base.hosts import is_loopback
from mockserver.base.html import HEADERS
from mockserver.base.json import JsonValue
from mockserver.base.time import whole_seconds
from mockserver.engine.run import Run
from mockserver.model import steps
from mockserver.model.refusal import Refusal
from mockserver.model.scope import Record
from mockserver.verbs.consent_page import DECISION, consent_page

CODES = "oauth_codes"
REFRESH_TOKENS = "oauth_refresh_tokens"
_NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


# --- authorization endpoint (RFC 6749, section 4.1.1) ---


def authorize(step: steps.OauthAuthorizeStep, run: Run) -> None:
    """Show the consent page, or redirect with a code or an error.

    Raises:
        Refusal: `invalid_request` if there is nowhere safe to redirect to.
    """
    query: Record = run.scope["query"]
    client = run.store.collection(step.clients).get(query["client_id"])
    if client is None:
        raise Refusal("invalid_request", "client_id is not that of a known client")
    redirect_uri = str(query["redirect_uri"])
    if not _is_registered(redirect_uri, client["redirect_uris"]):
        raise Refusal("invalid_request", "redirect_uri is not registered for this client")
    scopes = (query.get("scope") or step.default_scope).split()
    error = _wrong(step, query, scopes)
    if error is not None:
        _redirect(run, redirect_uri, {"error": error[0], "error_description": error[1]})
        return
    given = parse_qsl(run.exchange.request.query, keep_blank_values=True)
    decision = dict(given).get(DECISION) or step.consent(run.scope)
    user = next(iter(run.store.collection(step.users)))
    if decision == "approve":
        _grant(step, run, user, scopes)
    elif decision == "deny":
        denied = {"error": "access_denied", "error_description": "The user said no"}
        _redirect(run, redirect_uri, denied)
    else:
        name, who = str(client.get("name", client["id"])), str(user.get("name", user["id"]))
        page = consent_page(step.title, name, who, scopes, given)
        run.answer(200, HEADERS, page, "text/html", because="consent is asked for")


def _wrong(
    step: steps.OauthAuthorizeStep, query: Record, scopes: list[str]
) -> tuple[str, str] | None:
    """Return the error that is told by redirect, if there is one."""
    if query.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code"
    unknown = [scope for scope in scopes if scope not in step.scopes]
    if unknown:
        return "invalid_scope", f"there is no scope {unknown[0][:100]}"
    challenge, method = query.get("code_challenge"), query.get("code_challenge_method")
    if challenge and method != "S256":
        return "invalid_request", "code_challenge_method must be S256"
    if step.pkce_required and not challenge:
        return "invalid_request", "code_challenge is required"
    return None


def _is_registered(uri: str, registered: list[str]) -> bool:
    """Compare exactly, but for the port of a loopback address (RFC 8252, section 7.3)."""
    if uri in registered:
        return True
    try:
        parts = urlsplit(uri)
        if not is_loopback(parts.hostname or "") or parts.username is not None:
            return False
    except ValueError:
        return False
    return _without_port(uri) in {_without_port(item) for item in registered}


def _without_port(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.hostname or ""))


def _grant(step: steps.OauthAuthorizeStep, run: Run, user: Record, scopes: list[str]) -> None:
    query = run.scope["query"]
    code = run.token(43)
    record = {
        "id": code,
        "client_id": query["client_id"],
        "redirect_uri": query["redirect_uri"],
        "scope": " ".join(scopes),
        "challenge": query.get("code_challenge"),
        "user_id": user["id"],
        "expires_at": run.now + step.code_lifetime(run.scope),
        "family": None,
    }
    run.insert(run.store.collection(CODES), record)
    run.note(step, "code issued", query["client_id"], user["id"])
    _redirect(run, str(query["redirect_uri"]), {"code": code})


def _redirect(run: Run, uri: str, parameters: dict[str, str]) -> None:
    state = run.scope["query"].get("state")
    if state is not None:
        parameters["state"] = state
    parts = urlsplit(uri)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    location = urlunsplit(parts._replace(query=query))
    run.answer(302, [("Location", location), *_NO_STORE], None, because="OAuth redirects")


# --- token endpoint (RFC 6749, section 3.2) ---


def issue_token(step: steps.OauthTokenStep, run: Run) -> None:
    """Issue tokens for a code or a refresh token.

    Raises:
        Refusal: With an error of RFC 6749, section 5.2.
    """
    form: Record = run.scope["body"] or {}
    client = _client(step, run, form)
    grants = {"authorization_code": _from_code, "refresh_token": _from_refresh_token}
    grant = grants.get(form.get("grant_type", ""))
    if grant is None:
        raise Refusal("unsupported_grant_type", f"grant_type must be {' or '.join(grants)}")
    grant(step, run, client, form)


def _client(step: steps.OauthTokenStep, run: Run, form: Record) -> Record:
    """Authenticate the client by HTTP Basic or by the form (RFC 6749, section 2.3.1)."""
    header = run.exchange.request.headers.get("authorization", "")
    is_basic = header[:6].lower() == "basic "
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if is_basic:
        client_id, secret = _basic(header[6:])
    if not client_id:
        raise Refusal("invalid_request", "client_id is required")
    client = run.store.collection(step.clients).get(client_id)
    if client is None or client.get("secret") != secret:
        challenge = (("WWW-Authenticate", f'Basic realm="{run.api.name}"'),) if is_basic else ()
        message = "client_id and client_secret are not those of a known client"
        raise Refusal("invalid_client", message, headers=challenge)
    return client


def _basic(text: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(secret)


def _bad_grant(message: str) -> NoReturn:
    raise Refusal("invalid_grant", message)


def _from_code(step: steps.OauthTokenStep, run: Run, client: Record, form: Record) -> None:
    if not form.get("code"):
        raise Refusal("invalid_request", "code is required")
    code = run.store.collection(CODES).get(form["code"])
    if code is None or code["client_id"] != client["id"]:
        _bad_grant("the code is not known")
    if code["family"] is not None:
        _revoke_family(step.tokens, run, code["family"])
        run.answer_error("invalid_grant", "the code was used before; its tokens are revoked")
        return
    if run.now >= code["expires_at"]:
        _bad_grant("the code has expired")
    if not form.get("redirect_uri"):
        raise Refusal("invalid_request", "redirect_uri is required")
    if form["redirect_uri"] != code["redirect_uri"]:
        _bad_grant("redirect_uri is not that of the authorization request")
    if not _is_proven(code["challenge"], form.get("code_verifier")):
        _bad_grant("code_verifier does not fit the code_challenge")
    family = run.uuid()
    run.replace(CODES, {**code, "family": family})
    _issue(step, run, code, family, code["scope"])


def _is_proven(challenge: str | None, verifier: JsonValue) -> bool:
    """Compare as RFC 7636, section 4.6 says; a verifier without a challenge proves nothing."""
    if not challenge:
        return not verifier
    if not isinstance(verifier, str):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge


def _from_refresh_token(step: steps.OauthTokenStep, run: Run, client: Record, form: Record) -> None:
    if not form.get("refresh_token"):
        raise Refusal("invalid_request", "refresh_token is required")
    token = run.store.collection(REFRESH_TOKENS).get(form["refresh_token"])
    if token is None or token["client_id"] != client["id"]:
        _bad_grant("the refresh token is not known")
    if token["used"]:
        _revoke_family(step.tokens, run, token["family"])
        run.answer_error(
            "invalid_grant", "the refresh token was used before; all tokens of its kind are revoked"
        )
        return
    if token["expires_at"] is not None and run.now >= token["expires_at"]:
        _bad_grant("the refresh token has expired")
    scope = form.get("scope") or token["scope"]
    if not set(scope.split()) <= set(token["scope"].split()):
        raise Refusal("invalid_scope", "a refreshed token cannot have more scopes")
    if step.rotate(run.scope):
        run.replace(REFRESH_TOKENS, {**token, "used": True})
        _issue(step, run, token, token["family"], scope)
    else:
        _issue(step, run, token, token["family"], scope, kept=token["id"])


def _issue(
    step: steps.OauthTokenStep,
    run: Run,
    grant: Record,
    family: str,
    scope: str,
    kept: str | None = None,
) -> None:
    """Store and answer an access token, with a new refresh token unless one is kept."""
    lifetime = step.access_lifetime(run.scope)
    access, refresh = run.token(43), kept or run.token(43)
    owner = {"user_id": grant["user_id"], "client_id": grant["client_id"], "family": family}
    run.insert(
        run.store.collection(step.tokens),
        {
            "token": access,
            **owner,
            "scopes": scope.split(),
            "created_at": run.now,
            "expires_at": run.now + lifetime,
            "last_used_at": None,
        },
    )
    if kept is None:
        ends = None if step.refresh_lifetime is None else step.refresh_lifetime(run.scope)
        expires_at = None if ends is None else run.now + ends
        record = {"id": refresh, **owner, "scope": grant["scope"], "used": False}
        run.insert(run.store.collection(REFRESH_TOKENS), {**record, "expires_at": expires_at})
    run.note(step, "tokens issued", grant["user_id"], scope)
    body = {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": whole_seconds(lifetime),
        "refresh_token": refresh,
        "scope": scope,
    }
    run.answer(200, _NO_STORE, body)


# --- revocation (RFC 7009) ---


def revoke(step: steps.OauthRevokeStep, run: Run, user: JsonValue, only: JsonValue) -> int:
    """Revoke one token of the user, or all; return how many there were."""
    count = 0
    for name in (step.tokens, REFRESH_TOKENS):
        collection = run.store.collection(name)
        for record in collection.matching({"user_id": user}):
            key = str(record[collection.spec.key])
            if only in (None, key):
                count += not record.get("used") and not _is_over(record, run.now)
                run.remove(collection, key)
    run.note(step, "revoked", count)
    return count


def _is_over(token: Record, now: int) -> bool:
    return token["expires_at"] is not None and now >= token["expires_at"]


def _revoke_family(tokens: str, run: Run, family: str) -> None:
    for name in (tokens, REFRESH_TOKENS):
        collection = run.store.collection(name)
        for record in collection.matching({"family": family}):
            run.remove(collection, str(record[collection.spec.key]))
