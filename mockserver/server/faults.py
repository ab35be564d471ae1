"""Faults as the control API reads and shows them."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from mockserver.engine.faults import Definition, Fault, Installed, check_fault
from mockserver.exchange import JsonValue
from mockserver.model import Api


class FaultDefinition(BaseModel):
    """What a fault hits (everything that is not narrowed), how often, and what happens then."""

    model_config = ConfigDict(extra="forbid", strict=True)

    api: str | None = None
    operation: str | None = Field(None, description="id of an operation")
    method: str | None = None
    path: str | None = Field(None, description="`*` stands for any characters")
    times: int | None = Field(None, description="hits at most; else always")
    probability: float = Field(1.0, description="share of the requests that are hit, 0 to 1")
    after: int = Field(0, description="requests that are let through first")
    error: str | None = Field(None, description="error kind, answered as the API words it")
    retry_after: int | None = Field(None, description="seconds, for Retry-After")
    status: int | None = Field(None, description="answered as the document describes it")
    example: str | None = Field(None, description="name of a documented example")
    delay: str | None = Field(None, description="ISO 8601 duration, 60 seconds at most")
    truncate: int | None = Field(None, description="bytes of the body before the connection ends")
    disconnect: str | None = Field(
        None, description="before or after the request takes effect; no answer is sent"
    )


def to_fault(given: FaultDefinition, apis: Mapping[str, Api]) -> Fault:
    """Check a definition against what is served.

    Raises:
        FaultError: With everything that is wrong.
    """
    parts = given.model_dump()
    if given.method is not None:
        parts["method"] = given.method.upper()
    return check_fault(Definition(**parts), apis)


def view(installed: Installed) -> dict[str, JsonValue]:
    """Describe a fault: its definition without what was left out, and what became of it."""
    definition = FaultDefinition.model_validate(installed.fault.definition, from_attributes=True)
    return {
        "id": installed.id,
        "definition": definition.model_dump(exclude_defaults=True),
        "hits": installed.hits,
        "remaining": installed.remaining,
    }
