"""Apply the faults of a sandbox to requests and to their answers.

- In: the run of a request. `Faults.hit` of `faults.py` decides which fault hits it, if any.
- Out: `apply_faults` returns an answer that replaces the API's, or None, also for a fault that only
  delays or cuts. `carry_out` sets the delay of the answer, and where its connection is closed.
- Caller: `pipeline.py` calls `apply_faults` before it authenticates, and `carry_out` at the end.
  `control/known_names.py` uses `REASON`, the reason of every exchange that a fault changed.
- A fault that fails is logged, noted in the trace, and otherwise ignored. Nothing waits and no
  connection is closed here: the server does both.
"""

import logging
from collections.abc import Iterator

from mockserver.base.errors import ExpressionError
from mockserver.base.time import SECOND, Instant, whole_seconds
from mockserver.engine import cors, security
from mockserver.engine.documented_answers import (
    AnswerCriteria,
    DocumentedAnswer,
    documented_answer,
    status_with_example,
)
from mockserver.engine.refusals import FORCED_WAIT, forced_until, refusal_of
from mockserver.engine.rendering import (
    RETRY_STATUSES,
    ErrorCriteria,
    has_header,
    problem,
    render_refusal,
    replace_headers,
)
from mockserver.engine.routing import Match
from mockserver.engine.run import Run
from mockserver.model.exchange import MOCK_FAILURE, Exchange
from mockserver.model.fault import Fault, FaultDefinition
from mockserver.model.messages import NOTHING_SENT, Answer
from mockserver.model.refusal import Kind, Refusal
from mockserver.model.steps import Otherwise
from mockserver.model.trace import Answered, FaultInjected, Refused

_LOG = logging.getLogger("mockserver")
_MESSAGE = "a fault of the sandbox requires it"
_FIRST_ERROR = 400
REASON = "fault"
"""The reason of every exchange to which a fault was applied."""


def apply_faults(run: Run, match: Match) -> Answer | None:
    """Apply the first fault that hits; return its answer if it replaces the API's, else None.

    A fault that fails is ignored, except for an entry in the trace and in the log.
    """
    exchange = run.exchange
    method = exchange.request.method
    hit = run.sandbox.faults.hit(run.writes, run.api, run.operation, method, match.values)
    run.writes.keep()
    if hit is None:
        return None
    definition, trace = hit.fault.definition, exchange.trace
    trace.append(FaultInjected(hit.id, _effects_of(definition), hit.because))
    try:
        answer = _answer(run, match, definition) if definition.answers else None
    except Exception as error:  # noqa: BLE001 - a broken fault must not break serving
        _LOG.exception("fault %s failed", hit.id)
        why = f"{type(error).__name__}: {error}"
        trace.append(FaultInjected(hit.id, "could not be carried out", why))
        return None
    exchange.fault = hit.fault
    return answer


def _effects_of(definition: FaultDefinition) -> str:
    """Return a short description of the effects of a fault."""
    effects = {
        "error kind": definition.error,
        "status": definition.status,
        "example": definition.example,
        "delay": definition.delay,
        "cut after bytes:": definition.truncate,
        "connection reset": definition.disconnect,
    }
    return ", ".join(f"{what} {value}" for what, value in effects.items() if value is not None)


def carry_out(exchange: Exchange, fault: Fault) -> None:
    """Set the delay of an answer, and where its connection is closed, as the fault defines."""
    definition, answer = fault.definition, exchange.answer
    if exchange.reason != MOCK_FAILURE:
        exchange.reason = REASON
    answer.delay = max(answer.delay, fault.delay)
    if definition.disconnect is not None:
        answer.cut_at = NOTHING_SENT
    elif definition.truncate is not None and exchange.request.method != "HEAD":
        # A body that is not longer than the cut is complete.
        answer.cut_at = definition.truncate if definition.truncate < len(answer.body) else None


def _answer(run: Run, match: Match, definition: FaultDefinition) -> Answer:
    if definition.disconnect is not None:
        return Answer(0, [], b"")
    if definition.error is not None:
        return _as_error(run, match, definition, definition.error)
    if definition.status is not None:
        answer, because = _as_status(run, definition.status)
    else:
        answer, because = _as_example(run, definition.example or "")
    wait = definition.retry_after
    if wait is None and answer.status in RETRY_STATUSES and not has_header(answer, "retry-after"):
        wait = whole_seconds(FORCED_WAIT[Kind.RATE_LIMITED])
    _set_retry_after(answer, wait)
    run.append(Answered(answer.status, because))
    return answer


def _as_example(run: Run, name: str) -> tuple[Answer, str]:
    status = status_with_example(run.operation, name)
    assert status is not None  # a fault only hits operations that have its example
    found = _documented(run, status, name)
    assert found is not None
    return found.answer(), found.because


def _as_status(run: Run, status: int) -> tuple[Answer, str]:
    """Return the documented answer for a status, else a problem (for errors) or no body."""
    found = _documented(run, status)
    if found is not None:
        return found.answer(), found.because
    because = f"the document says nothing about status {status}"
    return problem(status, _MESSAGE) if status >= _FIRST_ERROR else Answer(status, [], b""), because


def _documented(run: Run, status: int, example: str | None = None) -> DocumentedAnswer | None:
    """Return the documented answer, in an acceptable media type if possible."""
    accept = run.exchange.request.accept
    return documented_answer(
        run.operation,
        status,
        AnswerCriteria(
            accept, example=example, must_fit=False, style=run.options.conventions.answer_style
        ),
    )


def _set_retry_after(answer: Answer, seconds: int | None) -> None:
    """Set `Retry-After`, replacing an existing one."""
    if seconds is not None:
        replace_headers(answer.headers, [("Retry-After", str(seconds))])


def _as_error(run: Run, match: Match, definition: FaultDefinition, kind: str) -> Answer:
    """Return the API's answer for an error kind."""
    wait = None if definition.retry_after is None else definition.retry_after * SECOND
    refusal = _refusal(run, kind, forced_until(kind, run.now, wait))
    refusal.headers = _needed_headers(run, match, kind)
    exchange = run.exchange
    accept = exchange.request.accept
    answer = render_refusal(
        refusal,
        run.api,
        run.operation,
        run.scope,
        exchange.at,
        ErrorCriteria(accept, run.options.conventions),
    )
    _set_retry_after(answer, definition.retry_after)
    exchange.refusal = refusal
    # Time lifts no fault: what happens next is in the entry of the fault.
    run.append(Refused(kind, refusal.message, refusal.source, None))
    run.append(Answered(answer.status, f"error kind {kind}"))
    return answer


def _refusal(run: Run, kind: str, passes_at: Instant | None) -> Refusal:
    """Make a refusal, with the operation's own message for the kind if it has one."""
    for otherwise in _refusals(run):
        if otherwise.kind == kind and (otherwise.message or otherwise.field) is not None:
            try:
                return refusal_of(otherwise, run.scope, _MESSAGE, None, passes_at)
            except ExpressionError:  # the message may need a name that no step has bound
                continue
    if kind == Kind.UNAUTHENTICATED and run.operation.security:
        return security.missing_credential(run)
    return Refusal(kind, _MESSAGE, passes_at=passes_at)


def _refusals(run: Run) -> Iterator[Otherwise]:
    """Yield the refusals of an operation, those of test values first."""
    for group in run.operation.test_values:
        yield from (effect.error for effect in group.effects.values() if effect.error is not None)
    if run.operation.program is not None:
        yield from (step.otherwise for step in run.operation.program.steps)
    yield from (limit.otherwise for limit in run.operation.limits)


def _needed_headers(run: Run, match: Match, kind: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that the status of a kind requires (RFC 9110, 15.5)."""
    if kind == Kind.METHOD_NOT_ALLOWED:
        return (("Allow", cors.allowed(match.methods, run.options)),)
    if kind == Kind.UNAUTHENTICATED and run.operation.security:
        return security.missing_credential(run).headers
    return ()
