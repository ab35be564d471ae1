import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mockserver"
FILES = sorted(PACKAGE.rglob("*.py"))
GROUND = {
    "errors",
    "clock",
    "messages",
    "exchange",
    "contents",
    "json_values",
    "verbs",
    "model",
    "headers",
    "hosts",
    "codings",
    "credentials",
    "secret_names",
}
ALLOWED = {
    "ground": {"ground"},
    "spec": {"ground", "spec"},
    "engine": {"ground", "engine"},
    "server": {"ground", "spec", "engine", "server"},
    "contract": {"ground", "spec", "engine", "contract"},
    "testing": {"ground", "server", "testing"},
    "cli": {"ground", "spec", "engine", "server", "contract", "cli"},
    "pytest_plugin": {"ground", "testing", "pytest_plugin"},
    "mockserver": {"server", "testing"},
}
LONGEST_FILE = 400
LONGEST_FUNCTION = 50


def layer_of(module: str) -> str:
    name = module.removeprefix("mockserver.").split(".")[0]
    if name in {*GROUND, "__version__"}:
        return "ground"
    return "cli" if name in {"cli", "__main__"} else name


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "mockserver":
            yield from (f"mockserver.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def module_of(path: Path) -> str:
    return ".".join(["mockserver", *path.relative_to(PACKAGE).with_suffix("").parts])


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_module_imports_only_its_own_layer_and_those_below(path: Path) -> None:
    own = layer_of(module_of(path).removesuffix(".__init__"))
    used = {layer_of(name) for name in imports(path) if name.startswith("mockserver.")}
    assert used <= ALLOWED[own]


@pytest.mark.parametrize("name", sorted(GROUND))
def test_the_ground_imports_nothing_from_outside(name: str) -> None:
    used = {module.split(".")[0] for module in imports(PACKAGE / f"{name}.py")}
    assert used <= {*sys.stdlib_module_names, "mockserver"}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name
