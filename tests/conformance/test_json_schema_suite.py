"""The official JSON-Schema-Test-Suite (data beside this file, with its licence).

Every schema stands in a file beside those that it refers to, and goes the way of a schema of an
OpenAPI 3.1 document: bundled, converted, compiled.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.base.problems import SpecProblem
from mockserver.documents.document import parse_document
from mockserver.documents.references import Place, References
from mockserver.schemas.validators import Schemas, SchemaValidator

SUITE = Path(__file__).parent / "json-schema-test-suite"
REMOTES = SUITE / "remotes"
ADDRESS = "http://localhost:1234/"
DIALECTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
WITH_REMOTES = ("refRemote.json", "dynamicRef.json")
"""Files of the suite that refer to remote documents: ours lie in the folder, without address."""

ASSERTED = "a format that is known is asserted, as OpenAPI users expect"
FORMATS = (
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
)
DEVIATIONS: dict[tuple[str, str], str] = {
    **{
        (
            "draft2020-12",
            f"format.json: {name} format: invalid {name} string is only an annotation by default",
        ): ASSERTED
        for name in FORMATS
    },
    (
        "draft2020-12",
        "refRemote.json: remote HTTP ref with nested absolute ref: number is invalid",
    ): "a file that is nothing but a reference is followed by paths, not by `$id`",
    (
        "draft2020-12",
        (
            "vocabulary.json: schema that uses custom metaschema with with no validation "
            "vocabulary: no validation: invalid number, but it still validates"
        ),
    ): "only the dialects of JSON Schema are honoured, no home-made ones",
}
"""Draft and test (file: group: case) that we answer differently, and why."""


def validator_of(schema: Any, draft: str) -> SchemaValidator:
    if isinstance(schema, dict):
        schema = {"$schema": DIALECTS[draft], **schema}
    document = parse_document(b"{}", "schema.json", REMOTES / "schema.json")
    document.value = schema
    problems: list[SpecProblem] = []
    schemas = Schemas(References(REMOTES), "3.1", problems)
    return schemas.validator(Place(document, "", schema), "request")


def files() -> Iterator[tuple[str, str]]:
    for draft in DIALECTS:
        folder = SUITE / "tests" / draft
        for path in sorted(folder.rglob("*.json")):
            yield draft, path.relative_to(folder).as_posix()


def wrong_answers(draft: str, name: str) -> Iterator[str]:
    text = (SUITE / "tests" / draft / name).read_text()
    for group in json.loads(text.replace(ADDRESS, "") if name in WITH_REMOTES else text):
        validator = validator_of(group["schema"], draft)
        for case in group["tests"]:
            if validator.is_valid(case["data"]) is not case["valid"]:
                yield f"{name}: {group['description']}: {case['description']}"


@pytest.mark.parametrize(("draft", "name"), list(files()))
def test_schemas_answer_as_the_suite_says_but_for_the_listed_deviations(
    draft: str, name: str
) -> None:
    listed = [case for of, case in DEVIATIONS if of == draft and case.startswith(f"{name}: ")]

    assert sorted(wrong_answers(draft, name)) == sorted(listed)


def test_every_deviation_is_of_a_file_of_the_suite() -> None:
    known = set(files())

    assert {(draft, case.partition(":")[0]) for draft, case in DEVIATIONS} <= known
