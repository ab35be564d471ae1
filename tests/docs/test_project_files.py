"""Checks the files about the project: continuous integration, forms, and the changelog."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
FILES = [
    ROOT / ".pre-commit-config.yaml",
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    *FORMS,
]
PREFIX = "Programming Language :: Python :: "
REPOSITORY = re.compile(r"https://github\.com/[\w-]+/mockserver\b")


def project() -> dict[str, Any]:
    """Return the table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def workflow() -> Any:
    return yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())


def commands(job: str) -> str:
    return "\n".join(step.get("run", "") for step in workflow()["jobs"][job]["steps"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_of_the_project_is_a_yaml_mapping(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_ci_tests_every_python_that_the_classifiers_name() -> None:
    named = [item.removeprefix(PREFIX) for item in project()["classifiers"] if PREFIX in item]
    versions = [version for version in named if "." in version]
    assert workflow()["jobs"]["tests"]["strategy"]["matrix"]["python"] == versions
    assert project()["requires-python"] == f">={versions[0]}"


def test_ci_tests_every_system_that_the_classifiers_name() -> None:
    names = {"ubuntu": "POSIX :: Linux", "macos": "MacOS", "windows": "Microsoft :: Windows"}
    systems = workflow()["jobs"]["tests"]["strategy"]["matrix"]["os"]
    named = {item for item in project()["classifiers"] if item.startswith("Operating System")}
    found = {f"Operating System :: {names[system.removesuffix('-latest')]}" for system in systems}
    assert found == named


def test_ci_installs_what_is_locked_and_runs_every_check() -> None:
    for job in ("style", "tests"):
        assert "--require-hashes -r requirements-dev.lock" in commands(job)
    assert "make" not in commands("tests"), "Windows has no make"
    assert "python -m pytest" in commands("tests")
    for check in ("ruff check", "ruff format --check", "mypy"):
        assert f"python -m {check}" in commands("style")
    assert "make coverage" in commands("coverage")


@pytest.mark.parametrize(
    "path", [path for path in FORMS if path.name != "config.yml"], ids=lambda path: path.name
)
def test_a_form_has_fields_with_names_of_their_own(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)


def test_the_address_of_the_repository_is_in_one_place() -> None:
    files = [*FILES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert [path.name for path in files if REPOSITORY.search(path.read_text())] == []
    assert all(REPOSITORY.match(address) for address in project()["urls"].values())


def test_the_changelog_has_dated_versions_from_the_newest_to_the_oldest() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    found = [re.fullmatch(r"\[(\S+)\] - (\d{4}-\d\d-\d\d)", heading) for heading in headings]
    assert all(found), headings
    dates = [match[2] for match in found if match]
    assert dates == sorted(dates, reverse=True)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds


def test_only_the_tests_need_jsonschema() -> None:
    assert not [item for item in project()["dependencies"] if re.match(r"jsonschema\b(?!-)", item)]
    for path in (ROOT / "mockserver").rglob("*.py"):
        assert not re.search(r"\bjsonschema\b(?!_)", path.read_text()), path
