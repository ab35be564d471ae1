"""Convert APIs, sandboxes, settings, test values and messages to the JSON of the control API.

- In: an `Api`, a `Sandbox` and its time, or a record. Out: `TypedDict`s; `base_url` is a text.
- Callers: `api_calls.py`, `sandbox_calls.py`, `clock_calls.py`, `setting_calls.py`,
  `message_calls.py`, `page_calls.py`, `document_calls.py` (`base_url`) and `listeners.py`;
  `server/greeting.py` for URLs and credentials.
- Credentials are shown as they are, from fixtures or added later. Durations are ISO 8601, instants
  RFC 3339. Views of exchanges are made elsewhere, and nothing is changed.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.credentials import presented
from mockserver.base.json import JsonValue
from mockserver.base.sms import segments
from mockserver.base.time import Instant, format_duration, format_instant
from mockserver.engine.sandbox import Sandbox
from mockserver.model.api import Api, Principals, SecurityScheme, Setting
from mockserver.model.outbox import FAILED, FAILED_SEND, message_status, next_change
from mockserver.model.scope import Record

if TYPE_CHECKING:
    from mockserver.stores.stored_sandbox import SandboxBrief


class ApiSummary(TypedDict):
    """Summary of an API."""

    name: str
    title: str
    version: str
    base_url: str
    """Base URL for clients of the API."""
    operations: int


class SampleView(TypedDict):
    """A sample request of an operation, with a demo credential."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None


class OperationSummary(TypedDict):
    """An operation of an API."""

    id: str
    method: str
    path: str
    summary: str
    deprecated: bool
    sample: SampleView | None


class CredentialView(TypedDict):
    """A credential from the fixtures of an API, and what it may do."""

    scheme: str
    kind: str
    """apiKey, basic, bearer or oauth2."""
    where: str
    """header, query or cookie."""
    name: str
    """Name of the header (in lower case), query parameter or cookie that carries it."""
    value: JsonValue
    """For basic authentication `user:password`."""
    presented: str
    """Value of the header, query parameter or cookie, such as `Bearer …`."""
    description: str


class SettingDetails(TypedDict):
    """A setting, with its value in the sandbox and its limits."""

    name: str
    type: str
    """integer, number, boolean, string or duration."""
    value: JsonValue
    default: JsonValue
    description: str
    minimum: float | None
    maximum: float | None
    enum: list[str] | None


class DocumentedTestValue(TypedDict):
    """An input value with a documented effect."""

    at: str
    """Expression that is compared with the value."""
    value: str
    description: str
    operations: list[str]


class ErrorKind(TypedDict):
    """An error kind of an API."""

    kind: str
    status: int
    description: str


class ApiDetails(TypedDict):
    """An API in full."""

    name: str
    title: str
    version: str
    base_url: str
    operations: list[OperationSummary]
    description: str
    credentials: list[CredentialView]
    settings: list[SettingDetails]
    test_values: list[DocumentedTestValue]
    errors: list[ErrorKind]
    collections: list[str]


class ClockView(TypedDict):
    """Time of a sandbox."""

    now: str
    frozen: bool


class SandboxSummary(TypedDict):
    """A sandbox."""

    name: str
    clock: ClockView
    requests: int
    """Requests handled since it was created or reset."""
    entry: str
    """The latest entry of its history with its run, such as `1.r17`; `1.start` before the first."""


Message = TypedDict(
    "Message",
    {
        "id": str,
        "api": str,
        "operation": str,
        "request_id": str,
        "channel": str,
        "to": JsonValue,
        "from": JsonValue,
        "subject": JsonValue,
        "text": str,
        "link": JsonValue,
        "created_at": str,
        "send_at": str,
        "status": str,
        "changes_at": str | None,
        "segments": int | None,
        "encoding": str | None,
        "data": JsonValue,
    },
)
"""A simulated SMS or e-mail.

`changes_at` is the time of the sandbox at which its status changes next; `segments` is the number
of SMS that the text needs in its `encoding`, gsm-7 or ucs-2.
"""


def api_summary(api: Api, origin: str) -> ApiSummary:
    """Return the summary of an API."""
    return {
        "name": api.name,
        "title": api.title,
        "version": api.version,
        "base_url": base_url(api, origin),
        "operations": len(api.operations),
    }


def base_url(api: Api, origin: str) -> str:
    """Return the base URL for clients of an API."""
    path = api.servers[0].path if api.servers else ""
    return f"{origin}/{api.name}{path}"


_Samples = Mapping[tuple[str, str], SampleView]
"""Sample requests by method and path."""


def api_details(
    api: Api, origin: str, sandbox: Sandbox, samples: _Samples | None = None
) -> ApiDetails:
    """Return an API in full: operations, credentials, settings, test values, errors."""
    return {
        "name": api.name,
        "title": api.title,
        "version": api.version,
        "base_url": base_url(api, origin),
        "operations": [
            {
                "id": operation.id,
                "method": operation.method,
                "path": operation.path,
                "summary": operation.summary,
                "deprecated": operation.deprecated,
                "sample": (samples or {}).get((operation.method, operation.path)),
            }
            for operation in api.operations
        ],
        "description": api.description,
        "credentials": credentials(api, sandbox),
        "settings": _setting_details(api, sandbox),
        "test_values": test_values(api),
        "errors": [
            {"kind": kind, "status": error.status, "description": error.description}
            for kind, error in api.errors.items()
        ],
        "collections": [*(item.spec.name for item in sandbox.store(api.name))],
    }


def credentials(api: Api, sandbox: Sandbox) -> list[CredentialView]:
    """List the credentials of an API that its sandbox holds."""
    store = sandbox.store(api.name)
    found: list[CredentialView] = []
    for scheme in api.schemes.values():
        if (owners := scheme.principals) is not None:
            records = store.collection(owners.collection)
            found += [_credential(scheme, owners, record) for record in records]
    return found


def _credential(scheme: SecurityScheme, owners: Principals, record: Record) -> CredentialView:
    value = record.get(owners.field)
    if scheme.kind == "basic":
        value = f"{value}:{record.get('password') or ''}"
    return {
        "scheme": scheme.name,
        "kind": scheme.kind,
        "where": scheme.location,
        "name": scheme.parameter,
        "value": value,
        "presented": presented(scheme.kind, str(value), scheme.auth_scheme),
        "description": record.get(owners.label) or "",
    }


def settings(api: Api, sandbox: Sandbox) -> dict[str, JsonValue]:
    """Return the value of every setting."""
    values = sandbox.settings(api.name)
    return {name: _displayed_value(setting, values[name]) for name, setting in api.settings.items()}


def _setting_details(api: Api, sandbox: Sandbox) -> list[SettingDetails]:
    """List every setting with its value, default and limits."""
    values = sandbox.settings(api.name)
    return [
        {
            "name": name,
            "type": setting.type,
            "value": _displayed_value(setting, values[name]),
            "default": _displayed_value(setting, setting.default),
            "description": setting.description,
            "minimum": setting.minimum,
            "maximum": setting.maximum,
            "enum": list(setting.choices) or None,
        }
        for name, setting in api.settings.items()
    ]


def _displayed_value(setting: Setting, value: JsonValue) -> JsonValue:
    """Return the value of a setting as documents write it: durations in ISO 8601."""
    return format_duration(value) if setting.type == "duration" else value


def test_values(api: Api) -> list[DocumentedTestValue]:
    """List the test values of an API, once each, with their operations."""
    found: dict[tuple[str, str], DocumentedTestValue] = {}
    for operation in api.operations:
        for group in operation.test_values:
            for value, effect in group.effects.items():
                entry = found.setdefault(
                    (group.shown_at, value),
                    {
                        "at": group.shown_at,
                        "value": value,
                        "description": effect.description,
                        "operations": [],
                    },
                )
                entry["operations"].append(operation.id)
    return list(found.values())


def sandbox_summary(sandbox: Sandbox, system: Instant) -> SandboxSummary:
    """Return the summary of a sandbox."""
    history = sandbox.history
    return {
        "name": sandbox.name,
        "clock": clock(sandbox, system),
        "requests": history.count,
        "entry": f"{history.run}.{history.name_at(history.position)}",
    }


def brief_summary(brief: "SandboxBrief", system: Instant) -> SandboxSummary:
    """Return the summary of a sandbox in a store of which there is no copy."""
    now = max(brief.clock.now(system), brief.latest)
    frozen = brief.clock.frozen_at is not None
    return {
        "name": brief.name,
        "clock": {"now": format_instant(Instant(now)), "frozen": frozen},
        "requests": brief.requests,
        "entry": brief.entry,
    }


def clock(sandbox: Sandbox, system: Instant) -> ClockView:
    """Return the time of a sandbox."""
    frozen = sandbox.clock.frozen_at is not None
    return {"now": format_instant(sandbox.now(system)), "frozen": frozen}


def shown_status(record: Record, now: Instant) -> str:
    """Return the status of a message at `now`; a message that cannot be sent has failed."""
    status = message_status(record, now)
    return FAILED if status == FAILED_SEND else status


def message(record: Record, now: Instant) -> Message:
    """Return a simulated message, with its status at `now`."""
    changes_at = next_change(record, now)
    text = segments(record["text"]) if record["channel"] == "sms" else None
    return {
        "id": record["id"],
        "api": record["api"],
        "operation": record["operation"],
        "request_id": record["request_id"],
        "channel": record["channel"],
        "to": record["to"],
        "from": record["from"],
        "subject": record["subject"],
        "text": record["text"],
        "link": record["link"],
        "created_at": format_instant(record["created_at"]),
        "send_at": format_instant(record["send_at"]),
        "status": shown_status(record, now),
        "changes_at": None if changes_at is None else format_instant(changes_at),
        "segments": text.count if text else None,
        "encoding": text.encoding if text else None,
        "data": record["data"],
    }
