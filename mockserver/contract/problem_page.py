"""Write the page of the documentation that explains the codes of problems.

Run as a program, it prints the page:
`python -m mockserver.contract.problem_page > docs/problems.md`. No other module calls it; a test
compares the page with `problem_page()`. The codes and their examples are in
`base/problem_codes.py`; nothing is loaded, checked or written to a file here.
"""

from collections.abc import Iterator

from mockserver.base.problem_codes import ProblemCode, problem_codes

_INTRODUCTION = """\
# Problems in documents

Every problem that mockserver finds in a document has a code. `mockserver check --explain MS104`
prints the explanation of one code, as on this page.

| severity | means | exit code of `check` |
|---|---|---|
| error | nothing of the document is served, or the interaction cannot be replayed | 2 |
| warning | the part is left out or changed; the rest is served | 1, or 0 with `--lenient` |
| note | nothing is left out, but something deserves attention | 0 |

The exit code is that of the gravest problem. With `--strict`, warnings are errors,
and so is a reference where OpenAPI has none (MS205).

## Ignore a problem

`x-mock-ignore`, in any object that may have `x-` keys, turns off warnings and notes in this object
and in what it contains. It is a mapping of codes to reasons:

```yaml
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    get:
      x-mock-ignore: {MS101: the vendor has keys of its own}
      rateLimit: 5
      responses: {'200': {description: OK}}
```

At the root of a document it covers all files that the document refers to; elsewhere, the file where
it stands. An overlay can add it to a document that you don't want to change. The reports as JSON
and SARIF list what is ignored, and why. A missing reason, an unknown code, and a code that ignores
nothing are problems themselves. Errors can't be ignored.

## The documents on this page

A document below that does not name its version begins with:

```yaml
openapi: 3.1.0
info: {title: Example, version: '1'}
```
"""


def problem_page() -> str:
    """Write the page in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    codes = problem_codes().values()
    for group in dict.fromkeys(code.group for code in codes):
        members = [code for code in codes if code.group == group]
        yield f"## {group}\n"
        yield "| code | problem | severity |\n|---|---|---|"
        yield from (
            f"| [{it.code}](#{it.code.lower()}) | {it.title} | {it.severity} |" for it in members
        )
        yield ""
        yield from (_section(code) for code in members)


def _section(code: ProblemCode) -> str:
    language = "json" if code.file.endswith(".json") else "yaml"
    parts = [f"### {code.code}", f"{code.title}. {code.explanation}"]
    for name, document in (("With the problem", code.poor), ("Without", code.good)):
        if code.poor != code.good:
            parts.append(f"{name}:\n\n```{language}\n{document.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(problem_page(), end="")  # noqa: T201 - the page is the output
