"""The coverage report as an HTML page that refers to no other file."""

from collections.abc import Iterator
from html import escape

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
    """Return the page, with all texts from documents escaped."""
    share = coverage.share()
    body = "\n".join(_api(api) for api in coverage.apis)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>Contract coverage</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Contract coverage: {share:.1f} %</h1>\n{_totals(coverage)}\n{body}\n"
        "</body>\n</html>\n"
    )


def _totals(coverage: Coverage) -> str:
    head = "".join(f'<th scope="col">{part.title()}</th>' for part in PARTS)
    rows = "\n".join(_row(api) for api in coverage.apis)
    return f'<table>\n<tr><th scope="col">API</th>{head}</tr>\n{rows}\n</table>'


def _row(api: ApiCoverage) -> str:
    cells = "".join(
        f'<td class="number">{share.seen} of {share.documented}</td>'
        for part in PARTS
        for name, share in api.totals.items()
        if name == part
    )
    return f'<tr><th scope="row">{escape(api.name)}</th>{cells}</tr>'


def _api(api: ApiCoverage) -> str:
    percent = Coverage(apis=[api]).share()
    operations = "\n".join(_operation(operation) for operation in api.operations)
    meter = f'<meter min="0" max="100" value="{percent:.1f}">{percent:.1f} %</meter>'
    return f"<h2>{escape(api.name)} {meter} {percent:.1f} %</h2>\n{operations}"


def _operation(operation: OperationReport) -> str:
    items = "\n".join(_items(operation))
    title = f"<code>{escape(operation.method)} {escape(operation.path)}</code>"
    times = f"{operation.requests} request{'' if operation.requests == 1 else 's'}"
    mark = _mark(operation.requests)
    return (
        f'<details><summary><span class="{mark}">{title}</span> '
        f"{escape(operation.id)}, {times}</summary>\n<ul>\n{items}\n</ul></details>"
    )


def _items(operation: OperationReport) -> Iterator[str]:
    for response in operation.responses:
        yield _item(f"status {response.status}", response.seen)
        for example in response.examples:
            yield _item(f"example {example.name or example.media_type}", example.seen)
    for parameter in operation.parameters:
        yield _item(f"{parameter.where} parameter {parameter.name}", parameter.seen)
    for undocumented in operation.undocumented:
        told = f"status {undocumented.status}, which the document lacks: {undocumented.seen}"
        yield f"<li>{escape(told)}</li>"


def _item(name: str, seen: int) -> str:
    return f'<li class="{_mark(seen)}">{escape(name)}: {seen or "never"}</li>'


def _mark(seen: int) -> str:
    return "seen" if seen else "missing"
