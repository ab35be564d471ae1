from pathlib import Path
from typing import Any

import pytest

from mockserver.base.problems import SpecProblem
from mockserver.documents.document import load_document
from mockserver.documents.references import References
from mockserver.documents.swagger import from_swagger
from mockserver.model.api import Api
from mockserver.openapi.compiler import Loader

HEAD = "swagger: '2.0'\ninfo: {title: T, version: '1'}\n"


def converted(folder: Path, text: str) -> tuple[Any, list[str]]:
    """Return a document as OpenAPI 3.0, and what is said about it."""
    path = folder / "d.yaml"
    path.write_text(HEAD + text)
    problems: list[SpecProblem] = []
    references = References(folder)
    document = load_document(path, "d.yaml")
    references.add(document)
    value = from_swagger(document, references, problems).value
    return value, [str(problem) for problem in problems]


def operation(folder: Path, text: str) -> tuple[Any, list[str]]:
    value, problems = converted(folder, f"paths:\n  /a:\n    post:\n{text}")
    return value["paths"]["/a"]["post"], problems


def load(folder: Path, text: str) -> Api:
    (folder / "d.yaml").write_text(HEAD + text)
    return Loader().load([folder / "d.yaml"])[0]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("host: a.test\nbasePath: /v1\n", "//a.test/v1"),
        ("host: a.test\n", "//a.test/"),
        ("basePath: v1\n", "/v1"),
        ("", "/"),
        ("host: 5\nbasePath: []\n", "/"),
    ],
)
def test_host_and_base_path_are_a_server(tmp_path: Path, text: str, url: str) -> None:
    assert converted(tmp_path, text)[0]["servers"] == [{"url": url}]


@pytest.mark.parametrize(
    ("form", "style", "explode"),
    [
        ("csv", "form", False),
        ("ssv", "spaceDelimited", False),
        ("pipes", "pipeDelimited", False),
        ("multi", "form", True),
    ],
)
def test_a_collection_format_is_a_style(
    tmp_path: Path, form: str, style: str, explode: bool
) -> None:
    given = (
        f"{{name: q, in: query, type: array, items: {{type: string}}, collectionFormat: {form}}}"
    )
    found, problems = operation(tmp_path, f"      parameters: [{given}]\n")
    assert problems == []
    assert found["parameters"] == [
        {
            "name": "q",
            "in": "query",
            "style": style,
            "explode": explode,
            "schema": {"type": "array", "items": {"type": "string"}},
        }
    ]


@pytest.mark.parametrize(
    ("where", "form"), [("query", "tsv"), ("path", "pipes"), ("header", "ssv")]
)
def test_a_collection_format_without_a_style_stays_in_the_schema(
    tmp_path: Path, where: str, form: str
) -> None:
    given = (
        f"{{name: q, in: {where}, type: array, items: {{type: string}}, collectionFormat: {form}}}"
    )
    found, problems = operation(tmp_path, f"      parameters: [{given}]\n")
    schema = {"type": "array", "items": {"type": "string"}, "x-collection-format": form}
    assert found["parameters"][0]["schema"] == schema
    assert problems == []


def test_a_form_with_a_file_is_multipart(tmp_path: Path) -> None:
    given = "[{name: f, in: formData, type: file, required: true}]"
    found, _ = operation(tmp_path, f"      parameters: {given}\n")
    [(media_type, media)] = found["requestBody"]["content"].items()
    assert (media_type, found["requestBody"]["required"]) == ("multipart/form-data", True)
    assert media["schema"] == {
        "type": "object",
        "properties": {"f": {"type": "string", "format": "binary"}},
        "required": ["f"],
    }


def test_arrays_in_a_form_say_how_they_are_written(tmp_path: Path) -> None:
    given = "[{name: f, in: formData, type: array, items: {type: string}}]"
    found, _ = operation(tmp_path, f"      parameters: {given}\n")
    media = found["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert media["encoding"] == {"f": {"style": "form", "explode": False}}


def test_of_two_bodies_the_first_is_read(tmp_path: Path) -> None:
    given = "[{name: a, in: body, schema: {}}, {name: f, in: formData, type: string}]"
    found, problems = operation(tmp_path, f"      parameters: {given}\n")
    assert list(found["requestBody"]["content"]) == ["application/json"]
    assert ["an operation can have only one request body" in line for line in problems] == [True]


@pytest.mark.parametrize(
    ("given", "scheme"),
    [
        ("{type: basic}", {"type": "http", "scheme": "basic"}),
        (
            "{type: apiKey, in: query, name: k}",
            {"type": "apiKey", "in": "query", "name": "k"},
        ),
    ],
)
def test_security_definitions_are_schemes(tmp_path: Path, given: str, scheme: Any) -> None:
    value, _ = converted(tmp_path, f"securityDefinitions: {{s: {given}}}\n")
    assert value["components"]["securitySchemes"] == {"s": scheme}


@pytest.mark.parametrize(
    ("given", "flow"),
    [
        ("implicit", "implicit"),
        ("password", "password"),
        ("application", "clientCredentials"),
        ("accessCode", "authorizationCode"),
    ],
)
def test_the_flows_of_oauth_have_new_names(tmp_path: Path, given: str, flow: str) -> None:
    value, _ = converted(
        tmp_path, f"securityDefinitions: {{s: {{type: oauth2, flow: {given}, scopes: {{a: b}}}}}}\n"
    )
    scheme = value["components"]["securitySchemes"]["s"]
    assert (scheme["type"], list(scheme["flows"])) == ("oauth2", [flow])


GET = "paths:\n  /a:\n    get:\n"
SHARED = """\
      responses:
        200: {$ref: '#/responses/a'}
      parameters: [{$ref: '#/parameters/b'}]
responses:
  a: {description: a, schema: {$ref: '#/definitions/A'}}
parameters:
  b: {name: b, in: formData, type: string, maxLength: true}
definitions:
  A: {type: strin}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GET + "      parameters:\n        - {name: q, in: query, type: strin}\n",
            "d.yaml:7:32: warning: /paths/~1a/get/parameters/0/type: not a schema",
        ),
        (
            GET + "      responses: {200: {schema: {type: strin}}}\n",
            "d.yaml:6:34: warning: /paths/~1a/get/responses/200/schema/type: not a schema",
        ),
        (GET + SHARED, "d.yaml:14:7: warning: /definitions/A/type: not a schema"),
        (GET + SHARED, "d.yaml:12:44: warning: /parameters/b/maxLength: not a schema"),
        (
            "security: [{k: []}]\nsecurityDefinitions: {k: {type: apiKey, in: body}}\n",
            "d.yaml:4:23: warning: /securityDefinitions/k: an API key needs",
        ),
    ],
)
def test_problems_have_their_places_in_the_document_as_it_is_written(
    tmp_path: Path, text: str, message: str
) -> None:
    lines = [str(problem).removeprefix(f"{tmp_path}/") for problem in load(tmp_path, text).problems]
    assert any(line.startswith(message) for line in lines), lines


def test_operations_have_their_places_too(tmp_path: Path) -> None:
    text = "paths:\n  /a: {$ref: parts.yaml}\n"
    (tmp_path / "parts.yaml").write_text("get:\n  responses: {200: {description: a}}\n")
    [found] = load(tmp_path, text).operations
    assert str(found.source).removeprefix(f"{tmp_path}/") == "parts.yaml:1:1"
