"""Say in one line why a request was refused, for the header `Mock-Why` and for the terminal.

- In: an exchange. Out: what refused it, the place in the document, when the same request passes,
  and what to do: `quota sms of demo-org is used up (specs/partoo.yaml:120); passes at
  2026-12-08T00:00:00Z`; or "" if neither the API nor a fault refused it.
- Callers: `pipeline.py` for the header; `server/refusal_log.py` and `server/request_log.py`.
- The line is ASCII without control characters, and has a maximum length. Secrets in headers, query,
  cookies and body (form or JSON) of the request are masked in the cause, from 4 characters on: as
  sent, decoded (also the password of Basic), and percent-encoded. Credentials of fixtures may be in
  the advice. A body of more than 100,000 bytes is not searched, and no message of the document is
  quoted then.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus

import orjson

from mockserver.base.credentials import SANDBOX_MARK
from mockserver.base.http import FORM, essence
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.secrets import names_secret
from mockserver.base.time import format_instant
from mockserver.engine.security import cookies, read_basic
from mockserver.model.exchange import Exchange
from mockserver.model.messages import Request
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.model.trace import Authenticated, FaultInjected, RateLimited, StepTaken

MOST_BYTES = 400
"""Maximum length of a line."""
_MOST_OF_CAUSE = 220
_MOST_OF_PLACE = 90
_MOST_VIOLATIONS = 3
"""Number of violations that a line names."""
_SHORTEST_SECRET = 4
_LONGEST_READ = 100_000
"""Maximum length of a body that is searched for secrets."""
_CONDITION = re.compile(r"\{\{ (.*) \}\} is not true$")
"""The refusal of a condition in a document; its braces say nothing to a client."""
_MASKED = "[redacted]"
_FIRST_ERROR = 400


def refusal_line(exchange: Exchange) -> str:
    """Return why a request was refused; an empty text if it was not."""
    injected = _fault(exchange)
    if injected is not None:
        if exchange.refusal is None and exchange.answer.status < _FIRST_ERROR:
            return ""
        return _cut(_ascii(injected.sentence()), MOST_BYTES)
    refusal = exchange.refusal
    if refusal is None:
        return ""
    place = _place(_source(exchange, refusal))
    cause = _cut(_ascii(_without_secrets(exchange, _cause(exchange, refusal))), _MOST_OF_CAUSE)
    passes = "" if refusal.passes_at is None else f"passes at {format_instant(refusal.passes_at)}"
    first = f"{cause} ({place})" if place else cause
    parts = (first, passes, _ascii(refusal.advice))
    return _cut("; ".join(part for part in parts if part), MOST_BYTES)


def _fault(exchange: Exchange) -> FaultInjected | None:
    if exchange.fault is None:
        return None
    return next((entry for entry in exchange.trace if isinstance(entry, FaultInjected)), None)


# --- what refused ---


def _cause(exchange: Exchange, refusal: Refusal) -> str:
    step = _refusing_step(exchange)
    is_of_document = step is not None or (refusal.source and not refusal.violations)
    if is_of_document and len(exchange.request.body) > _LONGEST_READ:
        return str(refusal.kind)  # the document may quote the body, which is too long to search
    if step is not None and (own := _step_cause(step)):
        return own
    if refusal.violations and refusal.kind == Kind.INVALID and not refusal.cause:
        return _violations(refusal.violations)
    if (own := _limit_cause(exchange)) and refusal.kind != Kind.UNAUTHENTICATED:
        return own
    cause = refusal.message
    if refusal.cause and refusal.cause != refusal.message:
        cause = f"{refusal.message}: {refusal.cause}"
    cause = _CONDITION.sub(r"\1 is not true", cause)
    if refusal.kind == Kind.FORBIDDEN and (who := _who(exchange)):
        cause += f" (the credential is that of {who})"
    return cause


def _who(exchange: Exchange) -> str:
    for entry in exchange.trace:
        if isinstance(entry, Authenticated):
            return entry.who
    return ""


def _refusing_step(exchange: Exchange) -> StepTaken | None:
    """Return the last step that the trace has, if it refused the request."""
    for entry in reversed(exchange.trace):
        if type(entry) is tuple:
            step = StepTaken(*entry)
            return step if step.outcome == "refused" else None
    return None


def _limit_cause(exchange: Exchange) -> str:
    """Return the rate limit that refused the request; an empty text if none did."""
    for entry in reversed(exchange.trace):
        if isinstance(entry, RateLimited) and not entry.decision.allowed:
            whose = f" of {entry.subject}" if entry.subject else ""
            return f"rate limit {entry.limit.name}{whose} is used up ({entry.decision.limit})"
    return ""


def _step_cause(taken: StepTaken) -> str:
    """Return what a quota or a cooldown refused, and for whom."""
    named: Mapping[str, Any] = taken.named()
    verb, subject = taken.step.verb, named.get("subject")
    whose = f" of {subject}" if subject else ""
    if verb == "take":
        left, limit = named.get("left"), named.get("limit")
        state = "is used up" if not left else f"has only {left} left"
        return f"quota {named.get('quota')}{whose} {state} (limit {limit})"
    if verb == "cooldown":
        return f"cooldown {named.get('cooldown') or named.get('name')}{whose} is not over"
    return ""


def _violations(violations: tuple[Violation, ...]) -> str:
    listed = "; ".join(map(_violation, violations[:_MOST_VIOLATIONS]))
    more = len(violations) - _MOST_VIOLATIONS
    return f"{listed} (and {more} more)" if more > 0 else listed


def _violation(violation: Violation) -> str:
    name = violation.field
    where = name if name == violation.where else f"{violation.where} {name}"
    if violation.keyword != "required" and names_secret(name.rpartition(".")[2]):
        return f"{where} is invalid ({violation.keyword})"
    return f"{where} {_cut(violation.message, 100)}"


# --- where ---


def _source(exchange: Exchange, refusal: Refusal) -> Source | None:
    """Return the place that refused; of the operation or the API if no place is more exact."""
    if refusal.source is not None:
        return refusal.source
    if exchange.operation is not None:
        return exchange.operation.source
    return None if exchange.api is None else exchange.api.source


def _place(source: Source | None) -> str:
    """Return file and line, without the folders above the last one."""
    if source is None:
        return ""
    file = source.file.replace("\\", "/")
    if file.startswith("/") or ":" in file[:3] or ".." in file:
        file = "/".join(file.split("/")[-2:]).removeprefix("../")
    text = _ascii(f"{file}:{source.line}")
    return text if len(text) <= _MOST_OF_PLACE else "..." + text[-_MOST_OF_PLACE + 3 :]


# --- how it is written ---


def _without_secrets(exchange: Exchange, text: str) -> str:
    for secret in sorted(_secrets(exchange), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, _MASKED)
    return text


def _secrets(exchange: Exchange) -> set[str]:
    """Return the secrets of a request: as they were sent, decoded, and percent-encoded."""
    request = exchange.request
    names = {scheme.parameter for scheme in exchange.api.schemes.values()} if exchange.api else ()
    fields: list[tuple[str, JsonValue]] = [*request.headers.items(), *_pairs(request.query)]
    fields += cookies(request).items() if "cookie" in request.headers else ()
    fields += _body_fields(request) if len(request.body) <= _LONGEST_READ else ()
    found = {
        form
        for key, value in fields
        if isinstance(value, str) and (key in names or names_secret(key))
        for form in _credential_forms(value)
    }
    return {form for one in found for form in (one, quote(one, safe=""), quote_plus(one))}


def _credential_forms(value: str) -> Iterator[str]:
    """Yield a credential, also without the name of a scheme or a sandbox, and decoded for Basic."""
    scheme, _, rest = value.partition(" ")
    bare = rest.strip() or value
    yield from (value, bare, bare.rpartition(SANDBOX_MARK)[0])
    if scheme.lower() == "basic" and (basic := read_basic(bare)) is not None:
        yield f"{basic.text}:{basic.password}"
        yield basic.password or basic.text  # without a password, the user is a key


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a query or form, decoded and as they were sent."""
    yield from parse_qsl(text)
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        yield unquote_plus(name), value


def _body_fields(request: Request) -> Iterator[tuple[str, JsonValue]]:
    """Yield the members of a form or a JSON body, on all levels."""
    kind = essence(request.headers.get("content-type", ""))
    if kind == FORM:
        yield from _pairs(request.body.decode(errors="replace"))
    elif kind.endswith("json"):
        with suppress(ValueError):  # a body that is no JSON has no members
            yield from _members(orjson.loads(request.body))


def _members(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            yield from one.items()
            pending += one.values()
        elif isinstance(one, list):
            pending += one


def _ascii(text: str) -> str:
    """Write a text in one line of printable ASCII."""
    text = " ".join(text.replace("\N{HORIZONTAL ELLIPSIS}", "...").split())
    written = text if text.isascii() else text.encode("ascii", "backslashreplace").decode()
    return written if written.isprintable() else "".join(c for c in written if c.isprintable())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
