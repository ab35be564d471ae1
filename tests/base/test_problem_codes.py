"""Each problem has a registered code, and each code a document that has the problem."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import mockserver
from mockserver.base.problem_codes import ProblemCode, problem_codes
from mockserver.cli.check_command import command
from mockserver.contract.problem_page import problem_page

PACKAGE = Path(mockserver.__file__).parent
CODE = re.compile(r"MS\d{3}")
MAKERS = frozenset(("SpecProblem", "TextProblem", "warning", "note"))
CODES = problem_codes()


def _texts() -> dict[str, list[str]]:
    """Return the codes that the package names, with the places."""
    found: dict[str, list[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
                found.setdefault(str(node.value), []).append(f"{file.name}:{node.lineno}")
    return found


def _makers() -> list[tuple[str, ast.expr | None]]:
    """Return the calls that make a problem, with their first arguments."""
    calls = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS:
                first = node.args[0] if node.args else None
                calls.append((f"{file.name}:{node.lineno}", first))
    return calls


def test_each_code_in_the_package_is_registered() -> None:
    unknown = {code: places for code, places in _texts().items() if code not in CODES}
    assert not unknown


def test_each_registered_code_is_used() -> None:
    assert set(CODES) == set(_texts())


def test_each_problem_is_made_with_a_code() -> None:
    """The first argument is a code, or the variable of a function that takes one."""
    wrong = []
    for place, first in _makers():
        named = isinstance(first, ast.Name | ast.Attribute)
        name = first.id if isinstance(first, ast.Name) else getattr(first, "attr", "")
        literal = isinstance(first, ast.Constant) and CODE.fullmatch(str(first.value))
        if not literal and not (named and name == "code"):
            wrong.append(place)
    assert wrong == []


def _check(code: ProblemCode, document: str, folder: Path, encoding: str = "utf-8") -> str:
    for name, content in {**code.files, code.file: code.written(document)}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding=encoding if name == code.file else "utf-8")
    if code.large:
        (folder / code.large).write_bytes(bytes(5_000_001))
    paths = [str(folder / path) for path in code.paths or (code.file,)]
    return CliRunner().invoke(command, [*code.options, *paths]).output


def _found(output: str) -> dict[str, str]:
    """Return the severities by the codes of a report."""
    lines = re.findall(r"^(.*) \[(MS\d{3})\]$", output, re.MULTILINE)
    return {
        code: next((one for one in ("warning", "note") if f": {one}: " in line), "error")
        for line, code in lines
    }


@pytest.mark.parametrize("code", CODES)
def test_the_poor_document_of_a_code_has_the_problem(code: str, tmp_path: Path) -> None:
    entry = CODES[code]
    output = _check(entry, entry.poor, tmp_path, entry.encoding)
    found = {one: how for one, how in _found(output).items() if one not in entry.also}
    assert found == {code: str(entry.severity)}, output


@pytest.mark.parametrize("code", CODES)
def test_the_good_document_of_a_code_does_not_have_the_problem(code: str, tmp_path: Path) -> None:
    entry = CODES[code]
    path = entry.paths and entry.paths != ("absent.yaml",) and code != "MS013"
    shown = entry if path else _with_own_path(entry)
    output = _check(shown, entry.good, tmp_path)
    assert _found(output) == {}, output


def _with_own_path(entry: ProblemCode) -> ProblemCode:
    file = entry.file.replace(".txt", ".yaml")
    return replace(entry, paths=(file,), file=file)


def test_the_explanation_of_a_code_is_complete() -> None:
    for entry in CODES.values():
        assert entry.title[0].isupper(), entry.code
        assert not entry.title.endswith("."), entry.code
        assert entry.explanation.endswith("."), entry.code
        assert entry.poor != entry.good or entry.code in ("MS001", "MS013"), entry.code


def test_the_page_of_problems_shows_the_registered_codes() -> None:
    page = PACKAGE.parent / "docs" / "problems.md"
    assert page.read_text(encoding="utf-8") == problem_page(), (
        "run: python -m mockserver.contract.problem_page > docs/problems.md"
    )
