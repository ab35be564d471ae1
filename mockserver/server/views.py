"""What the control API shows of APIs, sandboxes, messages and exchanges, as JSON."""

from collections.abc import Iterable, Mapping

from mockserver.clock import Instant, format_duration, format_instant
from mockserver.engine.journal import Exchange
from mockserver.engine.outbox import FAILED, FAILED_SEND, message_status
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.trace import as_json, decisions
from mockserver.exchange import JsonValue, Record
from mockserver.messages import segments
from mockserver.model import Api, Setting

Json = dict[str, JsonValue]
REDACTED = "[redacted]"
_SECRET_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie"))
_SECRET_FIELDS = frozenset(
    ("client_secret", "access_token", "refresh_token", "password", "code", "code_verifier", "token")
)
_MOST_BODY = 100_000


def api_summary(api: Api, origin: str) -> Json:
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


def api_details(api: Api, origin: str, sandbox: Sandbox, now: Instant) -> Json:
    """Describe all of an API: operations, credentials, settings, test values."""
    return {
        **api_summary(api, origin),
        "description": api.description,
        "operations": [
            {
                "id": operation.id,
                "method": operation.method,
                "path": operation.path,
                "summary": operation.summary,
                "deprecated": operation.deprecated,
            }
            for operation in api.operations
        ],
        "credentials": credentials(api, sandbox, now),
        "settings": settings(api, sandbox),
        "test_values": test_values(api),
        "errors": [
            {"kind": kind, "status": error.status, "description": error.description}
            for kind, error in api.errors.items()
        ],
        "collections": [*(item.spec.name for item in sandbox.store(api.name, now))],
    }


def credentials(api: Api, sandbox: Sandbox, now: Instant) -> list[Json]:
    """List the credentials that an API's fixtures hold, with what each may do."""
    store = sandbox.store(api.name, now)
    found: list[Json] = []
    for scheme in api.schemes.values():
        if (owners := scheme.principals) is None:
            continue
        found += [
            {
                "scheme": scheme.name,
                "kind": scheme.kind,
                "where": scheme.location,
                "name": scheme.parameter,
                "value": record.get(owners.field),
                "description": record.get(owners.label) or "",
            }
            for record in store.collection(owners.collection)
        ]
    return found


def settings(api: Api, sandbox: Sandbox) -> Json:
    """Return the current value of every setting."""
    values = sandbox.settings(api.name)
    return {name: shown(setting, values[name]) for name, setting in api.settings.items()}


def setting_details(api: Api, sandbox: Sandbox) -> list[Json]:
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


def test_values(api: Api) -> list[Json]:
    """List the magic inputs of an API, once each, with the operations they work on."""
    found: dict[tuple[str, str], Json] = {}
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


def sandbox_summary(sandbox: Sandbox, system: Instant) -> Json:
    """Describe a sandbox."""
    return {
        "name": sandbox.name,
        "clock": clock(sandbox, system),
        "requests": sandbox.journal.count,
    }


def clock(sandbox: Sandbox, system: Instant) -> Json:
    """Tell what a sandbox's clock shows."""
    frozen = sandbox.clock.frozen_at is not None
    return {"now": format_instant(sandbox.clock.now(system)), "frozen": frozen}


def message(record: Record, now: Instant) -> Json:
    """Describe a simulated message; its status is read off the clock."""
    status = message_status(record, now)
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
        "segments": segments(record["text"]).count if record["channel"] == "sms" else None,
        "data": record["data"],
    }


def exchange_summary(exchange: Exchange) -> Json:
    """Describe an exchange in a list of them."""
    request = exchange.request
    return {
        "id": exchange.id,
        "at": format_instant(exchange.at),
        "api": exchange.api.name if exchange.api else None,
        "operation": exchange.operation.id if exchange.operation else None,
        "method": request.method,
        "path": request.path,
        "status": exchange.answer.status,
        "reason": exchange.reason or None,
    }


def exchange_details(exchange: Exchange) -> Json:
    """Describe all of an exchange, without the secrets in it."""
    request, answer = exchange.request, exchange.answer
    secrets = _secret_parameters(exchange)
    return {
        **exchange_summary(exchange),
        "request": {
            "method": request.method,
            "path": request.path,
            "query": _redacted_query(request.query, secrets),
            "headers": _redacted_headers(request.headers.items(), secrets),
            "body": _body(request.body),
        },
        "response": {
            "status": answer.status,
            "headers": _redacted_headers(answer.headers, secrets),
            "body": _body(answer.body),
        },
        "trace": [
            as_json(item)
            for item in decisions(exchange.operation, exchange.trace, exchange.request)
        ],
    }


def _secret_parameters(exchange: Exchange) -> frozenset[str]:
    """Name the headers and query parameters that carry a credential of the API."""
    schemes = exchange.api.schemes.values() if exchange.api else ()
    return _SECRET_HEADERS | {scheme.parameter.lower() for scheme in schemes}


def _redacted_headers(headers: Iterable[tuple[str, str]], secrets: frozenset[str]) -> Json:
    return {name: _redacted_header(name.lower(), value, secrets) for name, value in headers}


def _redacted_header(name: str, value: str, secrets: frozenset[str]) -> str:
    if name in secrets:
        return REDACTED
    if name == "location":  # a redirect to a client carries its code
        address, mark, query = value.partition("?")
        return address + mark + _redacted_query(query, secrets)
    return value


def _redacted_query(query: str, secrets: frozenset[str]) -> str:
    hidden = secrets | _SECRET_FIELDS
    parts = [part.partition("=") for part in query.split("&")] if query else []
    return "&".join(
        f"{name}={REDACTED}" if name.lower() in hidden else f"{name}{mark}{value}"
        for name, mark, value in parts
    )


def _body(body: bytes) -> JsonValue:
    """Show a body as JSON where it is, else as text; secret members are hidden."""
    import orjson  # noqa: PLC0415 - views are seldom needed while serving starts

    try:
        return _redacted(orjson.loads(body))
    except (orjson.JSONDecodeError, RecursionError):
        text = body[:_MOST_BODY].decode("utf-8", "replace")
        is_form = "=" in text and "\n" not in text and " " not in text
        return _redacted_query(text, frozenset()) if is_form else text


def _redacted_member(key: str, member: JsonValue) -> JsonValue:
    if key in _SECRET_FIELDS and isinstance(member, str):
        return REDACTED
    return _redacted(member)


def _redacted(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {key: _redacted_member(key, member) for key, member in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list) else value
