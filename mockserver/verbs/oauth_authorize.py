"""`oauth_authorize`: answer as the authorization endpoint of OAuth 2.0 (RFC 6749, section 3.1).

`step_compiler.py` calls `compile_authorize`, which writes the call of `run_authorize`, which runs
for every request. The first record of `users` decides. The decision is a query parameter that the
links of the consent page add, or the field `consent`; without one, the answer is that page. Then it
redirects with a stored code (bound to a PKCE challenge if one was sent) or an error. It refuses,
and never redirects, if client or redirect URI is not registered. It never issues a token.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import Field

from mockserver.base.hosts import is_loopback
from mockserver.base.html import HEADERS
from mockserver.language.programs import Block
from mockserver.model.refusal import Refusal
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.consent_page import DECISION, consent_page
from mockserver.verbs.fields import Name, Span, StrictFields, Value
from mockserver.verbs.oauth_records import CODES, NO_STORE
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class OauthAuthorizeFields(StrictFields):
    """The authorization endpoint (RFC 6749, section 3.1) with PKCE (RFC 7636)."""

    clients: Name = Field(description="registered clients: id, secret, name, redirect_uris")
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
    client = world.records(step.clients).get(query["client_id"])
    if client is None:
        raise Refusal("invalid_request", "client_id is not the id of a known client")
    redirect_uri = str(query["redirect_uri"])
    if not _is_registered(redirect_uri, client["redirect_uris"]):
        raise Refusal("invalid_request", "redirect_uri is not registered for this client")
    scopes = (query.get("scope") or step.default_scope).split()
    error = _request_error(step, query, scopes)
    if error is not None:
        _redirect(world, redirect_uri, {"error": error[0], "error_description": error[1]})
        return
    parameters = parse_qsl(world.exchange.request.query, keep_blank_values=True)
    decision = dict(parameters).get(DECISION) or step.consent(world.scope)
    user = next(iter(world.records(step.users)))
    if decision == "approve":
        _issue_code(step, world, user, scopes)
    elif decision == "deny":
        denied = {"error": "access_denied", "error_description": "The user denied the request"}
        _redirect(world, redirect_uri, denied)
    else:
        client_name = str(client.get("name", client["id"]))
        user_name = str(user.get("name", user["id"]))
        page = consent_page(step.title, client_name, user_name, scopes, parameters)
        world.answer(200, HEADERS, page, "text/html", because="the user must consent")


def _request_error(
    step: OauthAuthorizeStep, query: Record, scopes: list[str]
) -> tuple[str, str] | None:
    """Return the error to send by redirect (RFC 6749, section 4.1.2.1), or None."""
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
    """Return True if a redirect URI is registered; loopback ports may differ (RFC 8252, 7.3)."""
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


def _issue_code(step: OauthAuthorizeStep, world: World, user: Record, scopes: list[str]) -> None:
    """Store a code, and redirect to the client with it."""
    query = world.scope["query"]
    code = world.token(43)
    record = {
        "id": code,
        "client_id": query["client_id"],
        "redirect_uri": query["redirect_uri"],
        "scope": " ".join(scopes),
        "challenge": query.get("code_challenge"),
        "user_id": user["id"],
        "expires_at": world.now + step.code_lifetime(world.scope),
        "family": None,
    }
    world.insert(world.records(CODES), record)
    world.note(step, "code issued", query["client_id"], user["id"])
    _redirect(world, str(query["redirect_uri"]), {"code": code})


def _redirect(world: World, uri: str, parameters: dict[str, str]) -> None:
    """Redirect with the parameters and the `state` of the request."""
    state = world.scope["query"].get("state")
    if state is not None:
        parameters["state"] = state
    parts = urlsplit(uri)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    location = urlunsplit(parts._replace(query=query))
    world.answer(302, [("Location", location), *NO_STORE], None, because="OAuth redirects")


VERB = Verb(
    name="oauth_authorize",
    fields=OauthAuthorizeFields,
    run=run_authorize,
    compile=compile_authorize,
    details=("client", "user"),
)
