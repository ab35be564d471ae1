"""The call that tells how much of the APIs was seen."""

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.control.declarations import Ask, Call, InSandbox, missing
from mockserver.engine.coverage import OperationCoverage, coverage, shares
from mockserver.model.api import Api

TAG = "CoverageView"


class ShareView(TypedDict):
    """How many of some things were seen."""

    seen: int
    documented: int
    share: float
    """From 0 to 1; 1 where there is nothing to see."""


class Totals(TypedDict):
    """Shares of all that is documented."""

    operations: ShareView
    responses: ShareView
    parameters: ShareView
    examples: ShareView


class ExampleSeen(TypedDict):
    """A documented example."""

    name: str
    media_type: str
    seen: int


class ResponseSeen(TypedDict):
    """A documented answer."""

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
    """A status that was answered although the document lacks it."""

    status: int
    seen: int


class OperationSeen(TypedDict):
    """An operation."""

    id: str
    method: str
    path: str
    requests: int
    failures: int
    """Requests on which the mock itself failed."""
    responses: list[ResponseSeen]
    parameters: list[ParameterSeen]
    undocumented: list[UndocumentedSeen]


class ApiSeen(TypedDict):
    """An API."""

    name: str
    totals: Totals
    operations: list[OperationSeen]


class CoverageView(TypedDict):
    """What was seen in a sandbox since it began."""

    totals: Totals
    apis: list[ApiSeen]


class CoverageFilter(InSandbox):
    """Whose coverage to tell."""

    api: str | None = Field(None, description="Only that of this API.")
    everywhere: bool = Field(
        default=False, description="In all sandboxes, also in those that were deleted."
    )


def show_coverage(ask: Ask[CoverageFilter, None]) -> CoverageView:
    """Count what was seen since the sandbox began, also what the journal no longer keeps."""
    apis, wanted = ask.engine.apis, ask.query.api
    if wanted is not None and wanted not in apis:
        missing(f"there is no API {wanted[:100]!r}", wanted, apis)
    journal = ask.sandbox().journal
    everywhere = ask.query.everywhere
    seen = ask.engine.sandboxes.everything_seen() if everywhere else (journal.seen, journal.sent)
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
        "Tell how much of what is documented was seen",
        show_coverage,
        CoverageFilter,
        result=CoverageView,
        result_example={
            "totals": _TOTALS,
            "apis": [{"name": "walr", "totals": _TOTALS, "operations": [_OPERATION]}],
        },
        problems=(404,),
        description="Counts since the sandbox began or was reset, also exchanges that the journal "
        "no longer keeps.",
    ),
)
