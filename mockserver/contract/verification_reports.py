"""Reports of a verification: as text, as JSON, and as JUnit XML.

Every text that may contain a value of a request or an answer goes through a `Redactor`.
"""

from collections.abc import Iterable, Iterator, Mapping

from mockserver import __version__
from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED, names_secret
from mockserver.contract.answer_comparison import ABSENT, Difference, short_json
from mockserver.contract.junit import JunitCase, JunitResult, JunitSuite, junit_xml
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.verification_outcomes import Outcome, Verdict, VerificationRun, summary

_MARKS = {
    Verdict.AGREES: "ok     ",
    Verdict.DRIFTED: "DRIFT  ",
    Verdict.SKIPPED: "skipped",
    Verdict.FAILED: "FAILED ",
}


def text_report(run: VerificationRun, redact: Redactor) -> Iterator[str]:
    """Yield the lines of the text report, grouped by operation."""
    yield f"{run.api} against {run.address}"
    for operation, outcomes in run.by_operation():
        yield f"\n{operation.id}  {operation.method} {operation.path}"
        for outcome in outcomes:
            yield from map(redact, _outcome_lines(outcome))
    yield f"\n{_totals(run)}"


def _totals(run: VerificationRun) -> str:
    counts = summary((str(verdict), run.count(verdict)) for verdict in Verdict)
    number = len(run.outcomes)
    return f"{number} interaction{'' if number == 1 else 's'}: {counts}"


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    reason = f": {outcome.reason}" if outcome.reason else ""
    yield f"  {_MARKS[outcome.verdict]}  {outcome.placed.name}{reason}"
    if outcome.differences:
        yield f"           {outcome.placed.source}"
    for difference in outcome.differences:
        yield from (f"           {line}" for line in difference_lines(difference))


def difference_lines(difference: Difference) -> Iterator[str]:
    """Yield the lines of a difference: the place, the expected value, the found value."""
    expected, found = _expected_and_found(difference)
    source_of_rule = " as documented" if difference.rule == "document" else ""
    yield difference.place
    yield f"  - expected{source_of_rule}: {expected}"
    yield f"  + found: {found}"


def _expected_and_found(difference: Difference) -> tuple[str, str]:
    name = difference.pointer.rpartition("/")[2]
    is_text = isinstance(difference.found, str) and difference.where != "body"
    found = str(difference.found) if is_text else short_json(difference.found)
    if not names_secret(name) or difference.found is ABSENT:
        return difference.expected, found
    is_value = difference.rule == "equal"
    return REDACTED if is_value else difference.expected, REDACTED


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
    expected, found = _expected_and_found(difference)
    return {
        "place": difference.place,
        "where": difference.where,
        "pointer": difference.pointer,
        "rule": difference.rule,
        "expected": redact(expected),
        "found": redact(found),
    }


def junit_report(runs: Iterable[VerificationRun], redact: Redactor) -> bytes:
    """Write a suite for each run, with a case for each interaction."""
    return junit_xml("mockserver verify", (_junit_suite(run, redact) for run in runs)).encode()


def _junit_suite(run: VerificationRun, redact: Redactor) -> JunitSuite:
    cases = [_junit_case(run, outcome, redact) for outcome in run.outcomes]
    return JunitSuite(run.api, cases, {"address": run.address})


def _junit_case(run: VerificationRun, outcome: Outcome, redact: Redactor) -> JunitCase:
    places = ", ".join(difference.place for difference in outcome.differences)
    lines = (line for one in outcome.differences for line in difference_lines(one))
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
