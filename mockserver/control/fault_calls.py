"""Declare and answer the calls about faults: failures that are injected on purpose.

`control_app.py` adds its `CALLS`: list, add, show and remove faults. A definition is checked
against the served APIs (`engine/faults.py`); what is invalid is a 422 with its problems, a full
sandbox a 503, an unknown id a 404. A new fault comes after the others, and the list has those
without hits left, too. Nothing is injected here: the engine does that, from the next request on.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.errors import FaultError, SandboxFullError
from mockserver.control.declarations import (
    Body,
    Call,
    ControlRequest,
    Created,
    PageQuery,
    SandboxQuery,
    raise_not_found,
)
from mockserver.control.known_names import PATH_MEANING, plain_path
from mockserver.control.problem_responses import ControlError
from mockserver.engine.faults import Installed, check_fault
from mockserver.model.api import Api
from mockserver.model.fault import Fault, FaultDefinition

TAG = "Faults"


class FaultBody(Body):
    """Definition of a fault: which requests it hits, how often, and its effect.

    Without a filter it hits every request.
    """

    api: str | None = Field(None, description="Name of an API.")
    operation: str | None = Field(None, description="Id of an operation.")
    method: str | None = Field(None, description="Method of the request.")
    path: str | None = Field(None, description=f"Path of the request. {PATH_MEANING}")
    times: int | None = Field(
        None, description="Largest number of hits; without it there is no limit."
    )
    probability: float = Field(1.0, description="Share of the requests that are hit, 0 to 1.")
    after: int = Field(0, description="Number of requests that pass before the first hit.")
    error: str | None = Field(None, description="Error kind, answered as the API answers it.")
    retry_after: int | None = Field(None, description="Seconds for the header Retry-After.")
    status: int | None = Field(None, description="Status, answered as the document describes it.")
    example: str | None = Field(None, description="Name of a documented example.")
    delay: str | None = Field(None, description="ISO 8601 duration, 60 seconds at most.")
    truncate: int | None = Field(
        None, description="Bytes of the body that are sent before the connection is closed."
    )
    disconnect: str | None = Field(
        None,
        description="Close without an answer, `before` or `after` the request takes effect.",
    )


class FaultView(TypedDict):
    """A fault of a sandbox, with its number of hits."""

    id: str
    definition: dict[str, Any]
    """Only what was given."""
    hits: int
    remaining: int | None
    """Number of hits left; null if there is no limit."""


class FaultList(TypedDict):
    """Faults of a sandbox, in the order in which they are applied."""

    total: int
    faults: list[FaultView]


def _to_fault(given: FaultBody, apis: Mapping[str, Api], sandbox: str) -> Fault:
    """Check a definition against the APIs; `sandbox` is the name of its sandbox.

    Raises:
        FaultError: With all that is invalid.
    """
    parts = given.model_dump()
    if given.method is not None:
        parts["method"] = given.method.upper()
    if given.path is not None:
        try:
            parts["path"] = plain_path(given.path, sandbox)
        except ValueError as error:
            raise FaultError([str(error)]) from None
    return check_fault(FaultDefinition(**parts), apis)


def _fault_view(installed: Installed) -> FaultView:
    """Return a fault as JSON."""
    definition = FaultBody.model_validate(installed.fault.definition, from_attributes=True)
    return {
        "id": installed.id,
        "definition": definition.model_dump(exclude_defaults=True),
        "hits": installed.hits,
        "remaining": installed.remaining,
    }


def add_fault(request: ControlRequest[SandboxQuery, FaultBody]) -> Created:
    """Add a fault after the others; the first that hits a request is applied."""
    sandbox = request.sandbox()
    try:
        fault = _to_fault(request.body, request.engine.apis, sandbox.name)
        return Created(_fault_view(sandbox.faults.add(request.writes, fault)))
    except FaultError as error:
        errors = [{"where": "body", "pointer": "", "message": text} for text in error.problems]
        raise ControlError(422, str(error), errors) from None
    except SandboxFullError as error:
        raise ControlError(503, str(error)) from None


def list_faults(request: ControlRequest[PageQuery, None]) -> FaultList:
    """List the faults, also those without hits left."""
    faults = [_fault_view(installed) for installed in request.sandbox().faults]
    return {"total": len(faults), "faults": request.query.page(faults)}


def delete_faults(request: ControlRequest[SandboxQuery, None]) -> None:
    """Remove all faults."""
    request.sandbox().faults.clear(request.writes)


def show_fault(request: ControlRequest[SandboxQuery, None]) -> FaultView:
    """Return a fault."""
    return _fault_view(_find_fault(request))


def delete_fault(request: ControlRequest[SandboxQuery, None]) -> None:
    """Remove a fault."""
    request.sandbox().faults.remove(request.writes, _find_fault(request).id)


def _find_fault(request: ControlRequest[SandboxQuery, None]) -> Installed:
    wanted, faults = request.path["id"], request.sandbox().faults
    found = faults.get(wanted)
    if found is None:
        known = {installed.id: None for installed in faults}
        raise_not_found(f"there is no fault {wanted[:100]!r} in this sandbox", wanted, known)
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
        PageQuery,
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
        result=FaultView,
        result_example=_EXAMPLE,
        statuses=(201,),
        problems=(503,),
        changes="faults",
    ),
    Call(
        "DELETE",
        "/faults",
        "deleteFaults",
        TAG,
        "Remove all faults",
        delete_faults,
        statuses=(204,),
        changes="faults",
    ),
    Call(
        "GET",
        "/faults/{id}",
        "getFault",
        TAG,
        "Return a fault",
        show_fault,
        result=FaultView,
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
        changes="faults",
    ),
)
