"""Calls about faults."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.errors import FaultError, SandboxFullError
from mockserver.control.declarations import Ask, Body, Call, Created, InSandbox, Paged, missing
from mockserver.control.problem_responses import ControlError
from mockserver.engine.faults import Installed, check_fault
from mockserver.model.api import Api
from mockserver.model.fault import Fault, FaultDefinition

TAG = "Faults"


class FaultBody(Body):
    """What a fault hits (everything that is not narrowed), how often, and what happens then."""

    api: str | None = Field(None, description="Name of an API.")
    operation: str | None = Field(None, description="Id of an operation.")
    method: str | None = Field(None, description="Method of the request.")
    path: str | None = Field(None, description="Of the request; `*` stands for any characters.")
    times: int | None = Field(None, description="Hits at most; else always.")
    probability: float = Field(1.0, description="Share of the requests that are hit, 0 to 1.")
    after: int = Field(0, description="Requests that are let through first.")
    error: str | None = Field(None, description="Error kind, answered as the API words it.")
    retry_after: int | None = Field(None, description="Seconds, for Retry-After.")
    status: int | None = Field(None, description="Answered as the document describes it.")
    example: str | None = Field(None, description="Name of a documented example.")
    delay: str | None = Field(None, description="ISO 8601 duration, 60 seconds at most.")
    truncate: int | None = Field(None, description="Bytes of the body before the connection ends.")
    disconnect: str | None = Field(
        None, description="`before` or `after` the request takes effect; no answer is sent."
    )


class ShownFault(TypedDict):
    """A fault of a sandbox, and what became of it."""

    id: str
    definition: dict[str, Any]
    """Without what was left out."""
    hits: int
    remaining: int | None
    """Hits that are left; null if there is no end of them."""


class FaultList(TypedDict):
    """Faults of a sandbox, in the order in which they are tried."""

    total: int
    faults: list[ShownFault]


def to_fault(given: FaultBody, apis: Mapping[str, Api]) -> Fault:
    """Check a definition against what is served.

    Raises:
        FaultError: With everything that is wrong.
    """
    parts = given.model_dump()
    if given.method is not None:
        parts["method"] = given.method.upper()
    return check_fault(FaultDefinition(**parts), apis)


def view(installed: Installed) -> ShownFault:
    """Describe a fault."""
    definition = FaultBody.model_validate(installed.fault.definition, from_attributes=True)
    return {
        "id": installed.id,
        "definition": definition.model_dump(exclude_defaults=True),
        "hits": installed.hits,
        "remaining": installed.remaining,
    }


def add_fault(ask: Ask[InSandbox, FaultBody]) -> Created:
    """Add a fault behind the others; the first that hits a request is carried out."""
    faults = ask.sandbox().faults
    try:
        return Created(view(faults.add(to_fault(ask.body, ask.engine.apis))))
    except FaultError as error:
        told = [{"where": "body", "pointer": "", "message": problem} for problem in error.problems]
        raise ControlError(422, str(error), told) from None
    except SandboxFullError as error:
        raise ControlError(503, str(error)) from None


def list_faults(ask: Ask[Paged, None]) -> FaultList:
    """List the faults, those too that can hit no more."""
    faults = [view(installed) for installed in ask.sandbox().faults]
    return {"total": len(faults), "faults": ask.query.page(faults)}


def delete_faults(ask: Ask[InSandbox, None]) -> None:
    """Remove all faults."""
    ask.sandbox().faults.clear()


def show_fault(ask: Ask[InSandbox, None]) -> ShownFault:
    """Return a fault."""
    return view(_installed(ask))


def delete_fault(ask: Ask[InSandbox, None]) -> None:
    """Remove a fault."""
    ask.sandbox().faults.remove(_installed(ask).id)


def _installed(ask: Ask[InSandbox, None]) -> Installed:
    wanted, faults = ask.path["id"], ask.sandbox().faults
    found = faults.get(wanted)
    if found is None:
        known = {installed.id: None for installed in faults}
        missing(f"there is no fault {wanted[:100]!r} in this sandbox", wanted, known)
    return found


_DEFINITION = {"api": "partoo", "error": "rate_limited", "retry_after": 5, "times": 2}
_EXAMPLE = {"id": "f1", "definition": _DEFINITION, "hits": 0, "remaining": 2}
CALLS = (
    Call(
        "GET",
        "/faults",
        "listFaults",
        TAG,
        "List faults",
        list_faults,
        Paged,
        result=FaultList,
        result_example={"total": 1, "faults": [_EXAMPLE]},
    ),
    Call(
        "POST",
        "/faults",
        "addFault",
        TAG,
        "Add a fault",
        add_fault,
        body=FaultBody,
        body_example=_DEFINITION,
        result=ShownFault,
        result_example=_EXAMPLE,
        statuses=(201,),
        problems=(503,),
        tells="faults",
    ),
    Call(
        "DELETE",
        "/faults",
        "deleteFaults",
        TAG,
        "Remove all faults",
        delete_faults,
        statuses=(204,),
        tells="faults",
    ),
    Call(
        "GET",
        "/faults/{id}",
        "getFault",
        TAG,
        "Return a fault",
        show_fault,
        result=ShownFault,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
    Call(
        "DELETE",
        "/faults/{id}",
        "deleteFault",
        TAG,
        "Remove a fault",
        delete_fault,
        statuses=(204,),
        problems=(404,),
        tells="faults",
    ),
)
