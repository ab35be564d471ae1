"""Samples of the schemas of the JSON-Schema-Test-Suite: where a value conforms, one is found."""

import json
from collections.abc import Iterator

import pytest

from mockserver.schemas.sampling.sampler import sample
from tests.conformance.test_json_schema_suite import (
    ADDRESS,
    SUITE,
    WITH_REMOTES,
    files,
    validator_of,
)

DEVIATIONS: dict[tuple[str, str], str] = {}
"""Draft and schema (file: group) of which no sample conforms although a value does, and why."""


def groups(draft: str, name: str) -> Iterator[dict[str, object]]:
    text = (SUITE / "tests" / draft / name).read_text()
    yield from json.loads(text.replace(ADDRESS, "") if name in WITH_REMOTES else text)


def without_sample(draft: str, name: str, seed: int | None) -> Iterator[str]:
    for group in groups(draft, name):
        validator = validator_of(group["schema"], draft)
        made = sample(validator, seed)
        assert made.is_valid is validator.is_valid(made.value)
        tests = group["tests"]
        assert isinstance(tests, list)
        if not made.is_valid and any(validator.is_valid(case["data"]) for case in tests):
            yield f"{name}: {group['description']}"


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize(("draft", "name"), list(files()))
def test_a_schema_with_a_valid_value_has_a_valid_sample(
    draft: str, name: str, seed: int | None
) -> None:
    listed = [schema for of, schema in DEVIATIONS if of == draft and schema.startswith(name)]

    assert sorted(without_sample(draft, name, seed)) == sorted(listed)
