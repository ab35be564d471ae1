"""The official JSON-Schema-Test-Suite (data beside this file, with its licence)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mockserver.spec.schemas import compile_schema

SUITE = Path(__file__).parent / "json-schema-test-suite"
VERSIONS = {"draft4": "3.0", "draft2020-12": "3.1"}

DEVIATIONS: dict[tuple[str, str], str] = {
    ("draft2020-12", "format.json"): "a format that is known is asserted, as OpenAPI users expect",
}
"""Draft and file (or file: group: test) of what we answer differently, and why."""


REMOTES = "http://localhost:1234/"


def documents_of(draft: str) -> dict[str, Any]:
    """Return the documents that schemas of the draft refer to, by their addresses."""
    own = (SUITE / "remotes" / draft).rglob("*.json")
    shared = (SUITE / "remotes").glob("*.json")
    folders = (SUITE / "remotes").glob("[bn]*/**/*.json") if draft == "draft4" else ()
    return {
        REMOTES + path.relative_to(SUITE / "remotes").as_posix(): json.loads(path.read_text())
        for path in (*own, *shared, *folders)
    }


def registry_of(draft: str) -> jsonschema_rs.Registry:
    number = {"draft4": jsonschema_rs.Draft4, "draft2020-12": jsonschema_rs.Draft202012}[draft]
    documents = [
        (address, document)
        for address, document in documents_of(draft).items()
        if draft != "draft4" or "$id" not in json.dumps(document)  # `$id` is of later drafts
    ]
    return jsonschema_rs.Registry(documents, draft=number)


@pytest.fixture(scope="module")
def registries() -> dict[str, jsonschema_rs.Registry]:
    return {draft: registry_of(draft) for draft in VERSIONS}


def files() -> Iterator[tuple[str, str]]:
    for draft in VERSIONS:
        for path in sorted((SUITE / "tests" / draft).glob("*.json")):
            yield draft, path.name


def wrong_answers(draft: str, name: str, registry: jsonschema_rs.Registry) -> list[str]:
    wrong = []
    for group in json.loads((SUITE / "tests" / draft / name).read_text()):
        validator = compile_schema(group["schema"], VERSIONS[draft], registry)
        wrong += [
            f"{group['description']}: {case['description']}"
            for case in group["tests"]
            if validator.is_valid(case["data"]) is not case["valid"]
        ]
    return wrong


@pytest.mark.parametrize(("draft", "name"), list(files()))
def test_the_validator_answers_as_the_suite_says(
    draft: str, name: str, registries: dict[str, jsonschema_rs.Registry]
) -> None:
    wrong = wrong_answers(draft, name, registries[draft])
    if (draft, name) in DEVIATIONS:
        assert wrong, "this deviation is no longer one: take it off the list"
    else:
        assert wrong == []
