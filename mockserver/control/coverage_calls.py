"""Declare and answer the call for contract coverage: which documented parts requests have used.

`control_app.py` adds its `CALLS`. The answer has shares in all and by API, and for each operation
how often its responses, examples and parameters were seen. Counts are those of one sandbox since it
was created or reset, or with `everywhere` of all sandboxes, including deleted ones; exchanges that
the journal has dropped are counted, too. `engine/coverage.py` adds up. An unknown API is a 404.
`mockserver coverage` reads the answer over HTTP.
"""

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.control.declarations import Call, ControlRequest, SandboxQuery, raise_not_found
from mockserver.engine.coverage import OperationCoverage, coverage, shares
from mockserver.model.api import Api

TAG = "Coverage"


class ShareView(TypedDict):
    """How many parts of one kind were seen."""

    seen: int
    documented: int
    share: float
    """From 0 to 1; 1 if nothing is documented."""


class Totals(TypedDict):
    """Shares by kind of part."""

    operations: ShareView
    responses: ShareView
    parameters: ShareView
    examples: ShareView


class ExampleSeen(TypedDict):
    """A documented example, and how many answers had it."""

    name: str
    media_type: str
    seen: int


class ResponseSeen(TypedDict):
    """A documented response, and how many answers had its status."""

    status: str
    """A status, a range such as `4XX`, or `default`."""
    seen: int
    examples: list[ExampleSeen]


class ParameterSeen(TypedDict):
    """A documented parameter, and how many requests had it."""

    where: str
    """path, query, header or cookie."""
    name: str
    seen: int


class UndocumentedSeen(TypedDict):
    """A status of answers that is not in the document."""

    status: int
    seen: int


class OperationSeen(TypedDict):
    """Coverage of an operation."""

    id: str
    method: str
    path: str
    requests: int
    failures: int
    """Requests answered 500 because the mock failed."""
    responses: list[ResponseSeen]
    parameters: list[ParameterSeen]
    undocumented: list[UndocumentedSeen]


class ApiSeen(TypedDict):
    """Coverage of an API."""

    name: str
    totals: Totals
    operations: list[OperationSeen]


class CoverageView(TypedDict):
    """Coverage since the sandbox was created or reset."""

    totals: Totals
    apis: list[ApiSeen]


class CoverageFilter(SandboxQuery):
    """Which coverage to return."""

    api: str | None = Field(None, description="Only this API.")
    everywhere: bool = Field(default=False, description="All sandboxes, also deleted ones.")


def show_coverage(request: ControlRequest[CoverageFilter, None]) -> CoverageView:
    """Return the coverage, also of exchanges that the journal no longer keeps."""
    apis, wanted = request.engine.apis, request.query.api
    if wanted is not None and wanted not in apis:
        raise_not_found(f"there is no API {wanted[:100]!r}", wanted, apis)
    journal = request.sandbox().history
    everywhere = request.query.everywhere
    seen = (
        request.engine.sandboxes.total_counts()
        if everywhere
        else (journal.answer_counts, journal.parameter_counts)
    )
    chosen = [api for name, api in apis.items() if wanted in (None, name)]
    covered = {api.name: coverage(api, *seen) for api in chosen}
    everything = [item for items in covered.values() for item in items]
    return {
        "totals": _totals(everything),
        "apis": [_api(api, covered[api.name]) for api in chosen],
    }


def _totals(covered: list[OperationCoverage]) -> Totals:
    found = {
        name: ShareView(seen=seen, documented=count, share=round(seen / count, 4) if count else 1.0)
        for name, (seen, count) in shares(covered).items()
    }
    return {
        "operations": found["operations"],
        "responses": found["responses"],
        "parameters": found["parameters"],
        "examples": found["examples"],
    }


def _api(api: Api, covered: list[OperationCoverage]) -> ApiSeen:
    operations = [_operation(item) for item in covered]
    return {"name": api.name, "totals": _totals(covered), "operations": operations}


def _operation(covered: OperationCoverage) -> OperationSeen:
    operation = covered.operation
    return {
        "id": operation.id,
        "method": operation.method,
        "path": operation.path,
        "requests": covered.requests,
        "failures": covered.failures,
        "responses": [
            {
                "status": response.status,
                "seen": response.seen,
                "examples": [
                    {"name": one.name, "media_type": one.media_type, "seen": one.seen}
                    for one in response.examples
                ],
            }
            for response in covered.responses
        ],
        "parameters": [
            {"where": one.where, "name": one.name, "seen": one.seen} for one in covered.parameters
        ],
        "undocumented": [
            {"status": status, "seen": seen} for status, seen in covered.undocumented.items()
        ],
    }


_ALL = {"seen": 1, "documented": 1, "share": 1.0}
_TOTALS = {
    "operations": _ALL,
    "responses": {"seen": 1, "documented": 2, "share": 0.5},
    "parameters": {"seen": 2, "documented": 2, "share": 1.0},
    "examples": _ALL,
}
_OPERATION = {
    "id": "sendQuickSample",
    "method": "POST",
    "path": "/survey/projects/{projectId}/surveys/{surveyId}/send-quick-sample",
    "requests": 1,
    "failures": 0,
    "responses": [
        {
            "status": "200",
            "seen": 1,
            "examples": [{"name": "", "media_type": "application/json", "seen": 1}],
        },
        {"status": "4XX", "seen": 0, "examples": []},
    ],
    "parameters": [
        {"where": "path", "name": "projectId", "seen": 1},
        {"where": "path", "name": "surveyId", "seen": 1},
    ],
    "undocumented": [],
}
CALLS = (
    Call(
        "GET",
        "/coverage",
        "getCoverage",
        TAG,
        "Return the coverage of the documents",
        show_coverage,
        CoverageFilter,
        result=CoverageView,
        result_example={
            "totals": _TOTALS,
            "apis": [{"name": "walr", "totals": _TOTALS, "operations": [_OPERATION]}],
        },
        problems=(404,),
        description="Counts since the sandbox was created or reset, also exchanges that the "
        "journal no longer keeps.",
    ),
)
