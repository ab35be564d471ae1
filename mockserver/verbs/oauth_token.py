"""`oauth_token`: answer as the token endpoint of OAuth 2.0 (RFC 6749, sections 4.1.3 and 6).

`step_compiler.py` calls `compile_token`, which writes the call of `run_token` for every request,
and the end of the steps. That function authenticates the client by HTTP Basic or the form (the
secret is compared as text; a client without one sends none), and checks a code with its redirect
URI and PKCE verifier, or a refresh token. It stores and answers an access token and a refresh
token, which is the same one after a refresh without `rotate`. Otherwise it raises a `Refusal` of
RFC 6749; only a code or refresh token used a second time is an error that keeps its writes: all
tokens of its code are revoked.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qsl, unquote_plus

from pydantic import Field

from mockserver.base.http import FORM, essence
from mockserver.base.time import whole_seconds
from mockserver.language.programs import Block
from mockserver.model.refusal import Refusal
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.fields import Name, Span, StrictFields, Value
from mockserver.verbs.oauth_records import (
    CODES,
    NO_STORE,
    PKCE_TEXT,
    REFRESH_TOKENS,
    repeated_name,
    revoke_family,
)
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World

Form = dict[str, str]
"""The parameters of a token request that have a value."""
_PARAMETERS = (
    "grant_type",
    "client_id",
    "client_secret",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
)


class OauthTokenFields(StrictFields):
    """The token endpoint: authorization_code and refresh_token (RFC 6749, sections 4.1.3 and 6)."""

    clients: Name = Field(description="registered clients, the same as in `oauth_authorize`")
    tokens: Name = Field(description="collection for access tokens, with the key `token`")
    access_lifetime: Span = Field("PT1H", description="duration; default: PT1H")
    refresh_lifetime: Span = Field(None, description="duration; null: refresh tokens do not expire")
    rotate: Value = Field(
        default=True, description="if true, a refresh token can be used only once; default: true"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthTokenStep(Step):
    """An `oauth_token` step; issues access tokens for codes and refresh tokens."""

    clients: str
    tokens: str
    access_lifetime: Template
    refresh_lifetime: Template | None
    rotate: Template


def compile_token(fields: OauthTokenFields, writer: StepCodeWriter) -> Block:
    """Write the call of `run_token`, and the end of the program."""
    context = writer.context
    lifetime = context.duration(fields.access_lifetime, writer.source_of("access_lifetime"))
    writer.set_step(
        OauthTokenStep,
        clients=context.check_collection(fields.clients, writer.source_of("clients")),
        tokens=context.check_collection(fields.tokens, writer.source_of("tokens")),
        access_lifetime=lifetime or (lambda _scope: 0),
        refresh_lifetime=context.duration(
            fields.refresh_lifetime, writer.source_of("refresh_lifetime")
        ),
        rotate=context.template(fields.rotate, writer.source_of("rotate")),
    )
    return [*writer.write_scope(), *writer.write_call(None), *writer.write("return")]


def run_token(world: World, step: OauthTokenStep) -> None:
    """Answer with tokens for a code or a refresh token.

    Raises:
        Refusal: With an error of RFC 6749, section 5.2.
    """
    form = _read_form(world)
    client_id = _authenticate_client(step, world, form)
    grants = {"authorization_code": _use_code, "refresh_token": _use_refresh_token}
    name = form.get("grant_type")
    if name is None:
        raise Refusal("invalid_request", "grant_type is required")
    if name not in grants:
        raise Refusal("unsupported_grant_type", f"grant_type must be {' or '.join(grants)}")
    grants[name](step, world, client_id, form)


def _read_form(world: World) -> Form:
    """Return the parameters of the request; one without a value is left out (RFC 6749, 3.2).

    Raises:
        Refusal: If a parameter is repeated or is not text.
    """
    body = world.scope["body"]
    if body is not None and not isinstance(body, dict):
        raise Refusal("invalid_request", "the body must be a form")
    request = world.exchange.request
    if essence(request.headers.get("content-type", "")) == FORM:
        pairs = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
        repeated = repeated_name(pairs, _PARAMETERS)
        if repeated is not None:
            raise Refusal("invalid_request", f"{repeated} is given more than once")
    given = {name: (body or {}).get(name) for name in _PARAMETERS}
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise Refusal("invalid_request", f"{name} must be text")
    return {name: value for name, value in given.items() if value}


def _authenticate_client(step: OauthTokenStep, world: World, form: Form) -> str:
    """Authenticate the client by HTTP Basic or the form (RFC 6749, 2.3.1); return its id."""
    scheme, _, credentials = world.exchange.request.headers.get("authorization", "").partition(" ")
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if scheme.lower() == "basic":
        if secret is not None:
            message = "the client must authenticate by HTTP Basic or by the form, not by both"
            raise Refusal("invalid_request", message)
        basic_id, secret = _decode_basic(credentials.strip())
        if basic_id and client_id not in {None, basic_id}:
            raise Refusal("invalid_request", "client_id is not that of the Authorization header")
        client_id = basic_id
    elif client_id is None:
        raise Refusal("invalid_request", "client_id is required")
    client: Record | None = world.records(step.clients).get(client_id)
    if client is None or (client.get("secret") or None) != secret:
        challenge = (("WWW-Authenticate", f'Basic realm="{world.api.name}"'),)
        message = "client_id and client_secret are not those of a known client"
        raise Refusal("invalid_client", message, headers=challenge)
    return client_id


def _decode_basic(text: str) -> tuple[str, str | None]:
    """Return the id and secret of HTTP Basic credentials; the id is empty if there is none.

    Both are encoded as in a form (RFC 6749, 2.3.1), and an empty secret is none.
    """
    try:
        name, colon, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:  # no base64, no ASCII, or no UTF-8
        return "", None
    return (unquote_plus(name), unquote_plus(secret) or None) if colon else ("", None)


def _refuse_grant(message: str) -> NoReturn:
    """Refuse with `invalid_grant`."""
    raise Refusal("invalid_grant", message)


def _use_code(step: OauthTokenStep, world: World, client_id: str, form: Form) -> None:
    """Exchange a code for tokens, and mark it as used."""
    if not form.get("code"):
        raise Refusal("invalid_request", "code is required")
    code = world.records(CODES).get(form["code"])
    if code is None or code["client_id"] != client_id:
        _refuse_grant("the code is not known")
    if code["family"] is not None:
        revoke_family(step.tokens, world, code["family"])
        world.answer_error("invalid_grant", "the code was used before; its tokens are revoked")
        return
    if world.now >= code["expires_at"]:
        _refuse_grant("the code has expired")
    _check_redirect_uri(code["redirect_uri"], form.get("redirect_uri"))
    _check_verifier(code["challenge"], form.get("code_verifier"))
    family = world.uuid()
    codes = world.records(CODES)
    world.replace(codes, str(code["id"]), {**code, "family": family})
    _issue_tokens(step, world, code, family, code["scope"])


def _check_redirect_uri(expected: str | None, given: str | None) -> None:
    """Refuse another redirect URI than that of the authorization request (RFC 6749, 4.1.3)."""
    if expected is not None and given is None:
        raise Refusal("invalid_request", "redirect_uri is required")
    if expected is not None and given != expected:
        _refuse_grant("redirect_uri is not that of the authorization request")


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    """Refuse a verifier that does not match the challenge (RFC 7636, 4.6), unless both lack."""
    if verifier is not None and PKCE_TEXT.fullmatch(verifier) is None:
        message = "code_verifier must have 43 to 128 letters, digits, dashes, dots, _ or ~"
        raise Refusal("invalid_request", message)
    found = None
    if verifier is not None:
        digest = hashlib.sha256(verifier.encode()).digest()
        found = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if found != (challenge or None):
        _refuse_grant("code_verifier does not match the code_challenge")


def _use_refresh_token(step: OauthTokenStep, world: World, client_id: str, form: Form) -> None:
    """Exchange a refresh token for an access token, and for a new refresh token if it rotates."""
    if not form.get("refresh_token"):
        raise Refusal("invalid_request", "refresh_token is required")
    token = world.records(REFRESH_TOKENS).get(form["refresh_token"])
    if token is None or token["client_id"] != client_id:
        _refuse_grant("the refresh token is not known")
    if token["used"]:
        revoke_family(step.tokens, world, token["family"])
        world.answer_error(
            "invalid_grant", "the refresh token was used before; all tokens of its code are revoked"
        )
        return
    if token["expires_at"] is not None and world.now >= token["expires_at"]:
        _refuse_grant("the refresh token has expired")
    scope = form.get("scope") or token["scope"]
    if not set(scope.split()) <= set(token["scope"].split()):
        raise Refusal("invalid_scope", "a refreshed token cannot have more scopes")
    if step.rotate(world.scope):
        records = world.records(REFRESH_TOKENS)
        world.replace(records, str(token["id"]), {**token, "used": True})
        _issue_tokens(step, world, token, token["family"], scope)
    else:
        _issue_tokens(step, world, token, token["family"], scope, kept=token["id"])


def _issue_tokens(
    step: OauthTokenStep,
    world: World,
    grant: Record,
    family: str,
    scope: str,
    kept: str | None = None,
) -> None:
    """Store an access token and answer with it; issue a refresh token unless one is kept."""
    lifetime = step.access_lifetime(world.scope)
    access, refresh = world.token(43), kept or world.token(43)
    owner = {"user_id": grant["user_id"], "client_id": grant["client_id"], "family": family}
    world.insert(
        world.records(step.tokens),
        {
            "token": access,
            **owner,
            "scopes": scope.split(),
            "created_at": world.now,
            "expires_at": world.now + lifetime,
            "last_used_at": None,
        },
    )
    if kept is None:
        expires_in = None if step.refresh_lifetime is None else step.refresh_lifetime(world.scope)
        expires_at = None if expires_in is None else world.now + expires_in
        record = {"id": refresh, **owner, "scope": grant["scope"], "used": False}
        world.insert(world.records(REFRESH_TOKENS), {**record, "expires_at": expires_at})
    world.note(step, "tokens issued", grant["user_id"], scope)
    body = {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": whole_seconds(lifetime),
        "refresh_token": refresh,
        "scope": scope,
    }
    world.answer(200, NO_STORE, body)


VERB = Verb(
    name="oauth_token",
    fields=OauthTokenFields,
    run=run_token,
    compile=compile_token,
    details=("user", "scope"),
)
