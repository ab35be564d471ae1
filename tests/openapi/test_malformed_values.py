"""Values of the wrong type in documents and fixture files are reported, and never end the load."""

from pathlib import Path

import pytest

from mockserver.base.errors import SpecError
from mockserver.openapi.compiler import Loader

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
OK = "responses: {'200': {description: ok}}"
PATHS = f"paths: {{/a: {{get: {{{OK}}}}}}}\n"


def codes(folder: Path, text: str) -> set[str]:
    """Return the codes of the problems of a document in a thorough check."""
    (folder / "d.yaml").write_text(HEAD + text)
    try:
        [api] = Loader(thorough=True).load([folder / "d.yaml"])
    except SpecError as error:
        return {problem.code for problem in error.problems}
    return {problem.code for problem in api.problems}


@pytest.mark.parametrize(
    "schema",
    [
        "{type: [{a: 1}]}",
        "{type: [[string], string], format: binary}",
        "{type: {a: 1}}",
        "{type: 5}",
        "{type: true, contentMediaType: image/png}",
    ],
)
def test_a_type_of_the_wrong_form_is_reported(tmp_path: Path, schema: str) -> None:
    content = f"content: {{application/json: {{schema: {schema}}}}}"
    answers = f"responses: {{'200': {{description: ok, {content}}}}}"
    body = f"requestBody: {{{content}}}, {answers}"
    assert codes(tmp_path, f"paths: {{/a: {{post: {{{body}}}}}}}\n")


@pytest.mark.parametrize("form", ["[uuid]", "{a: 1}", "5", "null"])
@pytest.mark.parametrize("schema", ["type: string", "type: array, items: {type: string}", ""])
def test_a_format_of_the_wrong_form_ends_no_load(tmp_path: Path, form: str, schema: str) -> None:
    rules = f"{{{schema}{', ' if schema else ''}format: {form}}}"
    for rule in (rules, f"{{type: array, items: {rules}}}"):
        parameter = f"parameters: [{{name: q, in: query, explode: false, schema: {rule}}}]"
        codes(tmp_path, f"paths: {{/a: {{get: {{{parameter}, {OK}}}}}}}\n")


@pytest.mark.parametrize(
    "records", ["5", "0", "false", "true", "text", "{a: 5}", "{}", "[5]", "''"]
)
def test_records_that_are_no_list_of_mappings_are_reported(tmp_path: Path, records: str) -> None:
    (tmp_path / "f.yaml").write_text(f"c: {records}\n")
    text = "x-mock: {collections: {c: {key: id}}, fixtures: [f.yaml]}\n"
    assert codes(tmp_path, text + PATHS) == {"MS509"}


@pytest.mark.parametrize("records", ["null", "[]", "[{id: 1}]"])
def test_a_collection_may_have_no_records(tmp_path: Path, records: str) -> None:
    (tmp_path / "f.yaml").write_text(f"c: {records}\n")
    text = "x-mock: {collections: {c: {key: id}}, fixtures: [f.yaml]}\n"
    assert "MS509" not in codes(tmp_path, text + PATHS)


@pytest.mark.parametrize(
    "principals",
    [
        "{k: 5}",
        "{k: null}",
        "{k: expires}",
        "{k: [expires]}",
        "{k: {in: [a], expires: null}}",
        "{k: {in: {a: 1}, expires: null}}",
        "5",
    ],
)
def test_principals_of_the_wrong_form_are_reported(tmp_path: Path, principals: str) -> None:
    schemes = "components: {securitySchemes: {k: {type: http, scheme: bearer}}}\n"
    assert codes(tmp_path, f"{schemes}x-mock: {{principals: {principals}}}\n{PATHS}")
