"""The verbs of an operation's steps, compiled."""

from dataclasses import dataclass

from mockserver.errors import Source
from mockserver.exchange import Template


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The refusal of a step that does not hold."""

    kind: str
    message: Template | None = None
    field: str | None = None
    """JSON Pointer of the body field at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stateful behaviour of an operation."""

    source: Source
    when: Template | None = None
    otherwise: Otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Require(Step):
    """Refuses unless an expression holds."""

    that: Template
    shown: str
    """The expression as it is written, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Let(Step):
    """Binds computed values."""

    bindings: tuple[tuple[str, Template], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Find(Step):
    """Binds the first record whose fields have the wanted values."""

    collection: str
    where: tuple[tuple[str, Template], ...]
    matching: Template | None
    bind: str
    optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecords(Step):
    """Binds a page of the records that match."""

    collection: str
    where: tuple[tuple[str, Template], ...]
    matching: Template | None
    sort: Template | None
    """Field names, each with a `-` before it for descending order."""
    offset: Template | None
    limit: Template | None
    select: Template | None
    bind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Step):
    """Stores a new record."""

    collection: str
    record: Template
    bind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Step):
    """Replaces fields of the records that match."""

    collection: str
    where: tuple[tuple[str, Template], ...]
    fields: Template
    bind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Step):
    """Removes the records that match."""

    collection: str
    where: tuple[tuple[str, Template], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Take(Step):
    """Takes from a quota."""

    quota: str
    subject: Template
    limit: Template
    period: Template | None
    calendar: str | None
    anchor: Template | None
    amount: Template | None
    bind: str | None
    optional: bool
    """Take only if enough is left, and go on either way; `allowed` tells which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooldown(Step):
    """Refuses a subject that was seen within a period."""

    name: str
    subject: Template
    period: Template
    bypass: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Step):
    """Puts a simulated message in the outbox."""

    fields: Template
    """Makes a map of channel, to, from, subject, text, link, at, outcome, data and the two
    durations `sent_after` and `delivered_after`; null is what the document leaves out."""
    link_at: str | None
    bind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Each(Step):
    """Runs steps for every item of a list."""

    of: Template
    bind: str
    steps: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond(Step):
    """Says what to answer, and ends the steps."""

    status: Template | None
    headers: tuple[tuple[str, Template], ...]
    body: Template | None
    example: str | None
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthAuthorize(Step):
    """The authorization endpoint: a consent page, or a redirect with a code."""

    clients: str
    users: str
    scopes: tuple[str, ...]
    default_scope: str
    consent: Template
    code_lifetime: Template
    pkce_required: bool
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthToken(Step):
    """The token endpoint: codes and refresh tokens become access tokens."""

    clients: str
    tokens: str
    access_lifetime: Template
    refresh_lifetime: Template | None
    rotate: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthRevoke(Step):
    """Revokes one token of a user, or all of them."""

    tokens: str
    token: Template | None
    user: Template
    bind: str
