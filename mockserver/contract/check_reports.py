"""Report a check as text, JSON, SARIF, JUnit XML, or annotations of GitHub workflows.

`cli/check_command.py` chooses a function of `FORMATS` and prints the text that it returns. All get
a `CheckResult` (`checking.py`). Each problem has its code and place; JSON and SARIF also list what
documents ignore, and only the text lists files that are no documents. Nothing is printed, and no
exit code chosen here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import orjson

from mockserver import __version__
from mockserver.base.json import JsonValue
from mockserver.base.problem_codes import ProblemCode, problem_codes
from mockserver.base.problem_switches import IgnoredProblem
from mockserver.base.problems import Severity, left_out
from mockserver.contract.checking import DOCUMENT, INTERACTION, CheckResult, Finding
from mockserver.contract.junit import JunitCase, JunitSuite, junit_xml
from mockserver.model.api import Api

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
"""The commands of GitHub workflows by severity."""
_PAGE = "https://github.com/mockserver-py/mockserver/blob/main/docs/problems.md"
_NO_KEYS = "it has none of the keys openapi, swagger and overlay"


def text_report(checked: CheckResult) -> str:
    """Write a line for each problem, then one for each API that would be served."""
    lines = [str(finding.problem) for finding in checked.findings]
    if checked.is_refused:
        number = _count(len(checked.findings), "problem")
        return "\n".join([*lines, f"{number}; nothing is served."])
    lines += [line for api in checked.apis for line in _api_lines(api, checked)]
    lines += [f"{file}: not a document: {_NO_KEYS}" for file in checked.skipped]
    return "\n".join([*lines, *_interactions_line(checked)])


def _api_lines(api: Api, checked: CheckResult) -> Iterator[str]:
    """Yield the counts of an API, and the resources whose state is kept."""
    counts = [_count(len(api.operations), "operation")]
    if number := checked.interactions.get(api.name, 0):
        counts.append(_count(number, "interaction"))
    yield f"{api.source.file}: {api.name}: {', '.join(counts)}, {_summary(api, checked)}"
    if api.recognised is not None:
        yield f"  {api.recognised.sentence(api.name)}"
        yield from (
            f"  {left.source}: note: {left.message} [{left.code}]" for left in api.recognised.left
        )


def _summary(api: Api, checked: CheckResult) -> str:
    problems = checked.problems.get(api.name, ())
    left = left_out(problems)
    notes = len(problems) - left
    found = [f"{_count(left, 'problem')}, left out"] if left else []
    found += [_count(notes, "note")] if notes else []
    ignored = checked.ignored_of.get(api.name, 0)
    found += [f"{ignored} ignored"] if ignored else []
    return ", ".join(found) or "no problems"


def _interactions_line(checked: CheckResult) -> Iterator[str]:
    number = sum(finding.rule == INTERACTION for finding in checked.findings)
    if number:
        yield f"{_count(number, 'problem')} in interactions."


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def json_report(checked: CheckResult) -> str:
    """Write the APIs and the problems as JSON."""
    report = {
        "mockserver": __version__,
        "apis": [
            {
                "name": api.name,
                "file": api.source.file,
                "operations": len(api.operations),
                "interactions": checked.interactions.get(api.name, 0),
            }
            for api in checked.apis
        ],
        "problems": [_json_problem(finding) for finding in checked.findings],
        "ignored": [_json_ignored(one) for one in checked.ignored],
    }
    return _json_text(report)


def _json_ignored(ignored: IgnoredProblem) -> JsonValue:
    return {**_json_problem(Finding(DOCUMENT, ignored.problem)), "reason": ignored.switch.reason}


def _json_problem(finding: Finding) -> dict[str, JsonValue]:
    source = finding.source
    return {
        "code": finding.problem.code,
        "rule": finding.rule,
        "severity": str(finding.problem.severity),
        "message": finding.problem.message,
        "hint": finding.problem.hint,
        "file": source.file,
        "line": source.line,
        "column": source.column,
        "pointer": source.pointer,
    }


def _json_text(value: JsonValue) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def sarif_report(checked: CheckResult) -> str:
    """Write the problems as SARIF 2.1.0, the format of code scanning."""
    rules: list[JsonValue] = [
        _sarif_rule(problem_codes()[code]) for code in sorted(_codes(checked))
    ]
    driver = {"name": "mockserver", "version": __version__, "rules": rules}
    results = [_sarif_result(finding) for finding in checked.findings]
    results += [_sarif_ignored(one) for one in checked.ignored]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _json_text({"$schema": schema, "version": "2.1.0", "runs": [run]})


def _codes(checked: CheckResult) -> set[str]:
    reported = {finding.problem.code for finding in checked.findings}
    return reported | {ignored.problem.code for ignored in checked.ignored}


def _sarif_rule(code: ProblemCode) -> JsonValue:
    return {
        "id": code.code,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.explanation},
        "helpUri": f"{_PAGE}#{code.code.lower()}",
        "defaultConfiguration": {"level": str(code.severity)},
        "properties": {"tags": [code.group]},
    }


def _sarif_ignored(ignored: IgnoredProblem) -> JsonValue:
    suppression = {"kind": "inSource", "justification": ignored.switch.reason}
    result = _sarif_result(Finding(DOCUMENT, ignored.problem))
    return {**result, "suppressions": [suppression]}


def _sarif_result(finding: Finding) -> dict[str, JsonValue]:
    source = finding.source
    place = {
        "artifactLocation": {"uri": quote(Path(source.file).as_posix())},
        "region": {"startLine": source.line, "startColumn": source.column},
    }
    location: JsonValue = {"physicalLocation": place}
    if source.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": source.pointer}]
    return {
        "ruleId": finding.problem.code,
        "level": str(finding.problem.severity),
        "message": {"text": _message(finding)},
        "locations": [location],
    }


def _message(finding: Finding) -> str:
    hint = f" ({finding.problem.hint})" if finding.problem.hint else ""
    return f"{finding.problem.message}{hint}"


def junit_report(checked: CheckResult) -> str:
    """Write a test case for each file: it fails as the check does, or prints what was found."""
    files: dict[str, list[Finding]] = {api.source.file: [] for api in checked.apis}
    for finding in checked.findings:
        files.setdefault(finding.source.file, []).append(finding)
    suite = JunitSuite("check", [_junit_case(checked, *item) for item in files.items()])
    return junit_xml("mockserver check", [suite]).rstrip()


def _junit_case(checked: CheckResult, file: str, findings: Sequence[Finding]) -> JunitCase:
    text = "\n".join(str(finding.problem) for finding in findings)
    if not any(map(checked.fails, findings)):
        return JunitCase("mockserver.check", file, output=text)
    number = _count(len(findings), "problem")
    return JunitCase("mockserver.check", file, "failure", message=number, details=text)


def github_report(checked: CheckResult) -> str:
    """Write workflow commands, by which GitHub annotates the files of a pull request."""
    return "\n".join(_annotations(checked))


def _annotations(checked: CheckResult) -> Iterator[str]:
    for finding in checked.findings:
        source = finding.source
        properties = (
            f"file={_escape_property(source.file)},line={source.line},col={source.column},"
            f"title={_escape_property(_title(finding))}"
        )
        level = _LEVELS[finding.problem.severity]
        yield f"::{level} {properties}::{_escape_data(_message(finding))}"


def _title(finding: Finding) -> str:
    return f"{finding.problem.code} {finding.source.pointer}".rstrip()


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: Mapping[str, Callable[[CheckResult], str]] = {
    "text": text_report,
    "json": json_report,
    "sarif": sarif_report,
    "junit": junit_report,
    "github": github_report,
}
