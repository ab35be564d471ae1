"""What the control API shows of APIs, sandboxes and messages, as JSON."""

from collections.abc import Mapping

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.credentials import presented
from mockserver.base.json import JsonValue
from mockserver.base.sms import segments
from mockserver.base.time import Instant, format_duration, format_instant
from mockserver.engine.sandbox import Sandbox
from mockserver.model.api import Api, Principals, SecurityScheme, Setting
from mockserver.model.outbox import FAILED, FAILED_SEND, message_status, next_change
from mockserver.model.scope import Record


class ApiSummary(TypedDict):
    """An API in a list of them."""

    name: str
    title: str
    version: str
    base_url: str
    """The address that a client is pointed at."""
    operations: int


class SampleView(TypedDict):
    """A request to try an operation with, demo credential included."""

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
    """A credential that an API's fixtures hold, and what it may do."""

    scheme: str
    kind: str
    """apiKey, basic, bearer or oauth2."""
    where: str
    """header, query or cookie."""
    name: str
    """Of the header (in lower case), query parameter or cookie that carries it."""
    value: JsonValue
    """For basic, user and password with a colon between them."""
    presented: str
    """What the header, query parameter or cookie holds: `Bearer …`."""
    description: str


class SettingDetails(TypedDict):
    """A setting, with its value in the sandbox and its bounds."""

    name: str
    type: str
    """integer, number, boolean, string or duration."""
    value: JsonValue
    default: JsonValue
    description: str
    minimum: float | None
    maximum: float | None
    enum: list[str] | None


class MagicValue(TypedDict):
    """A documented magic input."""

    at: str
    """The expression that has the value."""
    value: str
    description: str
    operations: list[str]


class ErrorKind(TypedDict):
    """A named failure of an API."""

    kind: str
    status: int
    description: str


class ApiDetails(TypedDict):
    """All of an API."""

    name: str
    title: str
    version: str
    base_url: str
    operations: list[OperationSummary]
    description: str
    credentials: list[CredentialView]
    settings: list[SettingDetails]
    test_values: list[MagicValue]
    errors: list[ErrorKind]
    collections: list[str]


class ClockView(TypedDict):
    """What a sandbox's clock shows."""

    now: str
    frozen: bool


class SandboxSummary(TypedDict):
    """A sandbox."""

    name: str
    clock: ClockView
    requests: int
    """Handled since it began."""


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

`changes_at` is when its status becomes another, on the sandbox's clock; `segments` is the number of
SMS that the text needs in its `encoding`, gsm-7 or ucs-2.
"""


def api_summary(api: Api, origin: str) -> ApiSummary:
    """Describe an API in a list of them."""
    return {
        "name": api.name,
        "title": api.title,
        "version": api.version,
        "base_url": base_url(api, origin),
        "operations": len(api.operations),
    }


def base_url(api: Api, origin: str) -> str:
    """Return the address that a client of the API is pointed at."""
    path = api.servers[0].path if api.servers else ""
    return f"{origin}/{api.name}{path}"


Samples = Mapping[tuple[str, str], SampleView]
"""Requests to try operations with, by method and path."""


def api_details(
    api: Api, origin: str, sandbox: Sandbox, now: Instant, samples: Samples | None = None
) -> ApiDetails:
    """Describe all of an API: operations, credentials, settings, test values."""
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
        "credentials": credentials(api, sandbox, now),
        "settings": setting_details(api, sandbox),
        "test_values": test_values(api),
        "errors": [
            {"kind": kind, "status": error.status, "description": error.description}
            for kind, error in api.errors.items()
        ],
        "collections": [*(item.spec.name for item in sandbox.store(api.name, now))],
    }


def credentials(api: Api, sandbox: Sandbox, now: Instant) -> list[CredentialView]:
    """List the credentials that an API's fixtures hold, with what each may do."""
    store = sandbox.store(api.name, now)
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
        "presented": presented(scheme.kind, str(value)),
        "description": record.get(owners.label) or "",
    }


def settings(api: Api, sandbox: Sandbox) -> dict[str, JsonValue]:
    """Return the current value of every setting."""
    values = sandbox.settings(api.name)
    return {name: shown(setting, values[name]) for name, setting in api.settings.items()}


def setting_details(api: Api, sandbox: Sandbox) -> list[SettingDetails]:
    """Describe every setting with its value, default and bounds."""
    values = sandbox.settings(api.name)
    return [
        {
            "name": name,
            "type": setting.type,
            "value": shown(setting, values[name]),
            "default": shown(setting, setting.default),
            "description": setting.description,
            "minimum": setting.minimum,
            "maximum": setting.maximum,
            "enum": list(setting.choices) or None,
        }
        for name, setting in api.settings.items()
    ]


def shown(setting: Setting, value: JsonValue) -> JsonValue:
    """Write a setting's value as documents and people do."""
    return format_duration(value) if setting.type == "duration" else value


def test_values(api: Api) -> list[MagicValue]:
    """List the magic inputs of an API, once each, with the operations they work on."""
    found: dict[tuple[str, str], MagicValue] = {}
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
    """Describe a sandbox."""
    return {
        "name": sandbox.name,
        "clock": clock(sandbox, system),
        "requests": sandbox.journal.count,
    }


def clock(sandbox: Sandbox, system: Instant) -> ClockView:
    """Tell what a sandbox's clock shows."""
    frozen = sandbox.clock.frozen_at is not None
    return {"now": format_instant(sandbox.clock.now(system)), "frozen": frozen}


def message(record: Record, now: Instant) -> Message:
    """Describe a simulated message; its status is read off the clock."""
    status, changes_at = message_status(record, now), next_change(record, now)
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
        "status": FAILED if status == FAILED_SEND else status,
        "changes_at": None if changes_at is None else format_instant(changes_at),
        "segments": text.count if text else None,
        "encoding": text.encoding if text else None,
        "data": record["data"],
    }
