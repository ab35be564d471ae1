"""Fields of verbs as pydantic models: the types that they share, and how each is compiled."""

from enum import Enum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mockserver.base.http import SERVER_FIELDS, is_field_name


class Role(Enum):
    """How the value of a field is compiled; a field without a role is a constant."""

    VALUE = "any JSON value, whose texts may hold expressions"
    MEMBERS = "a map whose values may hold expressions"
    SPAN = "an ISO 8601 duration, or an expression that gives microseconds"
    EXPRESSION = "a text that is one expression"
    COLLECTION = "the name of a collection that must be declared"
    BINDING = "the name under which later steps see the map that the verb returns"
    VALUE_BINDING = "the name under which later steps see any value that the verb returns"
    STEPS = "steps of its own"


Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
ErrorKind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Pointer = Annotated[str, Field(pattern=r"^(/[^/]*)*$", max_length=300)]
Value = Annotated[Any, Role.VALUE]
"""Any JSON value; its texts may hold `{{ … }}` at any depth."""
Members = Annotated[dict[str, Any], Role.MEMBERS]
Span = Annotated[Any, Role.SPAN]
Expression = Annotated[str, Role.EXPRESSION]
"""Text with one `{{ … }}`, or the name of a constant."""
OptionalExpression = Annotated[str | None, Role.EXPRESSION]
CollectionName = Annotated[Name, Role.COLLECTION]
Binding = Annotated[Name | None, Role.BINDING]
ValueBinding = Annotated[Name, Role.VALUE_BINDING]
Steps = Annotated[list[Any], Role.STEPS]


def _check_headers(headers: dict[str, Any]) -> dict[str, Any]:
    for name in headers:
        if not is_field_name(name):
            raise ValueError(f"{name!r} is not a valid header name")
        if name.lower() in SERVER_FIELDS:
            raise ValueError(f"the server writes the header {name!r} itself; remove it")
    return headers


CheckHeaders = AfterValidator(_check_headers)
"""Refuses names that are no header's, and headers that only the server can write."""


class StrictFields(BaseModel):
    """A mapping in which an unknown key is a mistake."""

    # Built when a document first has such a block: most documents have none.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=True, defer_build=True
    )


class OtherwiseFields(StrictFields):
    """A refusal: its error kind, and the message for the client."""

    error: ErrorKind
    message: Value = None
    field: Pointer | None = Field(None, description="JSON Pointer of the body field at fault")


class StepFields(StrictFields):
    """What every step may have beside its verb."""

    when: OptionalExpression = None
    otherwise: ErrorKind | OtherwiseFields | None = None
