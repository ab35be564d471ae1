"""The files that the docstring of a module names exist, and the two modules know each other."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from mockserver.verbs.registry import BUILT_IN_VERBS

PACKAGE = Path(__file__).parents[1] / "mockserver"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMED = re.compile(r"`((?:\w+/)*\w+\.py)`")
POINTERS: Mapping[tuple[str, str], str] = {}
"""Pairs of files that do not import each other, and the reason why the first names the second."""
CALLED_BY_NAME: Mapping[str, tuple[str, ...]] = {
    **{
        f"verbs/{name}.py": ("verbs/registry.py", "verbs/step_compiler.py", "engine/run.py")
        for name in BUILT_IN_VERBS
    },
    **{
        f"cli/{path.name}": ("cli/command_group.py",)
        for path in (PACKAGE / "cli").glob("*_command.py")
    },
}
"""Modules that are imported by their names, and the files that call them then."""


def head_of(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text())) or ""


def short(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def resolved(path: Path, name: str) -> Path | None:
    """Return the file that a docstring names: one of the same room, or a path in the package."""
    if "/" in name:
        full = PACKAGE / name
        return full if full.is_file() else None
    if (PACKAGE / name).is_file():
        return PACKAGE / name
    room = PACKAGE / path.relative_to(PACKAGE).parts[0]
    return next(iter(sorted(room.rglob(name))), None)


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the files that a file imports, also within functions."""
    return frozenset(_imported(ast.parse(path.read_text())))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (as_file(f"{node.module}.{alias.name}") for alias in node.names)
            yield as_file(node.module)
        elif isinstance(node, ast.Import):
            yield from (as_file(alias.name) for alias in node.names)


def as_file(module: str) -> str:
    inner = module.removeprefix("mockserver").lstrip(".").replace(".", "/")
    return f"{inner}/__init__.py".lstrip("/") if (PACKAGE / inner).is_dir() else f"{inner}.py"


NAMES = [
    (path, name) for path in FILES for name in dict.fromkeys(NAMED.findall(head_of(path)))
]


@pytest.mark.parametrize(("path", "name"), NAMES, ids=str)
def test_a_file_that_a_docstring_names_exists(path: Path, name: str) -> None:
    assert resolved(path, name), f"{short(path)} names {name}; write `room/name.py`"


@pytest.mark.parametrize(("path", "name"), NAMES, ids=str)
def test_two_modules_know_each_other_if_a_docstring_names_one(path: Path, name: str) -> None:
    other = resolved(path, name)
    assert other is not None
    pair = short(path), short(other)
    known = (
        pair[1] in imported(path)
        or pair[0] in imported(other)
        or pair[1] in CALLED_BY_NAME.get(pair[0], ())
        or pair[0] in CALLED_BY_NAME.get(pair[1], ())
    )
    assert known != (pair in POINTERS), f"{pair[0]} names {pair[1]}; neither imports the other"


def test_every_exception_is_still_in_a_docstring() -> None:
    named = {(short(path), short(other)) for path, name in NAMES
             if (other := resolved(path, name))}  # fmt: skip
    assert POINTERS.keys() <= named
