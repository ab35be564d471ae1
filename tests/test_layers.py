"""Rooms import downwards only; files and functions are short; no name occurs twice."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mockserver"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = (
    "base",
    "model",
    "language",
    "documents",
    "schemas",
    "wire",
    "verbs",
    "inference",
    "openapi",
    "engine",
    "stores",
    "dashboard",
    "control",
    "server",
    "contract",
    "testing",
    "replay",
    "cli",
)
"""From the ground up: a room may import itself and what stands before it, with the exceptions."""
WALLS: Mapping[str, set[str]] = {
    "engine": {"language", "documents", "inference", "openapi"},
    "contract": {"dashboard", "control", "server"},
    "stores": {"language", "documents", "verbs", "inference", "openapi"},
    "testing": {*ROOMS} - {"base", "server", "testing"},
}
"""Rooms that one does not import although they stand before it."""
LONGEST_FILE = 600
LONGEST_FUNCTION = 50


def module_of(path: Path) -> str:
    parts = ("mockserver", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """Return the room of a module: `mockserver` for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "mockserver"


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of the package that a file imports, lazily or not."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "mockserver":
            yield from (f"mockserver.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def graph() -> dict[str, Counter[str]]:
    """Count the imports from room to room."""
    found: dict[str, Counter[str]] = {room: Counter() for room in ROOMS}
    for path in FILES:
        own = room_of(module_of(path))
        for name in imports(path):
            if own in found and name.startswith("mockserver.") and room_of(name) in found:
                found[own][room_of(name)] += 1
    return found


def drawn(arrows: Mapping[str, Counter[str]]) -> str:
    """Draw the rooms from the top down, each with the rooms it imports."""
    lines = []
    for room in reversed(ROOMS):
        below = [f"{other} ({arrows[room][other]})" for other in reversed(ROOMS) if other != room
                 if arrows[room][other]]  # fmt: skip
        lines.append(f"{room:>10} → {', '.join(below) or 'nothing'}")
    return "\n".join(lines)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_module_imports_only_its_own_room_and_those_below(path: Path) -> None:
    module = module_of(path)
    names = sorted({name for name in imports(path) if name.startswith("mockserver.")})
    wrong = [f"{module} imports {name}" for name in names if not is_allowed(module, name)]
    assert not wrong, "\n".join([*wrong, "", drawn(graph())])


def is_allowed(module: str, imported: str) -> bool:
    own, other = room_of(module), room_of(imported)
    if "mockserver" in (own, other) or own == other:
        return True
    return ROOMS.index(other) < ROOMS.index(own) and other not in WALLS.get(own, set())


def test_every_package_is_a_room() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == set(ROOMS)


def test_the_graph_is_drawn_with_every_room_by_its_name() -> None:
    lines = drawn(graph()).splitlines()
    assert [line.split(" → ")[0].strip() for line in lines] == list(reversed(ROOMS))
    assert lines[-1].endswith("base → nothing")


@pytest.mark.parametrize("path", sorted((PACKAGE / "base").glob("*.py")), ids=str)
def test_the_base_imports_nothing_but_the_standard_library(path: Path) -> None:
    used = {module.split(".")[0] for module in imports(path)}
    assert used <= {*sys.stdlib_module_names, "mockserver"}


def test_no_module_name_occurs_twice() -> None:
    names = Counter(path.stem for path in FILES if not path.stem.startswith("__"))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_class_name_occurs_twice() -> None:
    names = Counter(
        node.name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("path", FILES, ids=str)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("package", sorted({path.parent for path in FILES} - {PACKAGE}), ids=str)
def test_the_readme_of_a_package_has_a_line_for_every_module(package: Path) -> None:
    listed = re.findall(r"^- `([\w./]+)`: .+$", (package / "README.md").read_text(), re.MULTILINE)
    modules = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    assert modules == {name for name in listed if name.endswith(".py") and "/" not in name}


@pytest.mark.parametrize("package", sorted({path.parent for path in FILES}), ids=str)
def test_a_package_says_in_a_line_what_it_is(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text()))
    assert docstring
    assert not docstring.startswith("TODO")


def test_no_module_defines_a_name_twice() -> None:
    repeated = []
    for path in FILES:
        names = Counter(
            target.id
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        )
        repeated += [f"{path.name}: {name}" for name, count in names.items() if count > 1]
    assert repeated == []
