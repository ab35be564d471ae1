"""Reports of a verification: for people, as JSON, and as JUnit's XML."""

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from mockserver import __version__
from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED, names_secret
from mockserver.contract.answer_comparison import ABSENT, Difference, shown
from mockserver.contract.secret_hiding import Hiding
from mockserver.contract.verification_outcomes import Outcome, Verdict, VerificationRun, summary

_MARKS = {
    Verdict.AGREES: "ok     ",
    Verdict.DRIFTED: "DRIFT  ",
    Verdict.SKIPPED: "skipped",
    Verdict.FAILED: "FAILED ",
}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
    """Make the report as the XML that CI services read."""
    root = ET.Element("testsuites", name="mockserver verify")
    for run in runs:
        root.append(_suite(run, hide))
    ET.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n%s\n' % bytes(ET.tostring(root, "utf-8"))


def _suite(run: VerificationRun, hide: Hiding) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        name=run.api,
        tests=str(len(run.outcomes)),
        failures=str(run.count(Verdict.DRIFTED)),
        errors=str(run.count(Verdict.FAILED)),
        skipped=str(run.count(Verdict.SKIPPED)),
        time=f"{sum(outcome.seconds for outcome in run.outcomes):.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="address", value=run.address)
    suite.extend(_case(run, outcome, hide) for outcome in run.outcomes)
    return suite


def _case(run: VerificationRun, outcome: Outcome, hide: Hiding) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=f"{run.api}.{outcome.operation.id}",
        name=xml_text(outcome.placed.name),
        time=f"{outcome.seconds:.3f}",
    )
    element = _ELEMENTS.get(outcome.verdict)
    if element is not None:
        places = ", ".join(difference.place for difference in outcome.differences)
        message = xml_text(hide(outcome.because or places))
        child = ET.SubElement(case, element, message=message)
        lines = (line for one in outcome.differences for line in difference_lines(one))
        child.text = xml_text(hide("\n".join(lines)))
    return case


_ELEMENTS = {
    Verdict.DRIFTED: "failure",
    Verdict.FAILED: "error",
    Verdict.SKIPPED: "skipped",
}


def xml_text(text: str) -> str:
    """Leave out characters that XML 1.0 cannot hold (section 2.2)."""
    return _NOT_XML.sub("\ufffd", text)
