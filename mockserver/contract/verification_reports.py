"""Reports of a verification: for people, as JSON, and as JUnit's XML."""

from collections.abc import Iterable, Iterator, Mapping

from mockserver import __version__
from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED, names_secret
from mockserver.contract.answer_comparison import ABSENT, Difference, shown
from mockserver.contract.junit import JunitCase, JunitResult, JunitSuite, junit_xml
from mockserver.contract.secret_hiding import Hiding
from mockserver.contract.verification_outcomes import Outcome, Verdict, VerificationRun, summary

_MARKS = {
    Verdict.AGREES: "ok     ",
    Verdict.DRIFTED: "DRIFT  ",
    Verdict.SKIPPED: "skipped",
    Verdict.FAILED: "FAILED ",
}


def text_report(run: VerificationRun, hide: Hiding) -> Iterator[str]:
    """Yield the lines of a report that people read, operation by operation."""
    yield f"{run.api} against {run.address}"
    for operation, outcomes in run.by_operation():
        yield f"\n{operation.id}  {operation.method} {operation.path}"
        for outcome in outcomes:
            yield from map(hide, _outcome_lines(outcome))
    yield f"\n{_totals(run)}"


def _totals(run: VerificationRun) -> str:
    counts = summary((str(verdict), run.count(verdict)) for verdict in Verdict)
    number = len(run.outcomes)
    return f"{number} interaction{'' if number == 1 else 's'}: {counts}"


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    because = f": {outcome.because}" if outcome.because else ""
    yield f"  {_MARKS[outcome.verdict]}  {outcome.placed.name}{because}"
    if outcome.differences:
        yield f"           {outcome.placed.source}"
    for difference in outcome.differences:
        yield from (f"           {line}" for line in difference_lines(difference))


def difference_lines(difference: Difference) -> Iterator[str]:
    """Yield a difference as a diff: the place, what was expected, what was found."""
    expected, found = _sides(difference)
    told = " as documented" if difference.because == "document" else ""
    yield difference.place
    yield f"  - expected{told}: {expected}"
    yield f"  + found: {found}"


def _sides(difference: Difference) -> tuple[str, str]:
    name = difference.pointer.rpartition("/")[2]
    is_text = isinstance(difference.found, str) and difference.where != "body"
    found = str(difference.found) if is_text else shown(difference.found)
    if not names_secret(name) or difference.found is ABSENT:
        return difference.expected, found
    is_value = difference.because == "equal"
    return REDACTED if is_value else difference.expected, REDACTED


def json_report(run: VerificationRun, hide: Hiding) -> JsonValue:
    """Make the report as JSON."""
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
                "interactions": [_json_outcome(outcome, hide) for outcome in outcomes],
            }
            for operation, outcomes in run.by_operation()
        ],
    }


def _json_outcome(outcome: Outcome, hide: Hiding) -> JsonValue:
    return {
        "name": outcome.placed.name,
        "verdict": str(outcome.verdict),
        "because": hide(outcome.because),
        "source": str(outcome.placed.source),
        "seconds": round(outcome.seconds, 3),
        "differences": [_json_difference(one, hide) for one in outcome.differences],
    }


def _json_difference(difference: Difference, hide: Hiding) -> JsonValue:
    expected, found = _sides(difference)
    return {
        "place": difference.place,
        "where": difference.where,
        "pointer": difference.pointer,
        "rule": difference.because,
        "expected": hide(expected),
        "found": hide(found),
    }


def junit_report(runs: Iterable[VerificationRun], hide: Hiding) -> bytes:
    """Write a suite for each run, with a case for each interaction."""
    return junit_xml("mockserver verify", (_junit_suite(run, hide) for run in runs)).encode()


def _junit_suite(run: VerificationRun, hide: Hiding) -> JunitSuite:
    cases = [_junit_case(run, outcome, hide) for outcome in run.outcomes]
    return JunitSuite(run.api, cases, {"address": run.address})


def _junit_case(run: VerificationRun, outcome: Outcome, hide: Hiding) -> JunitCase:
    places = ", ".join(difference.place for difference in outcome.differences)
    lines = (line for one in outcome.differences for line in difference_lines(one))
    return JunitCase(
        classname=f"{run.api}.{outcome.operation.id}",
        name=outcome.placed.name,
        result=_JUNIT_RESULTS.get(outcome.verdict),
        message=hide(outcome.because or places),
        details=hide("\n".join(lines)),
        seconds=outcome.seconds,
    )


_JUNIT_RESULTS: Mapping[Verdict, JunitResult] = {
    Verdict.DRIFTED: "failure",
    Verdict.FAILED: "error",
    Verdict.SKIPPED: "skipped",
}
