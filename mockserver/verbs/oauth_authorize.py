"""`oauth_authorize`: answer as the authorization endpoint of OAuth 2.0 (RFC 6749, section 3.1).

`step_compiler.py` calls `compile_authorize`; the call that it writes runs `run_authorize` for every
request, and ends the steps. It refuses, and never redirects, if client or redirect URI is missing,
repeated or not registered; every other error is redirected. The user is the first record of
`users`. The decision is the query parameter that links of the consent page add, else the field
`consent`: `approve` stores a code, bound to a PKCE challenge if one was sent, and redirects with
it; `deny` redirects with `access_denied`; else the answer is the page. It never issues a token. It
raises `ExpressionError` if there is no user, or the user has no `id`.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.base.html import HEADERS
from mockserver.base.json import key_text
from mockserver.language.programs import Block
from mockserver.model.refusal import Refusal
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.consent_page import DECISION, consent_page
from mockserver.verbs.fields import Name, Span, StrictFields, Value
from mockserver.verbs.oauth_records import (
    CODES,
    NO_STORE,
    PKCE_TEXT,
    error_description,
    repeated_name,
)
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World

_PARAMETERS = ("response_type", "state", "scope", "code_challenge", "code_challenge_method")
_LOOPBACK = re.compile(
    r"(?P<host>https?://(?:127\.0\.0\.1|\[::1\]|localhost))(?::(?P<port>[0-9]{1,5}))?(?=[/?#]|$)"
)
_LAST_PORT = 65_535


class OauthAuthorizeFields(StrictFields):
    """The authorization endpoint (RFC 6749, section 3.1) with PKCE (RFC 7636)."""

    clients: Name = Field(
        description="registered clients by client_id: secret, name, redirect_uris"
    )
    users: Name = Field(description="collection whose first record is the user that decides")
    scopes: list[str] = Field(description="scopes that a client can request")
    default_scope: str = Field(
        "", description="scopes of a request that names none, separated by spaces"
    )
    consent: Value = Field(
        "page", description="`page` for the consent page, or `approve` or `deny` without a page"
    )
    code_lifetime: Span = Field("PT10M", description="duration; default: PT10M")
    pkce: Literal["optional", "required"] = Field(
        "optional", description="`optional` or `required`; default: `optional`"
    )
    title: str = Field("Allow access?", description="heading of the consent page")


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthAuthorizeStep(Step):
    """An `oauth_authorize` step; answers with the consent page or a redirect."""

    clients: str
    users: str
    scopes: tuple[str, ...]
    default_scope: str
    consent: Template
    code_lifetime: Template
    pkce_required: bool
    title: str


def compile_authorize(fields: OauthAuthorizeFields, writer: StepCodeWriter) -> Block:
    """Write the call of `run_authorize`, and the end of the program."""
    context = writer.context
    lifetime = context.duration(fields.code_lifetime, writer.source_of("code_lifetime"))
    writer.set_step(
        OauthAuthorizeStep,
        clients=context.check_collection(fields.clients, writer.source_of("clients")),
        users=context.check_collection(fields.users, writer.source_of("users")),
        scopes=tuple(fields.scopes),
        default_scope=fields.default_scope,
        consent=context.template(fields.consent, writer.source_of("consent")),
        code_lifetime=lifetime or (lambda _scope: 0),
        pkce_required=fields.pkce == "required",
        title=fields.title,
    )
    return [*writer.write_scope(), *writer.write_call(None), *writer.write("return")]


def run_authorize(world: World, step: OauthAuthorizeStep) -> None:
    """Answer with the consent page, or redirect with a code or an error.

    Raises:
        Refusal: `invalid_request` if the client or its redirect URI is not registered.
    """
    query: Record = world.scope["query"]
    parameters = parse_qsl(world.exchange.request.query, keep_blank_values=True)
    client, redirect_uri = _registered_client(step, world, parameters)
    scopes = (query.get("scope") or step.default_scope).split()
    error = _request_error(step, query, scopes, parameters)
    if error is not None:
        described = error_description(error[1])
        _redirect(world, redirect_uri, {"error": error[0], "error_description": described})
        return
    decision = dict(parameters).get(DECISION) or step.consent(world.scope)
    user = _first_user(step, world)
    if decision == "approve":
        _issue_code(step, world, user, scopes, redirect_uri)
    elif decision == "deny":
        denied = {"error": "access_denied", "error_description": "The user denied the request"}
        _redirect(world, redirect_uri, denied)
    else:
        client_name = str(client.get("name", query["client_id"]))
        user_name = str(user.get("name", user["id"]))
        page = consent_page(step.title, client_name, user_name, scopes, parameters)
        world.answer(200, HEADERS, page, "text/html", because="the user must consent")


def _first_user(step: OauthAuthorizeStep, world: World) -> Record:
    """Return the user that decides.

    Raises:
        ExpressionError: If there is none, or it has no id.
    """
    user: Record | None = next(iter(world.records(step.users)), None)
    if user is None:
        raise ExpressionError(f"{step.users} has no record; its first one is the user that decides")
    if user.get("id") is None:
        raise ExpressionError(f"a record of {step.users} needs an 'id'")
    return user


def _registered_client(
    step: OauthAuthorizeStep, world: World, parameters: list[tuple[str, str]]
) -> tuple[Record, str]:
    """Return the client and the URI to which its user is redirected.

    Raises:
        Refusal: If one of them is not registered; nobody can be redirected then.
    """
    query: Record = world.scope["query"]
    repeated = repeated_name(parameters, ("client_id", "redirect_uri"))
    if repeated is not None:
        raise Refusal("invalid_request", f"{repeated} is given more than once")
    if not query.get("client_id"):
        raise Refusal("invalid_request", "client_id is required")
    client: Record | None = world.records(step.clients).get(query["client_id"])
    if client is None:
        raise Refusal("invalid_request", "client_id is not the id of a known client")
    registered: list[str] = client.get("redirect_uris") or []
    uri = query.get("redirect_uri") or (registered[0] if len(registered) == 1 else None)
    if uri is None:
        raise Refusal("invalid_request", "redirect_uri is required")
    if not _is_registered(str(uri), registered):
        raise Refusal("invalid_request", "redirect_uri is not registered for this client")
    return client, str(uri)


def _request_error(
    step: OauthAuthorizeStep,
    query: Record,
    scopes: list[str],
    parameters: list[tuple[str, str]],
) -> tuple[str, str] | None:
    """Return the error to send by redirect (RFC 6749, section 4.1.2.1), or None."""
    repeated = repeated_name(parameters, _PARAMETERS)
    if repeated is not None:
        return "invalid_request", f"{repeated} is given more than once"
    if not query.get("response_type"):
        return "invalid_request", "response_type is required"
    if query["response_type"] != "code":
        return "unsupported_response_type", "response_type must be code"
    unknown = [scope for scope in scopes if scope not in step.scopes]
    if unknown:
        return "invalid_scope", f"there is no scope {unknown[0][:100]}"
    message = _challenge_error(step, query)
    return None if message is None else ("invalid_request", message)


def _challenge_error(step: OauthAuthorizeStep, query: Record) -> str | None:
    """Return what is wrong with the PKCE challenge (RFC 7636, section 4.3), or None."""
    challenge = query.get("code_challenge")
    if not challenge:
        return "code_challenge is required" if step.pkce_required else None
    if query.get("code_challenge_method") != "S256":
        return "code_challenge_method must be S256"
    if PKCE_TEXT.fullmatch(str(challenge)) is None:
        return "code_challenge must have 43 to 128 letters, digits, dashes, dots, _ or ~"
    return None


def _is_registered(uri: str, registered: list[str]) -> bool:
    """Return True if a redirect URI is registered; loopback ports may differ (RFC 8252, 7.3)."""
    if uri in registered:
        return True
    given = _without_port(uri)
    return given is not None and given in map(_without_port, registered)


def _without_port(uri: str) -> str | None:
    """Return a loopback URI without its port; None for other URIs, and for an invalid port."""
    found = _LOOPBACK.match(uri)
    if found is None or not 0 < int(found["port"] or 1) <= _LAST_PORT:
        return None
    return found["host"] + uri[found.end() :]


def _issue_code(
    step: OauthAuthorizeStep, world: World, user: Record, scopes: list[str], redirect_uri: str
) -> None:
    """Store a code, and redirect to the client with it."""
    query = world.scope["query"]
    code = world.token(43)
    record = {
        "id": code,
        "client_id": key_text(query["client_id"]),
        "redirect_uri": query.get("redirect_uri") or None,
        "scope": " ".join(scopes),
        "challenge": query.get("code_challenge"),
        "user_id": user["id"],
        "expires_at": world.now + step.code_lifetime(world.scope),
        "family": None,
    }
    world.insert(world.records(CODES), record)
    world.note(step, "code issued", query["client_id"], user["id"])
    _redirect(world, redirect_uri, {"code": code})


def _redirect(world: World, uri: str, parameters: dict[str, str]) -> None:
    """Redirect with the parameters and the `state` of the request; the URI is kept as it is."""
    state = world.scope["query"].get("state")
    if state:
        parameters["state"] = state
    address, hash_mark, fragment = uri.partition("#")
    separator = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    location = f"{address}{separator}{urlencode(parameters)}{hash_mark}{fragment}"
    world.answer(302, [("Location", location), *NO_STORE], None, because="OAuth redirects")


VERB = Verb(
    name="oauth_authorize",
    fields=OauthAuthorizeFields,
    run=run_authorize,
    compile=compile_authorize,
    details=("client", "user"),
)
