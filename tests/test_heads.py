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
POINTERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "the other one calls it, or is called, through an object that a third module hands over": (
        ("control/listeners.py", "control/adapter.py"),
        ("control/listeners.py", "control/sandbox_calls.py"),
        ("engine/fault_injection.py", "engine/faults.py"),
        ("engine/faults.py", "engine/fault_injection.py"),
        ("engine/journal.py", "control/listeners.py"),
        ("engine/journal.py", "engine/pipeline.py"),
        ("engine/run.py", "verbs/verb.py"),
        ("inference/item_steps.py", "inference/inference.py"),
        ("language/functions.py", "engine/run.py"),
        ("language/programs.py", "engine/run.py"),
        ("openapi/callbacks.py", "cli/routes_command.py"),
        ("openapi/parameter_objects.py", "openapi/answers.py"),
        ("openapi/parameter_objects.py", "openapi/operations.py"),
        ("openapi/policies.py", "verbs/step_compiler.py"),
        ("openapi/request_bodies.py", "openapi/review_pages.py"),
        ("schemas/compilation.py", "schemas/dialects.py"),
        ("schemas/example_checks.py", "openapi/compiler.py"),
        ("schemas/shared_definitions.py", "schemas/dialects.py"),
        ("schemas/validators.py", "model/contents.py"),
        ("model/contents.py", "schemas/validators.py"),
        ("verbs/verb.py", "engine/run.py"),
        ("wire/parameters.py", "contract/conformance.py"),
        ("wire/parameters.py", "engine/pipeline.py"),
    ),
    "it says which module does what this one leaves out": (
        ("base/errors.py", "model/refusal.py"),
        ("base/hosts.py", "verbs/oauth_authorize.py"),
        ("documents/block_validation.py", "openapi/x_mock.py"),
        ("documents/json_text.py", "wire/media.py"),
        ("model/request_paths.py", "engine/routing.py"),
        ("openapi/answers.py", "engine/documented_answers.py"),
        ("openapi/parameter_objects.py", "wire/parameters.py"),
        ("openapi/review_pages.py", "verbs/review_page.py"),
        ("openapi/security_schemes.py", "engine/security.py"),
        ("wire/forms.py", "wire/body_formats.py"),
        ("wire/parameters.py", "wire/forms.py"),
        ("wire/parameters.py", "wire/media.py"),
        ("wire/xml_writing.py", "wire/media.py"),
    ),
}
"""Pairs of files that do not import each other, by the reason why the first names the second."""
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
    """Return the file that a docstring names: from the package or the room, or by its name only.

    A name is enough, because no name of a module occurs twice.
    """
    room = PACKAGE / path.relative_to(PACKAGE).parts[0]
    found = [PACKAGE / name, room / name, *(PACKAGE.rglob(name) if "/" not in name else ())]
    return next((one for one in found if one.is_file()), None)


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


NAMES = [(path, name) for path in FILES for name in dict.fromkeys(NAMED.findall(head_of(path)))]


@pytest.mark.parametrize(("path", "name"), NAMES, ids=str)
def test_a_file_that_a_docstring_names_exists(path: Path, name: str) -> None:
    assert resolved(path, name), f"{short(path)} names {name}, which does not exist"


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
    excepted = any(pair in pairs for pairs in POINTERS.values())
    assert known or excepted, f"{pair[0]} names {pair[1]}; neither imports the other"
