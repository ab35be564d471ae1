"""Define the format of `x-mock` blocks as pydantic models, without steps: `verbs/` defines these.

`behaviour.py` validates blocks with `DocumentBehaviour` and `OperationBehaviour`, and reports and
drops what is invalid; `operations.py`, `policies.py` and `review_pages.py` compile the results.
Unknown fields are invalid. The class docstrings and descriptions also appear in docs/reference.md.
Documents without `x-mock` never import this module, because pydantic costs start time.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mockserver.verbs.fields import (
    CheckHeaders,
    ErrorKind,
    Expression,
    HeaderValue,
    Name,
    OtherwiseFields,
    Steps,
    StrictFields,
    Value,
)

_ApiName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
_Status = Annotated[int, Field(ge=200, le=599)]


class SettingFields(StrictFields):
    """A number or switch that every sandbox can change."""

    type: Literal["integer", "number", "boolean", "string", "duration"]
    default: Any = None
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    enum: list[str] | None = None


class CollectionFields(StrictFields):
    """A set of records: its key, and the fields that are unique or looked up often."""

    key: str = "id"
    schema_: Value = Field(
        None, alias="schema", description="what records look like; what it requires is sampled"
    )
    unique: list[str] = Field([])
    indexed: list[str] = Field([])
    description: str = ""


class RequirementFields(StrictFields):
    """A condition on the owner of a credential."""

    that: Expression
    otherwise: ErrorKind | OtherwiseFields = "unauthenticated"


class PrincipalsFields(StrictFields):
    """Where the owner of a credential is found."""

    in_: Name = Field(alias="in", description="collection")
    field: str | None = Field(None, description="field with the credential; else the key")
    require: list[RequirementFields] = Field([])
    scopes: str = Field("scopes", description="field with the granted scopes")
    label: str = Field("description", description="field that describes what the credential may do")
    expires: str | None = Field(
        "expires_at", description="field with the instant of expiry; null: credentials never expire"
    )
    challenge: Value = Field(
        default=True, description="if false, a 401 has no WWW-Authenticate for the scheme"
    )


class RateLimitFields(StrictFields):
    """How many requests a subject may make in a window of time."""

    name: Name
    limit: Value
    window: Value
    algorithm: Literal["fixed_window", "sliding_window", "token_bucket"] = "fixed_window"
    per: Value = Field(None, description="whose requests are counted together; else everybody's")
    headers: Literal["none", "x-ratelimit", "ietf"] = "none"
    otherwise: ErrorKind | OtherwiseFields = "rate_limited"


class ErrorFields(StrictFields):
    """What the API answers for an error kind."""

    status: _Status
    headers: Annotated[dict[str, HeaderValue], CheckHeaders] = Field({})
    body: Value = None
    content_type: str = "application/json"
    description: str = ""


class EffectFields(StrictFields):
    """What a test value makes happen."""

    description: str
    error: ErrorKind | OtherwiseFields | None = None
    retry_after: Value = Field(None, description="duration until the same request passes")
    delay: str | None = Field(None, description="ISO 8601 duration the answer is held back")
    set: dict[Name, Any] = Field({}, description="values that steps see as test.<name>")

    @model_validator(mode="after")
    def _refuses(self) -> "EffectFields":
        if self.retry_after is not None and self.error is None:
            raise ValueError("retry_after goes with error")
        return self


class TestValuesFields(StrictFields):
    """Magic inputs: where they are looked for, and what each makes happen."""

    __test__ = False

    at: Expression
    each: Expression | None = Field(
        None, description="a list, for each `item` of which `at` is looked at"
    )
    values: dict[str, EffectFields]


class Page(StrictFields):
    """A page that the link in an invitation opens, on which a review can be left."""

    path: str = Field(pattern=r"^(/[^/{}]+|/\{[A-Za-z_][A-Za-z0-9_]*\})+$", max_length=200)
    title: Value = Field(description="whom the review is about")
    steps: Steps = Field([], description="find what the page needs, or refuse")
    submit: Steps = Field(
        [], description="what a review does; sees body.rating (1 to 5), body.text and body.name"
    )


class OperationBehaviour(StrictFields):
    """The `x-mock` of an operation."""

    resource: Name | Literal[False] | None = None
    steps: Steps = Field([])
    limits: list[RateLimitFields] = Field([])
    errors: dict[ErrorKind, ErrorFields] = Field({})
    test_values: list[TestValuesFields] = Field([])


class DocumentBehaviour(StrictFields):
    """The `x-mock` of a document."""

    name: _ApiName | None = None
    resource: Literal[False] | None = None
    settings: dict[Name, SettingFields] = Field({})
    fixtures: list[str] = Field([])
    records: dict[Name, list[dict[str, Value]]] = Field({})
    collections: dict[Name, CollectionFields] = Field({})
    principals: dict[str, PrincipalsFields] = Field({})
    pages: list[Page] = Field([])
    limits: list[RateLimitFields] = Field([])
    errors: dict[ErrorKind, ErrorFields] = Field({})
    test_values: list[TestValuesFields] = Field([])
