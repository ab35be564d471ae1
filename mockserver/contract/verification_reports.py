"""Report a `VerificationRun` as lines of text, as a JSON value, or as JUnit XML (several runs).

`cli/verify_command.py` is the only caller; it prints and writes the reports, and exits. Known
secrets are removed from places, reasons and values by the `Redactor` that the caller passes, before
a value is cut off. A found value is also hidden if a name of its place is one of a secret, as are
members with such names inside it; the expected one only if it is compared as equal.
Addresses, files and (in JSON and JUnit XML) names of interactions stay as they are.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from mockserver import __version__
from mockserver.base.json import JsonValue, unescape
from mockserver.base.secrets import REDACTED, names_any_secret
from mockserver.contract.answer_comparison import ABSENT, Difference, as_json
from mockserver.contract.junit import JunitCase, JunitResult, JunitSuite, junit_xml
from mockserver.contract.secret_hiding import Redactor, without_secrets
from mockserver.contract.verification_outcomes import Outcome, Verdict, VerificationRun, summary

_MARKS = {
    Verdict.AGREES: "ok     ",
    Verdict.DRIFTED: "DRIFT  ",
    Verdict.SKIPPED: "skipped",
    Verdict.FAILED: "FAILED ",
}
_MAX_LENGTH = 500
"""Characters of an expected or a found value."""


def text_report(run: VerificationRun, redact: Redactor) -> Iterator[str]:
    """Yield the lines of the text report, grouped by operation."""
    yield f"{run.api} against {run.address}"
    for operation, outcomes in run.by_operation():
        yield f"\n{operation.id}  {operation.method} {operation.path}"
        for outcome in outcomes:
            yield from map(redact, _outcome_lines(outcome, redact))
    yield f"\n{_totals(run)}"


def _totals(run: VerificationRun) -> str:
    counts = summary((str(verdict), run.count(verdict)) for verdict in Verdict)
    number = len(run.outcomes)
    return f"{number} interaction{'' if number == 1 else 's'}: {counts}"


def _outcome_lines(outcome: Outcome, redact: Redactor) -> Iterator[str]:
    reason = f": {outcome.reason}" if outcome.reason else ""
    yield f"  {_MARKS[outcome.verdict]}  {outcome.placed.name}{reason}"
    if outcome.differences:
        yield f"           {outcome.placed.source}"
    for difference in outcome.differences:
        yield from (f"           {line}" for line in _difference_lines(difference, redact))


def _difference_lines(difference: Difference, redact: Redactor) -> Iterator[str]:
    """Yield the lines of a difference: the place, the expected value, the found value."""
    expected, found = _expected_and_found(difference, redact)
    source_of_rule = " as documented" if difference.rule == "document" else ""
    yield difference.place
    yield f"  - expected{source_of_rule}: {expected}"
    yield f"  + found: {found}"


def _expected_and_found(difference: Difference, redact: Redactor) -> tuple[str, str]:
    """Return both values without secrets, and only then cut off: a part of a secret is secret."""
    expected, found = _values(difference)
    return _cut(redact(expected)), _cut(redact(found))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def _values(difference: Difference) -> tuple[str, str]:
    """Return the expected and the found value without the values of secret names."""
    is_value = difference.rule == "equal"
    if any(names_any_secret(unescape(token)) for token in difference.pointer.split("/")):
        hidden = as_json(ABSENT) if difference.found is ABSENT else REDACTED
        return REDACTED if is_value else difference.expected, hidden
    is_body = difference.where == "body"
    expected = _expected(difference.expected) if is_value and is_body else difference.expected
    if isinstance(difference.found, str) and not is_body:
        return expected, difference.found
    found = difference.found if difference.found is ABSENT else without_secrets(difference.found)
    return expected, as_json(found)


def _expected(text: str) -> str:
    """Return an expected value without secret members; it is JSON, or a description."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    shown = without_secrets(value)
    return text if shown == value else as_json(shown)


def json_report(run: VerificationRun, redact: Redactor) -> JsonValue:
    """Return the report as a JSON value."""
    return {
        "mockserver": __version__,
        "api": run.api,
        "address": run.address,
        "exit_code": run.exit_code,
        "counts": {str(verdict): run.count(verdict) for verdict in Verdict},
        "operations": [
            {
                "id": operation.id,
                "method": operation.method,
                "path": operation.path,
                "interactions": [_json_outcome(outcome, redact) for outcome in outcomes],
            }
            for operation, outcomes in run.by_operation()
        ],
    }


def _json_outcome(outcome: Outcome, redact: Redactor) -> JsonValue:
    return {
        "name": outcome.placed.name,
        "verdict": str(outcome.verdict),
        "because": redact(outcome.reason),
        "source": str(outcome.placed.source),
        "seconds": round(outcome.seconds, 3),
        "differences": [_json_difference(one, redact) for one in outcome.differences],
    }


def _json_difference(difference: Difference, redact: Redactor) -> JsonValue:
    expected, found = _expected_and_found(difference, redact)
    return {
        "place": redact(difference.place),
        "where": difference.where,
        "pointer": redact(difference.pointer),
        "rule": difference.rule,
        "expected": expected,
        "found": found,
    }


def junit_report(runs: Iterable[VerificationRun], redact: Redactor) -> bytes:
    """Write a suite for each run, with a case for each interaction."""
    return junit_xml("mockserver verify", (_junit_suite(run, redact) for run in runs)).encode()


def _junit_suite(run: VerificationRun, redact: Redactor) -> JunitSuite:
    cases = [_junit_case(run, outcome, redact) for outcome in run.outcomes]
    return JunitSuite(run.api, cases, {"address": run.address})


def _junit_case(run: VerificationRun, outcome: Outcome, redact: Redactor) -> JunitCase:
    places = ", ".join(difference.place for difference in outcome.differences)
    lines = (line for one in outcome.differences for line in _difference_lines(one, redact))
    return JunitCase(
        classname=f"{run.api}.{outcome.operation.id}",
        name=outcome.placed.name,
        result=_JUNIT_RESULTS.get(outcome.verdict),
        message=redact(outcome.reason or places),
        details=redact("\n".join(lines)),
        seconds=outcome.seconds,
    )


_JUNIT_RESULTS: Mapping[Verdict, JunitResult] = {
    Verdict.DRIFTED: "failure",
    Verdict.FAILED: "error",
    Verdict.SKIPPED: "skipped",
}
