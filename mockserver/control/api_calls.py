"""Declare and answer the calls about the server and the APIs that it serves: health, list, details.

`control_app.py` adds its `CALLS`. `/health` has version, names of the APIs and the number of
sandboxes; clients recognise a mockserver by it. The details of an API (an unknown one is a 404)
have its operations, each with a sample request (`sample_requests.py`), settings, test values and
errors, and the credentials that the sandbox holds, not redacted. No call changes anything.
"""

from typing import Literal

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver import __version__
from mockserver.control import api_views
from mockserver.control.declarations import Call, ControlRequest, Query, SandboxQuery
from mockserver.control.document_calls import served_document
from mockserver.control.sample_requests import operations_of, sample_request

TAG = "APIs"


class Health(TypedDict):
    """State of the server."""

    status: Literal["ok"]
    version: str
    apis: list[str]
    sandboxes: int


def show_health(request: ControlRequest[Query, None]) -> Health:
    """Return that the server is up, and what it serves."""
    return {
        "status": "ok",
        "version": __version__,
        "apis": list(request.engine.apis),
        "sandboxes": len(request.engine.sandboxes.names()),
    }


def list_apis(request: ControlRequest[SandboxQuery, None]) -> list[api_views.ApiSummary]:
    """List the APIs."""
    return [api_views.api_summary(api, request.origin) for api in request.engine.apis.values()]


def show_api(request: ControlRequest[SandboxQuery, None]) -> api_views.ApiDetails:
    """Describe an API, with a sample request for each operation."""
    api, sandbox = request.api(), request.sandbox()
    document = served_document(request, api)
    presented = {one["scheme"]: one for one in reversed(api_views.credentials(api, sandbox))}
    samples: dict[tuple[str, str], api_views.SampleView] = {}
    for operation in operations_of(document):
        made = sample_request(operation, document, presented)
        samples[made.method, operation.path] = {
            "method": made.method,
            "url": made.url,
            "headers": dict(made.headers),
            "body": made.body,
        }
    return api_views.api_details(api, request.origin, sandbox, samples)


_SUMMARY = {
    "name": "partoo",
    "title": "Partoo Rest API",
    "version": "v2",
    "base_url": "http://127.0.0.1:8000/partoo/v2",
    "operations": 3,
}
_DETAILS = {
    **_SUMMARY,
    "operations": [
        {
            "id": "sendReviewInvitation",
            "method": "POST",
            "path": "/review_booster/send_invitation",
            "summary": "Send a review invitation",
            "deprecated": False,
            "sample": {
                "method": "POST",
                "url": "http://127.0.0.1:8000/partoo/v2/review_booster/send_invitation",
                "headers": {"x-APIKey": "demo-partoo-key", "content-type": "application/json"},
                "body": '{"business_id": "5409c35a97bbc544d8e26737"}',
            },
        }
    ],
    "description": "The part of Partoo's API that sends review invitations.",
    "credentials": [
        {
            "scheme": "ApiKeyAuth",
            "kind": "apiKey",
            "where": "header",
            "name": "x-apikey",
            "value": "demo-partoo-key",
            "presented": "demo-partoo-key",
            "description": "WRITE on three businesses, READ on a fourth",
        }
    ],
    "settings": [
        {
            "name": "cooldown",
            "type": "duration",
            "value": "P10D",
            "default": "P10D",
            "description": "Time that must pass before a phone number gets another SMS",
            "minimum": None,
            "maximum": None,
            "enum": None,
        }
    ],
    "test_values": [
        {
            "at": "{{ e164(body.target_phone) }}",
            "value": "+33600000001",
            "description": "the network refuses the SMS (FAILED_SEND)",
            "operations": ["sendReviewInvitation"],
        }
    ],
    "errors": [{"kind": "cooldown", "status": 400, "description": "The number had an SMS"}],
    "collections": ["messages", "businesses"],
}
CALLS = (
    Call(
        "GET",
        "/health",
        "getHealth",
        TAG,
        "Check that the server is up",
        show_health,
        Query,
        result=Health,
        result_example={"status": "ok", "version": __version__, "apis": ["walr"], "sandboxes": 1},
    ),
    Call(
        "GET",
        "/apis",
        "listApis",
        TAG,
        "List the APIs",
        list_apis,
        result=list[api_views.ApiSummary],
        result_example=[_SUMMARY],
    ),
    Call(
        "GET",
        "/apis/{api}",
        "getApi",
        TAG,
        "Describe an API: operations, credentials, settings, test values",
        show_api,
        result=api_views.ApiDetails,
        result_example=_DETAILS,
        problems=(404,),
    ),
)
