"""Validate documents and their interactions without a server, and collect all problems.

`cli/check_command.py` calls `check` with a function that loads documents. It samples answers,
validates interactions, and returns a `CheckResult`: `findings`, and apart what documents turn off;
its `exit_code()` is 2 for errors, 1 for warnings (0 if lenient). `SpecError` becomes findings;
other errors of loading, such as `SettingsError`, are raised. `document_changes.py` uses
`contradictions` of single interactions. Requests are checked only if no error is expected and their
placeholders have defaults or expected answers; expected answers may lack required members.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problem_switches import (
    IgnoredProblem,
    unused_switches,
    without_ignored,
)
from mockserver.base.problems import Severity, SpecProblem, in_reading_order, strictly
from mockserver.contract.conformance import Contract
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.interactions import PlacedInteraction
from mockserver.contract.request_writing import fill
from mockserver.contract.variables import UnsetPlaceholderError, Variables
from mockserver.engine.answer_check import check_answers
from mockserver.engine.documented_answers import response_for
from mockserver.model.api import Api, Operation
from mockserver.model.contents import Validator
from mockserver.model.refusal import Violation

DOCUMENT = "document"
INTERACTION = "interaction"
_FIRST_ERROR_STATUS = 400
_HINT = "see the schema in the document"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, and the kind of file that has it."""

    rule: str
    """`document` or `interaction`."""
    problem: SpecProblem

    @property
    def source(self) -> Source:
        """The place of the problem."""
        return self.problem.source

    @property
    def is_error(self) -> bool:
        """True unless mockserver only ignores the part that has the problem."""
        return self.problem.severity is Severity.ERROR

    @property
    def is_warning(self) -> bool:
        """True if a part of the document is left out or read differently."""
        return self.problem.severity is Severity.WARNING


@dataclass(slots=True)
class CheckResult:
    """The APIs that were loaded, and all problems of their documents and interactions."""

    apis: list[Api] = field(default_factory=list)
    interactions: dict[str, int] = field(default_factory=dict)
    """Number of interactions by the name of an API."""
    findings: list[Finding] = field(default_factory=list)
    problems: dict[str, list[SpecProblem]] = field(default_factory=dict)
    """Problems of documents that are served without the faulty parts, by the name of the API."""
    ignored: list[IgnoredProblem] = field(default_factory=list)
    """Problems that the documents turn off."""
    ignored_of: dict[str, int] = field(default_factory=dict)
    """The number of these by the name of an API."""
    skipped: Sequence[str] = ()
    """Files that are not documents."""
    lenient: bool = False
    """Whether the check succeeds even if parts of documents are left out."""

    def exit_code(self) -> int:
        """Return 2 if there is an error, 1 if there is a warning, unless lenient, else 0."""
        if any(finding.is_error for finding in self.findings):
            return 2
        return int(any(self.fails(finding) for finding in self.findings))

    def fails(self, finding: Finding) -> bool:
        """Return True for a problem because of which the check fails."""
        return finding.is_error or (finding.is_warning and not self.lenient)

    @property
    def is_refused(self) -> bool:
        """True if the documents cannot be served."""
        return any(one.is_error and one.rule == DOCUMENT for one in self.findings)


def check(load: Callable[[], Sequence[Api]], *, strict: bool = False) -> CheckResult:
    """Load documents and the interactions of their APIs, and collect all problems.

    Args:
        load: Loads the documents.
        strict: Treat the warnings of documents as errors.
    """
    checked = CheckResult()
    try:
        checked.apis = list(load())
    except SpecError as error:
        checked.findings = [Finding(DOCUMENT, problem) for problem in error.problems]
    for api in checked.apis:
        remaining, ignored = without_ignored(dict.fromkeys(check_answers(api)), api.switches)
        ignored = [*api.ignored, *ignored]
        remaining = [*api.problems, *remaining]
        remaining += unused_switches(api.switches, ignored, remaining)
        checked.problems[api.name] = remaining
        checked.ignored += ignored
        checked.ignored_of[api.name] = len(ignored)
    warnings = in_reading_order(one for problems in checked.problems.values() for one in problems)
    if strict:
        warnings = [strictly(one) for one in warnings]
    checked.findings += [Finding(DOCUMENT, one) for one in warnings]
    for api in checked.apis:
        try:
            found = load_interactions(api)
        except SpecError as error:
            checked.findings += [Finding(INTERACTION, problem) for problem in error.problems]
            continue
        checked.interactions[api.name] = len(found)
        problems = interaction_problems(api, found)
        checked.findings += [Finding(INTERACTION, problem) for problem in problems]
    return checked


def interaction_problems(api: Api, found: Sequence[PlacedInteraction]) -> Iterator[SpecProblem]:
    """Yield the contradictions between interactions and the schemas of their document."""
    contract, answers = Contract(api), expected_answers(found)
    for placed in found:
        yield from contradictions(contract, placed, answers)


def expected_answers(found: Sequence[PlacedInteraction]) -> dict[str, JsonValue]:
    """Return the expected JSON bodies by the name of the interaction.

    References such as `${Create:/id}` are resolved against them.
    """
    return {one.name: one.interaction.answer.json_body for one in found}


def contradictions(
    contract: Contract, placed: PlacedInteraction, answers: Mapping[str, JsonValue]
) -> Iterator[SpecProblem]:
    """Yield the contradictions between one interaction and the schemas of its document."""
    operation = contract.operation_of(placed.interaction)
    if placed.interaction.answer.status < _FIRST_ERROR_STATUS:
        yield from _request_problems(contract, placed, answers)
    yield from _answer_problems(operation, placed)


def _request_problems(
    contract: Contract, placed: PlacedInteraction, answers: Mapping[str, JsonValue]
) -> Iterator[SpecProblem]:
    """Check a request whose expected status is not an error."""
    try:
        request = fill(placed.interaction.request, Variables({}, answers=dict(answers)))
    except UnsetPlaceholderError:
        return  # the value of a placeholder is known only when the request is sent
    for violation in contract.request_violations(request.as_request()):
        part = "json" if violation.where == "body" else violation.where
        source = placed.source.child("request", part)
        yield SpecProblem("MS906", _descend(source, violation.pointer), _message(violation), _HINT)


def _answer_problems(operation: Operation, placed: PlacedInteraction) -> Iterator[SpecProblem]:
    """Check the expected answer; it may lack members that the schema requires."""
    answer, source = placed.interaction.answer, placed.source.child("answer")
    documented = response_for(operation, answer.status)
    if documented is None:
        if not answer.undocumented:
            known = ", ".join(response.status for response in operation.responses)
            message = f"{operation.id} documents no status {answer.status}"
            hint = f"documented: {known}; to expect it all the same, set `undocumented: true`"
            yield SpecProblem("MS907", source.child("status"), message, hint)
        return
    schemas = [
        media.schema
        for media in documented.media
        if media.schema is not None and not media.is_stream
    ]
    if answer.has_json and schemas:
        for violation in _fewest_violations(schemas, answer.json_body):
            place = _descend(source.child("json"), violation.pointer)
            yield SpecProblem("MS907", place, _message(violation), _HINT)


def _fewest_violations(validators: Sequence[Validator], value: JsonValue) -> list[Violation]:
    """Return the violations of the schema that a possibly incomplete value violates least."""
    each = [
        [one for one in validator.violations(value) if one.keyword != "required"]
        for validator in validators
    ]
    return min(each, key=len)


def _message(violation: Violation) -> str:
    return f"{violation.field} {violation.message}"


def _descend(source: Source, pointer: str) -> Source:
    return Source(source.file, source.pointer + pointer, source.locate)
