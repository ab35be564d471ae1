"""The verbs of an operation's steps: what is known of each before any request."""

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any, cast

from mockserver.base.places import Source
from mockserver.model.scope import Scope, Template


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The refusal of a step that does not hold."""

    kind: str
    message: Template | None = None
    field: str | None = None
    """JSON Pointer of the body field at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stateful behaviour of an operation; its expressions are in the operation's program."""

    source: Source
    otherwise: Otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireStep(Step):
    """Refuses unless an expression holds."""

    shown: str
    """The expression as it is written, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetStep(Step):
    """Binds computed values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindStep(Step):
    """Binds the first record whose fields have the wanted values."""

    collection: str
    matching: Template | None
    optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecordsStep(Step):
    """Binds a page of the records that match."""

    collection: str
    matching: Template | None
    select: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStep(Step):
    """Stores a new record."""

    collection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStep(Step):
    """Replaces fields of the records that match, or the whole of them."""

    collection: str
    fields: Template
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteStep(Step):
    """Removes the records that match."""

    collection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeStep(Step):
    """Takes from a quota."""

    quota: str
    subject: Template
    limit: Template
    period: Template
    anchor: Template
    calendar: str | None
    is_bound: bool
    """Whether the document has a name for the outcome."""
    optional: bool
    """Take only if enough is left, and go on either way; `allowed` tells which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CooldownStep(Step):
    """Refuses a subject that was seen within a period."""

    name: str
    period: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStep(Step):
    """Puts a simulated message in the outbox."""

    link_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EachStep(Step):
    """Runs steps for every item of a list."""

    steps: int
    """How many steps an item takes, at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondStep(Step):
    """Says what to answer, and ends the steps."""

    example: str | None
    content_type: str
    """Empty: one that the document has, as the client takes it."""
    conform: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthAuthorizeStep(Step):
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
class OauthTokenStep(Step):
    """The token endpoint: codes and refresh tokens become access tokens."""

    clients: str
    tokens: str
    access_lifetime: Template
    refresh_lifetime: Template | None
    rotate: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthRevokeStep(Step):
    """Revokes one token of a user, or all of them."""

    tokens: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPageStep(Step):
    """Shows the page on which a review can be left, or thanks for it."""


@dataclass(frozen=True, slots=True)
class Program:
    """The steps of an operation as one function of the run and its scope."""

    function: Callable[[Any, Scope], None]
    steps: tuple[Step, ...]
    """In the order of their lines; those that `each` repeats come after it."""

    def step_of(self, error: BaseException) -> Step | None:
        """Return the step in which an exception was raised, or None if it was elsewhere."""
        code = cast(FunctionType, self.function).__code__
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code is code:
                return self.steps[trace.tb_lineno - 1]
            trace = trace.tb_next
        return None
