"""Say what a client can do about the refusal of an operation.

- In: the run of the request, and its refusal. Caller: `pipeline.py`, only for requests that are
  refused without advice yet.
- Out: advice: another spelling of a member, another credential, the client or the operation for a
  code (OAuth), keys of records that `find` finds, and the call of the control API that moves the
  clock to the time at which the request passes (if there is one); or an empty text.
- Only records of the document's own fixtures are shown, as in `credential_advice.py`; keys of
  collections of credentials, or with secret names, are not.
"""

import difflib
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl

from mockserver.base.json import JsonValue, unescape
from mockserver.base.secrets import names_secret, words_of
from mockserver.base.time import SECOND, Duration, format_duration
from mockserver.engine.credential_advice import other_credentials
from mockserver.engine.run import Run
from mockserver.engine.sandbox import DEFAULT_SANDBOX
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.model.steps import Step

_MOST_KEYS = 3
_MOST_MEMBERS = 200
_MOST_SPELLINGS = 2
_ALIKE = 0.76
"""Likeness from which on a name is taken as misspelt."""
_CODE_SOURCE = "oauth_authorize"


def refusal_advice(run: Run, refusal: Refusal) -> str:
    """Return what the client can do about a refusal."""
    found = [*_by_kind(run, refusal)]
    if refusal.passes_at is not None and run.options.control:
        found.append(_clock_advice(run, refusal.passes_at))
    return "; ".join(text for text in found if text)


def _by_kind(run: Run, refusal: Refusal) -> Iterator[str]:
    if refusal.kind == Kind.INVALID and refusal.violations:
        yield _spellings(run, refusal.violations)
    elif refusal.kind == Kind.FORBIDDEN:
        yield other_credentials(run)
    elif refusal.kind == "invalid_client":
        yield _client(run)
    elif refusal.kind == "invalid_grant":
        yield _grant(run)
    step = _step_of(run, refusal)
    if step is not None and step.verb == "find":
        yield _keys(run, step)


def _step_of(run: Run, refusal: Refusal) -> Step | None:
    program = run.operation.program
    steps = () if program is None or refusal.source is None else program.steps
    return next((step for step in steps if step.source == refusal.source), None)


# --- misspelt names ---


def _spellings(run: Run, violations: tuple[Violation, ...]) -> str:
    """Return names in the request that are similar to required ones which are missing."""
    required = [item for item in violations if item.keyword == "required" and item.pointer]
    missing = {item.field for item in required}
    found: dict[str, str] = {}
    for item in required:
        names = [name for name in _sent_names(run, item) if name not in missing]
        name = item.pointer.rpartition("/")[2]
        if similar := _similar(unescape(name), names):
            found[similar] = unescape(name)
    texts = [
        f"did you mean {right!r} where you wrote {wrong[:60]!r}?" for wrong, right in found.items()
    ]
    return " ".join(texts[:_MOST_SPELLINGS])


def _similar(name: str, names: Iterable[str]) -> str:
    """Return the most similar name, in whatever style it is written; empty if there is none."""
    words = {words_of(other): other for other in names}
    words.pop(words_of(name) if name in words.values() else "", None)
    close = difflib.get_close_matches(words_of(name), list(words), 1, _ALIKE)
    return words[close[0]] if close else ""


def _sent_names(run: Run, violation: Violation) -> list[str]:
    """Return the names that the request has where a name is missing."""
    request = run.exchange.request
    if violation.where == "query":
        return [name for name, _ in parse_qsl(request.query, keep_blank_values=True)]
    if violation.where == "header":
        return list(request.headers)
    value: JsonValue = run.scope.get("body")
    for token in violation.pointer.split("/")[1:-1]:
        value = _member(value, unescape(token))
    return [str(name) for name in list(value)[:_MOST_MEMBERS]] if isinstance(value, dict) else []


def _member(value: JsonValue, token: str) -> JsonValue:
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and token.isdecimal() and int(token) < len(value):
        return value[int(token)]
    return None


# --- records, clients and codes ---


def _keys(run: Run, step: Step) -> str:
    """Return keys of records that exist, unless they are credentials."""
    name = step.collection
    if name is None or _is_secret(run, name):
        return ""
    records = run.records(name)
    key = records.spec.key
    published = run.sandbox.published(run.api.name, name)
    keys = [str(record.get(key)) for record in published if records.by_key(record.get(key))]
    if not keys:
        return f"{name} is empty" if len(records) == 0 else ""
    more = ", ..." if len(records) > _MOST_KEYS else ""
    return f"{name} has {key} {', '.join(keys[:_MOST_KEYS])}{more}"


def _is_secret(run: Run, collection: str) -> bool:
    owners = (scheme.principals for scheme in run.api.schemes.values())
    is_owners = any(one is not None and one.collection == collection for one in owners)
    return is_owners or names_secret(collection) or names_secret(run.records(collection).spec.key)


def _client(run: Run) -> str:
    """Return a client of the fixtures, as it is sent to the token endpoint."""
    program = run.operation.program
    for step in () if program is None else program.steps:
        if collection := getattr(step, "clients", None):
            key = run.records(collection).spec.key
            published = run.sandbox.published(run.api.name, collection)
            for record in [one for one in published if key in one][:1]:
                identifier = record[key]
                secret = record.get("secret") or record.get("client_secret")
                also = f" and client_secret={secret}" if secret else ""
                return f"send client_id={identifier}{also}"
    return ""


def _grant(run: Run) -> str:
    """Return the operation that issues authorization codes."""
    for operation in run.api.operations:
        steps = operation.program.steps if operation.program else ()
        if any(step.verb == _CODE_SOURCE for step in steps):
            place = f"{operation.method} {operation.path}"
            return f"get a new code from {place}; a code can be used once"
    return ""


# --- the clock ---


def _clock_advice(run: Run, passes_at: int) -> str:
    """Return the call of the control API that moves the clock to the time of a refusal's end."""
    seconds = -((run.now - passes_at) // SECOND)
    if seconds <= 0:
        return ""
    wait = format_duration(Duration(seconds * SECOND))
    name = run.sandbox.name
    query = "" if name == DEFAULT_SANDBOX else f"?sandbox={name}"
    return f'or move the clock: POST /_mock/clock{query} {{"advance":"{wait}"}}'
