"""What `x-mock` blocks may say, as pydantic models; their words stand in the reference, too."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
ApiName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Pointer = Annotated[str, Field(pattern=r"^(/[^/]*)*$", max_length=300)]
Status = Annotated[int, Field(ge=100, le=599)]
Expression = str
"""Text with one `{{ … }}`, or the name of a constant."""
Value = Any
"""Any JSON value; its texts may hold `{{ … }}` at any depth."""


class Strict(BaseModel):
    """A mapping in which an unknown key is a mistake."""

    # Built when a document first has such a block: most documents have none.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=True, defer_build=True
    )


class SettingFields(Strict):
    """A number or switch that every sandbox can change."""

    type: Literal["integer", "number", "boolean", "string", "duration"]
    default: Any = None
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    enum: list[str] | None = None


class CollectionFields(Strict):
    """A set of records: its key, and the fields that are unique or looked up often."""

    key: str = "id"
    schema_: Value = Field(
        None, alias="schema", description="what records look like; what it requires is sampled"
    )
    unique: list[str] = []
    indexed: list[str] = []
    description: str = ""


class OtherwiseFields(Strict):
    """A refusal: its error kind, and what to tell about it."""

    error: Kind
    message: Value = None
    field: Pointer | None = Field(None, description="JSON Pointer of the body field at fault")


class RequirementFields(Strict):
    """A condition on the owner of a credential."""

    that: Expression
    otherwise: Kind | OtherwiseFields = "unauthenticated"


class PrincipalsFields(Strict):
    """Where the owner of a credential is found."""

    in_: Name = Field(alias="in", description="collection")
    field: str | None = Field(None, description="field with the credential; else the key")
    require: list[RequirementFields] = []
    scopes: str = Field("scopes", description="field with the granted scopes")
    label: str = Field("description", description="field that tells what the credential may do")


class RateLimitFields(Strict):
    """How many requests a subject may make in a window of time."""

    name: Name
    limit: Value
    window: Value
    algorithm: Literal["fixed_window", "sliding_window", "token_bucket"] = "fixed_window"
    per: Value = Field(None, description="whose requests are counted together; else everybody's")
    headers: Literal["none", "x-ratelimit", "ietf"] = "none"
    otherwise: Kind | OtherwiseFields = "rate_limited"


class ErrorFields(Strict):
    """What the API answers for an error kind."""

    status: Status
    headers: dict[str, Value] = {}
    body: Value = None
    content_type: str = "application/json"
    description: str = ""


class EffectFields(Strict):
    """What a test value makes happen."""

    description: str
    error: Kind | OtherwiseFields | None = None
    retry_after: Value = Field(None, description="duration until the same request passes")
    delay: str | None = Field(None, description="ISO 8601 duration the answer is held back")
    set: dict[Name, Any] = Field({}, description="values that steps see as test.<name>")

    @model_validator(mode="after")
    def _refuses(self) -> "EffectFields":
        if self.retry_after is not None and self.error is None:
            raise ValueError("retry_after goes with error")
        return self


class TestValuesFields(Strict):
    """Magic inputs: where they are looked for, and what each makes happen."""

    __test__ = False

    at: Expression
    each: Expression | None = Field(
        None, description="a list, for each `item` of which `at` is looked at"
    )
    values: dict[str, EffectFields]


class RequireFields(Strict):
    """The long form of a requirement."""

    that: Expression


class FindFields(Strict):
    """Bind one record."""

    in_: Name = Field(alias="in", description="collection")
    where: dict[str, Value] = Field({}, description="field → value that it must have")
    matching: Expression | None = Field(None, description="must hold of `item`")
    as_: Name = Field(alias="as", description="name of the record in later steps")
    optional: bool = Field(default=False, description="bind null instead of refusing")


class ListRecordsFields(Strict):
    """Bind `items` (a page), `total`, `offset`, `limit`."""

    in_: Name = Field(alias="in", description="collection")
    where: dict[str, Value] = Field({}, description="field → value; null: it is not compared")
    matching: Expression | None = Field(None, description="must hold of `item`")
    sort: Value = Field(None, description="field names, `-` before one for descending")
    after: Value = Field(None, description="key of the record that the page begins behind")
    offset: Value = Field(None, description="records before the page; 0")
    limit: Value = Field(None, description="records on the page; else all")
    select: Value = Field(None, description="what to make of each `item`")
    as_: Name = Field(alias="as", description="name of the list in later steps")


class CreateFields(Strict):
    """Store a record."""

    in_: Name = Field(alias="in", description="collection")
    record: Value = Field(description="a map, with the key of the collection")
    as_: Name | None = Field(None, alias="as", description="name of the record in later steps")


class UpdateFields(Strict):
    """Replace fields of the records that match, or the whole of them."""

    in_: Name = Field(alias="in", description="collection")
    where: dict[str, Value] = Field(description="field → value that it must have")
    set: dict[str, Value] | None = Field(None, description="fields to replace; or:")
    record: Value = Field(None, description="what replaces all fields; the key stays")
    as_: Name | None = Field(None, alias="as", description="binds the last changed record")

    @model_validator(mode="after")
    def _one_change(self) -> "UpdateFields":
        if (self.set is None) == (self.record is None):
            raise ValueError("an update has either set or record")
        return self


class DeleteFields(Strict):
    """Remove the records that match."""

    in_: Name = Field(alias="in", description="collection")
    where: dict[str, Value] = Field(description="field → value that it must have")


class TakeFields(Strict):
    """Take from a quota; binds `allowed`, `left`, `used`, `limit`, `renews`."""

    quota: Name = Field(description="name")
    subject: Value = Field(description="whose quota it is")
    limit: Value = Field(description="how much there is between renewals")
    period: Value = Field(
        None, description="duration between renewals; without it or `calendar`, there are none"
    )
    calendar: Literal["day", "week", "month"] | None = Field(
        None, description="day, week or month: renewals with the calendar (UTC)"
    )
    anchor: Value = Field(None, description="instant that renewals are counted from")
    amount: Value = Field(1, description="how much is taken; 1")
    optional: bool = Field(
        default=False, description="go on when too little is left, taking nothing"
    )
    as_: Name | None = Field(None, alias="as", description="name of what it binds")

    @model_validator(mode="after")
    def _one_period(self) -> "TakeFields":
        if self.period is not None and self.calendar is not None:
            raise ValueError("period and calendar exclude each other")
        return self


class CooldownFields(Strict):
    """Refuse a subject seen within a period, else start one."""

    name: Name = Field(description="subjects are apart for each")
    subject: Value = Field(description="who or what must rest")
    period: Value = Field(description="duration of the rest")
    bypass: Expression | None = Field(None, description="when it holds, start anew regardless")


class SendFields(Strict):
    """Put a simulated message in the outbox."""

    channel: Value = Field(description="sms or email")
    to: Value = Field(description="phone number or address")
    from_: Value = Field(None, alias="from", description="whom it seems to come from")
    subject: Value = Field(None, description="of an e-mail")
    text: Value = Field(description="what it says")
    link: Value = Field(None, description="address in the message")
    link_at: str | None = Field(None, description="marker in the text that the link replaces")
    at: Value = Field(None, description="instant to send; else at once")
    sent_after: Value = Field(None, description="duration from `at` until it is sent")
    delivered_after: Value = Field(None, description="duration from `at` until it arrives or fails")
    outcome: Value = Field(None, description="delivered, failed or failed_send")
    data: Value = Field(None, description="anything to keep with it, shown in the outbox")
    as_: Name | None = Field(None, alias="as", description="name of the message in later steps")


class EachFields(Strict):
    """Run steps for every item of a list."""

    of: Expression = Field(description="a list")
    as_: Name = Field(alias="as", description="name of the item in the steps")
    steps: "list[StepFields]" = Field(description="run for each item; see `index` too")


class RespondFields(Strict):
    """Say what to answer, and end the steps."""

    status: Value = Field(None, description="else the documented success")
    headers: dict[str, Value] = Field({}, description="name → value")
    body: Value = Field(None, description="any JSON value; null: no body")
    conform: bool = Field(
        default=False,
        description="leave out what the answer's schema doesn't know, add what it requires",
    )
    example: str | None = Field(None, description="name of a documented example")
    content_type: str | None = Field(
        None, description="else the documented one that the client takes, or application/json"
    )


class OauthAuthorizeFields(Strict):
    """The authorization endpoint (RFC 6749, section 3.1) with PKCE (RFC 7636)."""

    clients: Name = Field(description="registered clients: id, secret, name, redirect_uris")
    users: Name = Field(description="collection whose first record is the user who is asked")
    scopes: list[str] = Field(description="scopes that can be asked for")
    default_scope: str = Field("", description="scopes where none are asked for")
    consent: Value = Field("page", description="page, approve or deny")
    code_lifetime: Value = Field("PT10M", description="duration; PT10M")
    pkce: Literal["optional", "required"] = Field("optional", description="optional or required")
    title: str = Field("Allow access?", description="heading of the consent page")


class OauthTokenFields(Strict):
    """The token endpoint: authorization_code and refresh_token (RFC 6749, sections 4.1.3 and 6)."""

    clients: Name = Field(description="collection, as of oauth_authorize")
    tokens: Name = Field(description="collection, with the key `token`, for access tokens")
    access_lifetime: Value = Field("PT1H", description="duration; PT1H")
    refresh_lifetime: Value = Field(None, description="duration; null: refresh tokens don't expire")
    rotate: Value = Field(default=True, description="each refresh token can be used once")


class OauthRevokeFields(Strict):
    """Token revocation (RFC 7009); binds how many were revoked."""

    tokens: Name = Field(description="collection, as of oauth_token")
    token: Value = Field(None, description="null: all tokens of the user")
    user: Value = Field(description="id of whom the tokens are")
    as_: Name = Field(alias="as", description="name of the count in later steps")


class StepFields(Strict):
    """One verb, with its condition and its refusal."""

    when: Expression | None = None
    otherwise: Kind | OtherwiseFields | None = None
    require: Expression | None = None
    let: dict[Name, Value] | None = None
    find: FindFields | None = None
    list_: ListRecordsFields | None = Field(None, alias="list")
    create: CreateFields | None = None
    update: UpdateFields | None = None
    delete: DeleteFields | None = None
    take: TakeFields | None = None
    cooldown: CooldownFields | None = None
    send: SendFields | None = None
    each: EachFields | None = None
    respond: RespondFields | None = None
    oauth_authorize: OauthAuthorizeFields | None = None
    oauth_token: OauthTokenFields | None = None
    oauth_revoke: OauthRevokeFields | None = None

    @property
    def verb(self) -> str:
        """The name of the one verb that is given, as documents write it."""
        return VERBS[next(name for name in VERBS if getattr(self, name) is not None)]

    @model_validator(mode="after")
    def _one_verb(self) -> "StepFields":
        given = [VERBS[name] for name in VERBS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"a step has exactly one verb of {', '.join(VERBS.values())}: {found}")
        return self


_NOT_VERBS = {"when", "otherwise"}
VERBS: dict[str, str] = {
    name: info.alias or name
    for name, info in StepFields.model_fields.items()
    if name not in _NOT_VERBS
}
"""Attribute of `Step` → the verb as documents write it."""


class Page(Strict):
    """A page that the link in an invitation opens, on which a review can be left."""

    path: str = Field(pattern=r"^(/[^/{}]+|/\{[A-Za-z_][A-Za-z0-9_]*\})+$", max_length=200)
    title: Value = Field(description="whom the review is about")
    steps: list[StepFields] = Field([], description="find what the page needs, or refuse")
    submit: list[StepFields] = Field(
        [], description="what a review does; sees body.rating (1 to 5), body.text and body.name"
    )


class OperationBehaviour(Strict):
    """The `x-mock` of an operation."""

    resource: Name | Literal[False] | None = None
    steps: list[StepFields] = []
    limits: list[RateLimitFields] = []
    errors: dict[Kind, ErrorFields] = {}
    test_values: list[TestValuesFields] = []


class DocumentBehaviour(Strict):
    """The `x-mock` of a document."""

    name: ApiName | None = None
    resource: Literal[False] | None = None
    settings: dict[Name, SettingFields] = {}
    fixtures: list[str] = []
    records: dict[Name, list[dict[str, Value]]] = {}
    collections: dict[Name, CollectionFields] = {}
    principals: dict[str, PrincipalsFields] = {}
    pages: list[Page] = []
    limits: list[RateLimitFields] = []
    errors: dict[Kind, ErrorFields] = {}
    test_values: list[TestValuesFields] = []
