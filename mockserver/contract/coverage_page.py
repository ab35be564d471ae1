"""Write the coverage report as one self-contained HTML page.

`cli/coverage_command.py` calls `html_report` with a `Coverage` of `contract_coverage.py`, and
writes the text that it returns to a file. The page has no script and loads nothing; names from
documents are escaped.
"""

from collections.abc import Iterator

from mockserver.base.html import (
    Markup,
    html_document,
    inline_style,
    join,
    style_policy,
    tag,
)
from mockserver.contract.contract_coverage import PARTS, ApiCoverage, Coverage, OperationReport

_STYLE = """
:root { color-scheme: light dark; --seen: #1a7f37; --missing: #cf222e; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; padding: .4rem 0; }
code { font-family: ui-monospace, monospace; }
.seen::before { content: "\\2713  "; color: var(--seen); }
.missing::before { content: "\\2717  "; color: var(--missing); }
li { list-style: none; }
meter { width: 10rem; }
"""


def html_report(coverage: Coverage) -> str:
    """Write the page."""
    policy = tag("meta", http_equiv="Content-Security-Policy", content=style_policy(_STYLE))
    main = tag(
        "main",
        tag("h1", f"Contract coverage: {coverage.share():.1f} %"),
        _totals(coverage),
        *(_api(api) for api in coverage.apis),
    )
    return html_document("Contract coverage", main, head=[policy, inline_style(_STYLE)])


def _totals(coverage: Coverage) -> Markup:
    heads = [tag("th", name, scope="col") for name in ("API", *(part.title() for part in PARTS))]
    return tag("table", tag("tr", *heads), *(_row(api) for api in coverage.apis))


def _row(api: ApiCoverage) -> Markup:
    shares = [api.totals[part] for part in PARTS if part in api.totals]
    cells = [tag("td", f"{share.seen} of {share.documented}", class_="number") for share in shares]
    return tag("tr", tag("th", api.name, scope="row"), *cells)


def _api(api: ApiCoverage) -> Markup:
    percent = f"{Coverage(apis=[api]).share():.1f}"
    words = f"{percent} %"
    meter = tag("meter", words, min="0", max="100", value=percent)
    heading = tag("h2", api.name, " ", meter, f" {words}")
    return join([heading, *(_operation(operation) for operation in api.operations)])


def _operation(operation: OperationReport) -> Markup:
    title = tag("code", f"{operation.method} {operation.path}")
    times = f"{operation.requests} request{'' if operation.requests == 1 else 's'}"
    marked = tag("span", title, class_=_mark(operation.requests))
    summary = tag("summary", marked, f" {operation.id}, {times}")
    return tag("details", summary, tag("ul", *_items(operation)))


def _items(operation: OperationReport) -> Iterator[Markup]:
    for response in operation.responses:
        yield _item(f"status {response.status}", response.seen)
        for example in response.examples:
            yield _item(f"example {example.name or example.media_type}", example.seen)
    for parameter in operation.parameters:
        yield _item(f"{parameter.where} parameter {parameter.name}", parameter.seen)
    for extra in operation.undocumented:
        yield tag("li", f"status {extra.status}, not in the document: {extra.seen}")


def _item(name: str, seen: int) -> Markup:
    return tag("li", f"{name}: {seen or 'never'}", class_=_mark(seen))


def _mark(seen: int) -> str:
    return "seen" if seen else "missing"
