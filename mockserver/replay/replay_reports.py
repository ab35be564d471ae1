"""Report what came of a replay as lines of text, or as JUnit XML, and its exit code.

`cli/replay_command.py` prints `text_report` and `totals`, writes `junit_report`, and exits by
`exit_code`: 1 if an answer differs; else 2 if no request was played; else 0. Equal answers are
counted, not listed. Values of secret names are replaced, as are credentials of requests
(`credentials_of`), and long values are cut off afterwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mockserver.base.json import unescape
from mockserver.base.secrets import REDACTED, names_any_secret, names_secret
from mockserver.contract.junit import JunitCase, JunitResult, JunitSuite, junit_xml
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.verification_outcomes import summary
from mockserver.replay.saved_history import SavedCall, SavedEntry, SavedHistory

if TYPE_CHECKING:
    from mockserver.replay.answer_differences import AnswerDifference
    from mockserver.replay.playing import ReplayOutcome

_MARKS = {"equal": "ok     ", "differs": "DIFFERS", "not played": "skipped"}
_JUNIT: dict[str, JunitResult] = {"differs": "failure", "not played": "skipped"}
_MAX_LENGTH = 500
"""Characters of a value."""


def exit_code(outcomes: Sequence["ReplayOutcome"]) -> int:
    """0: all answers are equal; 1: one differs; 2: no request was played."""
    if any(one.result == "differs" for one in outcomes):
        return 1
    is_tried = any(one.result == "equal" and isinstance(one.step, SavedEntry) for one in outcomes)
    return 0 if is_tried else 2


def credentials_of(history: SavedHistory) -> Redactor:
    """Return what replaces the credentials that requests of a history present."""
    redact = Redactor()
    for step in history.steps:
        for pair in step.request.headers if isinstance(step, SavedEntry) else ():
            if names_secret(pair.name) and pair.value != REDACTED:
                redact.add(pair.value, pair.value.rpartition(" ")[2])
    return redact


def text_report(outcomes: Iterable["ReplayOutcome"], redact: Redactor) -> Iterator[str]:
    """Yield the lines about what differs or was not played."""
    for outcome in outcomes:
        if outcome.result != "equal":
            reason = f": {outcome.reason}" if outcome.reason else ""
            yield redact(f"  {_MARKS[outcome.result]}  {_name(outcome.step)}{reason}")
            yield from (f"           {line}" for line in _lines(outcome, redact))


def totals(outcomes: Sequence["ReplayOutcome"]) -> str:
    """Return the counts of requests and of control calls."""
    requests = [one for one in outcomes if isinstance(one.step, SavedEntry)]
    calls = [one for one in outcomes if isinstance(one.step, SavedCall)]
    text = f"{_number(len(requests), 'request')}: {_counts(requests)}"
    return f"{text}; {_number(len(calls), 'control call')}: {_counts(calls)}" if calls else text


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _counts(outcomes: Sequence["ReplayOutcome"]) -> str:
    results = [str(one.result) for one in outcomes]
    return summary((name, results.count(name)) for name in _MARKS)


def _name(step: SavedEntry | SavedCall) -> str:
    if isinstance(step, SavedCall):
        return f"{step.method} {step.target}"
    target = urlsplit(step.request.url)
    query = f"?{target.query}" if target.query else ""
    name = f"{step.request.method} {target.path}{query}"
    return f"{step.details.id}  {name}" if step.details.id else name


def _lines(outcome: "ReplayOutcome", redact: Redactor) -> Iterator[str]:
    """Yield the lines about each difference, and about the decision that is its cause."""
    for difference in outcome.differences:
        yield redact(difference.place)
        if difference.before or difference.now:
            before, now = _shown(difference)
            yield f"  - before: {_cut(redact(before))}"
            yield f"  + now: {_cut(redact(now))}"
    if (decision := outcome.decision) is not None and decision.is_same:
        yield f"after the same decisions: {_cut(redact(decision.now))}"
    elif decision is not None:
        yield "because of the decision"
        yield f"  - before: {_cut(redact(decision.before))}"
        yield f"  + now: {_cut(redact(decision.now))}"


def _shown(difference: "AnswerDifference") -> tuple[str, str]:
    """Return both values, unless a name of their place is one of a secret."""
    place = difference.place.removeprefix("header ")
    if any(names_any_secret(unescape(token)) for token in place.split("/")):
        return REDACTED, REDACTED
    return difference.before, difference.now


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def junit_report(file: str, outcomes: Iterable["ReplayOutcome"], redact: Redactor) -> bytes:
    """Write a suite with a case for each step."""
    cases = [_case(outcome, redact) for outcome in outcomes]
    return junit_xml("mockserver replay", [JunitSuite(file, cases)]).encode()


def _case(outcome: "ReplayOutcome", redact: Redactor) -> JunitCase:
    step = outcome.step
    where = "control"
    if isinstance(step, SavedEntry):
        where = f"{step.details.api or 'no API'}.{step.details.operation or 'no operation'}"
    places = ", ".join(one.place for one in outcome.differences)
    return JunitCase(
        classname=where,
        name=redact(_name(step)),
        result=_JUNIT.get(outcome.result),
        message=redact(outcome.reason or places),
        details="\n".join(_lines(outcome, redact)),
    )
