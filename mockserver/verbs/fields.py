"""Define the types of fields of verbs, their roles, and the pydantic models that verbs share.

The modules of verbs write their models with these types, most of them on the base `StrictFields`,
which refuses unknown keys. An annotated type gives a field a role, by which `step_compiler.py`
compiles its value, and sometimes the kinds of value that it accepts; a field without a role is a
constant. `step_compiler.py` also reads `when` and `otherwise` with `StepFields`, and
`openapi/x_mock.py` uses the types for other parts of `x-mock`. The models validate values of a
document when it is loaded; they never evaluate an expression.
"""

from enum import Enum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mockserver.base.http import SERVER_FIELDS, is_field_name
from mockserver.language.kinds import INSTANT, LIST, NULL, NUMBER


class Role(Enum):
    """How the value of a field is compiled; a field without a role is a constant."""

    VALUE = "any JSON value, whose texts may contain expressions"
    MEMBERS = "a map whose values may contain expressions"
    SPAN = "an ISO 8601 duration, or an expression that returns microseconds"
    EXPRESSION = "a text that is one expression"
    COLLECTION = "the name of a collection that must be declared"
    BINDING = "the name by which later steps use the map that the verb returns"
    VALUE_BINDING = "the name by which later steps use any value that the verb returns"
    STEPS = "a list of inner steps"


Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
ErrorKind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Pointer = Annotated[str, Field(pattern=r"^(/[^/]*)*$", max_length=300)]
Value = Annotated[Any, Role.VALUE]
"""Any JSON value; its texts may contain `{{ … }}` at any depth."""
Count = Annotated[Any, Role.VALUE, NUMBER | NULL]
"""A number; in a document, it may be an expression."""
Moment = Annotated[Any, Role.VALUE, INSTANT | NUMBER | NULL]
"""An instant; in a document, an expression."""
Items = Annotated[str, Role.EXPRESSION, LIST | NULL]
"""An expression that is a list."""
Members = Annotated[dict[str, Any], Role.MEMBERS]
"""A map; the texts in its values may contain `{{ … }}`."""


def _check_header(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, dict | list) for item in items):
        raise ValueError("a header can be neither a map nor a nested list")
    return value


HeaderValue = Annotated[Any, Role.VALUE, AfterValidator(_check_header)]
"""The value of a header; a list is several lines, and null is none."""
Headers = Annotated[dict[str, HeaderValue], Role.MEMBERS]
"""Headers by name; the texts in their values may contain `{{ … }}`."""
Span = Annotated[Any, Role.SPAN]
"""An ISO 8601 duration, or an expression; the run function gets microseconds."""
Expression = Annotated[str, Role.EXPRESSION]
"""A text that is one `{{ … }}` and nothing else."""
OptionalExpression = Annotated[str | None, Role.EXPRESSION]
CollectionName = Annotated[Name, Role.COLLECTION]
Binding = Annotated[Name | None, Role.BINDING]
"""The name for the map that the verb returns."""
ValueBinding = Annotated[Name, Role.VALUE_BINDING]
"""The name for any value that the verb returns."""
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
    """A map in which an unknown key is an error."""

    # pydantic builds a model on first use, because most documents use few of them.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=True, defer_build=True
    )


class OtherwiseFields(StrictFields):
    """How a step refuses: the error kind, the message for the client, and the field at fault."""

    error: ErrorKind
    message: Value = None
    field: Pointer | None = Field(None, description="JSON Pointer to the invalid field of the body")


class StepFields(StrictFields):
    """The keys that every step can have in addition to its verb."""

    when: OptionalExpression = None
    otherwise: ErrorKind | OtherwiseFields | None = None
