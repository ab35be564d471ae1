"""Request the contract coverage from a mockserver, and report it as text or JUnit XML.

`cli/coverage_command.py` calls `fetch` and the reports; `coverage_page.py` writes the same as HTML.
`fetch` asks the control API about one sandbox or all, and returns a `Coverage` (shares and counts
of each API), or raises `TargetError` if the service cannot be reached, rejects the call or is no
mockserver. `Coverage.share` is a percentage, 100 if nothing is documented; `missing` yields what
was never seen. `text_report` yields lines, `junit_report` returns bytes. The mockserver counts; no
file is written here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from mockserver.contract.junit import JunitCase, JunitSuite, junit_xml
from mockserver.contract.targets import TargetError, ask_control

if TYPE_CHECKING:
    import httpx

PARTS = ("operations", "responses", "parameters", "examples")
Part = Literal["operations", "responses", "parameters", "examples"]


class Share(BaseModel):
    """A number of documented parts, and how many of them were seen."""

    seen: int
    documented: int


class ExampleReport(BaseModel):
    """A documented example of a response, and how often it was sent."""

    name: str
    media_type: str
    seen: int


class Response(BaseModel):
    """A documented response, and how often it was sent."""

    status: str
    seen: int
    examples: list[ExampleReport]


class ParameterReport(BaseModel):
    """A documented parameter, and how often a request had it."""

    where: str
    name: str
    seen: int


class Undocumented(BaseModel):
    """A status that was sent although the document does not describe it."""

    status: int
    seen: int


class OperationReport(BaseModel):
    """The coverage of an operation."""

    id: str
    method: str
    path: str
    requests: int
    responses: list[Response]
    parameters: list[ParameterReport]
    undocumented: list[Undocumented]


class ApiCoverage(BaseModel):
    """The coverage of an API."""

    name: str
    totals: dict[Part, Share]
    operations: list[OperationReport]


class Coverage(BaseModel):
    """The coverage of several APIs."""

    apis: list[ApiCoverage]

    def share(self, parts: Sequence[str] = PARTS) -> float:
        """Return the covered share of some parts in percent; 100 if nothing is documented."""
        shares = [share for api in self.apis for part, share in api.totals.items() if part in parts]
        documented = sum(share.documented for share in shares)
        return 100 * sum(share.seen for share in shares) / documented if documented else 100.0


@dataclass(frozen=True, slots=True)
class Missing:
    """A documented part of an operation that was never seen."""

    api: str
    operation: str
    what: str


def fetch(
    client: "httpx.Client", url: str, api: str | None, sandbox: str | None, token: str | None
) -> Coverage:
    """Request the coverage from the control API of a mockserver.

    Args:
        client: Sends the request.
        url: Address of the mockserver.
        api: Name of the only API to report, or None for all.
        sandbox: Name of the only sandbox to count, or None for all.
        token: The control token, if the mockserver requires one.

    Raises:
        TargetError: If the mockserver cannot be reached, or does not report its coverage.
    """
    query = f"sandbox={quote(sandbox, safe='')}" if sandbox else "everywhere=true"
    query += f"&api={quote(api, safe='')}" if api else ""
    answer: Any = ask_control(client, url, f"coverage?{query}", token)
    try:
        return Coverage.model_validate(answer)
    except ValidationError:
        raise TargetError(f"the service at {url} sent no valid coverage report") from None


def missing(coverage: Coverage) -> Iterator[Missing]:
    """Yield the documented parts that were never seen."""
    for api in coverage.apis:
        for operation in api.operations:
            if not operation.requests:
                yield Missing(api.name, operation.id, "never called")
                continue
            for what in _missing(operation):
                yield Missing(api.name, operation.id, what)


def _missing(operation: OperationReport) -> Iterator[str]:
    for response in operation.responses:
        if not response.seen:
            yield f"status {response.status}"
        for example in response.examples:
            if response.seen and not example.seen and example.name:
                yield f"example {example.name}"
    for parameter in operation.parameters:
        if not parameter.seen:
            yield f"{parameter.where} parameter {parameter.name}"


def text_report(coverage: Coverage) -> Iterator[str]:
    """Yield the lines of a table of the APIs and a list of the parts that were never seen."""
    names = [api.name for api in coverage.apis]
    width = max(map(len, names), default=0)
    yield f"{'':<{width}}  " + "  ".join(f"{part:>11}" for part in PARTS)
    for api in coverage.apis:
        cells = (_cell(api.totals, part) for part in PARTS)
        yield f"{api.name:<{width}}  " + "  ".join(f"{cell:>11}" for cell in cells)
    for one in missing(coverage):
        yield f"never seen: {one.api} {one.operation}: {one.what}"
    yield f"{coverage.share():.1f} % of the contract was exercised"


def _cell(totals: Mapping[Part, Share], part: str) -> str:
    share = next(found for name, found in totals.items() if name == part)
    return f"{share.seen}/{share.documented}"


def junit_report(coverage: Coverage) -> bytes:
    """Write a suite for each API, with its shares as properties and a case for each operation."""
    return junit_xml("mockserver coverage", map(_junit_suite, coverage.apis)).encode()


def _junit_suite(api: ApiCoverage) -> JunitSuite:
    cases = [_junit_case(api.name, operation) for operation in api.operations]
    return JunitSuite(f"coverage of {api.name}", cases, dict(_junit_properties(api)))


def _junit_properties(api: ApiCoverage) -> Iterator[tuple[str, str]]:
    for part, share in api.totals.items():
        percent = 100 * share.seen / share.documented if share.documented else 100.0
        yield f"{part}.seen", str(share.seen)
        yield f"{part}.documented", str(share.documented)
        yield f"{part}.percent", f"{percent:.1f}"


def _junit_case(api: str, operation: OperationReport) -> JunitCase:
    if not operation.requests:
        return JunitCase(api, operation.id, "skipped", message="never called")
    unseen = "\n".join(_missing(operation))
    return JunitCase(api, operation.id, output=unseen and f"never seen:\n{unseen}")
