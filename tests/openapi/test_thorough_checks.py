"""What `check` finds beyond what serving needs: values, credentials, limits, reachability."""

from pathlib import Path

import pytest

from mockserver.base.problems import Severity
from mockserver.openapi.compiler import Loader
from mockserver.openapi.secret_texts import MOST_REPORTED, kind_of_secret

HEAD = "info: {title: T, version: '1'}\n"
OK = "responses: {'200': {description: OK}}"


def found(folder: Path, text: str, version: str = "openapi: 3.1.0") -> list[tuple[str, str]]:
    """Return the codes and pointers of the problems of a document."""
    (folder / "api.yaml").write_text(f"{version}\n{HEAD}{text}")
    [api] = Loader(thorough=True).load([folder / "api.yaml"])
    return [(one.code, one.source.pointer) for one in api.problems]


PARAMETER = "/paths/~1a/get/parameters/0/schema/"


def parameter(schema: str) -> str:
    described = f"parameters: [{{name: q, in: query, schema: {schema}}}]"
    return f"paths: {{/a: {{get: {{{described}, {OK}}}}}}}\n"


@pytest.mark.parametrize("version", ["openapi: 3.0.3", "openapi: 3.1.0", "openapi: 3.2.0"])
@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ("{type: string, enum: [1, 2]}", "enum/0"),
        ("{type: string, enum: [a, 2]}", "enum/1"),
        ("{type: integer, enum: ['1']}", "enum/0"),
        ("{type: boolean, enum: ['true']}", "enum/0"),
        ("{type: array, items: {type: string}, enum: [a]}", "enum/0"),
        ("{type: object, properties: {b: {type: string, default: 5}}}", "properties/b/default"),
        ("{type: object, properties: {b: {type: integer, example: c}}}", "properties/b/example"),
    ],
)
def test_a_value_of_another_type_than_its_schema_is_reported(
    tmp_path: Path, version: str, schema: str, place: str
) -> None:
    assert ("MS310", PARAMETER + place) in found(tmp_path, parameter(schema), version)


def test_an_enum_of_another_type_is_reported_in_swagger(tmp_path: Path) -> None:
    text = (
        "paths: {/a: {get: {parameters: [{name: q, in: query, type: string, enum: [1]}],"
        " responses: {'200': {description: OK}}}}}\n"
        "definitions: {A: {type: integer, enum: [a]}}\n"
    )
    assert sorted(found(tmp_path, text, "swagger: '2.0'")) == [
        ("MS310", "/definitions/A/enum/0"),
        ("MS310", "/paths/~1a/get/parameters/0/enum/0"),
    ]


@pytest.mark.parametrize(
    "schema",
    [
        "{type: number, enum: [1, 2.5]}",
        "{type: integer, enum: [1.0]}",
        "{type: string, enum: [a, 'null'], default: b}",
        "{type: [string, 'null'], enum: [a, null]}",
        "{enum: [1, a]}",
        "{type: object, properties: {type: {enum: [1]}, enum: {type: string}}}",
    ],
)
def test_values_of_the_type_of_their_schema_are_not_reported(tmp_path: Path, schema: str) -> None:
    assert "MS310" not in [code for code, _ in found(tmp_path, parameter(schema))]


def test_null_is_a_value_of_a_nullable_schema(tmp_path: Path) -> None:
    schema = "{type: string, nullable: true, enum: [a, null]}"
    assert found(tmp_path, parameter(schema), "openapi: 3.0.3") == []


RANDOM = "Zt4Qm9Wx2Kv7Ls8Rb3Nf6Hd1"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"sk_live_{RANDOM}", "Stripe"),
        ("AKIA" + "Q3EGR7VTN2KLXWZP", "AWS"),
        (f"ghp_{RANDOM}{RANDOM[:12]}", "GitHub"),
        (f"Bearer xoxb-{RANDOM}", "Slack"),
        (f"AIza{RANDOM}{RANDOM[:11]}", "Google"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow", "private key"),
        ("postgres://ann:k9vT2mQx@db.shop.test/x", "password in a URL"),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3NzEyIiwibmFtZSI6IkFubiJ9.Zt4Qm9Wx2Kv7Ls8Rb3Nf6Hd1",
            "JSON Web Token",
        ),
    ],
)
def test_what_looks_like_a_credential_is_recognised(text: str, kind: str) -> None:
    assert kind in kind_of_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
        f"sk_test_{RANDOM}",
        "sk_live_your_key_here_please_now",
        "https://user:password@example.com/",
        "https://example.com:8080/a@b",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3NzEyIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        "a description of an API key, such as AIza",
        "",
    ],
)
def test_invented_credentials_are_not_reported(text: str) -> None:
    assert kind_of_secret(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        f"x-a: {{b: [sk_live_{RANDOM}]}}\npaths: {{/a: {{get: {{{OK}}}}}}}\n",
        f"paths: {{/a: {{get: {{description: 'try sk_live_{RANDOM}', {OK}}}}}}}\n",
        f"components: {{examples: {{A: {{value: {{b: [sk_live_{RANDOM}]}}}}}}}}\n",
        parameter(f"{{type: string, default: sk_live_{RANDOM}}}"),
    ],
)
def test_credentials_are_found_wherever_they_stand(tmp_path: Path, text: str) -> None:
    assert {code for code, _ in found(tmp_path, text)} - {"MS104"} == {"MS403"}


def test_credentials_are_found_in_other_files(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text(f"a: {{description: sk_live_{RANDOM}}}\n")
    text = "paths: {/a: {get: {responses: {'200': {$ref: 'part.yaml#/a'}}}}}\n"
    assert found(tmp_path, text) == [("MS403", "/a/description")]


def test_credentials_are_found_in_files_that_only_an_unused_part_refers_to(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text(f"a: {{description: sk_live_{RANDOM}}}\n")
    text = "components: {schemas: {A: {$ref: 'part.yaml#/a'}}}\n"
    assert ("MS403", "/a/description") in found(tmp_path, text)


def test_many_credentials_are_cut(tmp_path: Path) -> None:
    values = ", ".join([f"sk_live_{RANDOM}"] * (MOST_REPORTED + 5))
    text = f"x-a: [{values}]\npaths: {{/a: {{get: {{{OK}}}}}}}\n"
    assert len(found(tmp_path, text)) == MOST_REPORTED


LIMITED = """\
security: [{key: []}]
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
x-mock:
  collections: {keys: {key: key}}
  principals: {key: {in: keys}}
  limits: [{name: requests, limit: 5, window: PT1M, per: "{{ PER }}"}]
"""


@pytest.mark.parametrize(
    ("per", "security", "expected"),
    [
        ("principal.key", "security: [], ", True),
        ("principal.key", "security: [{key: []}, {}], ", True),
        ("principal.key", "", False),
        ("credential", "security: [], ", False),
    ],
)
def test_a_limit_by_principal_is_noted_where_there_is_none(
    tmp_path: Path, per: str, security: str, expected: bool
) -> None:
    text = LIMITED.replace("PER", per) + f"paths: {{/a: {{get: {{{security}{OK}}}}}}}\n"
    assert (("MS706", "/paths/~1a/get") in found(tmp_path, text)) is expected


def test_a_limit_that_an_operation_replaces_is_not_noted(tmp_path: Path) -> None:
    own = "x-mock: {limits: [{name: requests, limit: 5, window: PT1M}]}"
    text = LIMITED.replace("PER", "principal.key")
    text += f"paths: {{/a: {{get: {{security: [], {own}, {OK}}}}}}}\n"
    assert found(tmp_path, text) == []


def test_an_operation_behind_another_of_the_same_shape_is_never_reached(tmp_path: Path) -> None:
    def item(name: str) -> str:
        where = f"parameters: [{{name: {name}, in: path, required: true, schema: {{}}}}]"
        return f"/a/{{{name}}}: {{{where}, get: {{{OK}}}}}"

    codes = found(
        tmp_path, f"paths: {{'{item('x')[:6]}'{item('x')[6:]}, '{item('y')[:6]}'{item('y')[6:]}}}\n"
    )
    assert ("MS129", "/paths/~1a~1{y}/get") in codes


@pytest.mark.parametrize("path", ["/a/../b", "/./a", "/a/.."])
def test_a_path_with_dot_segments_is_never_reached(tmp_path: Path, path: str) -> None:
    text = f"paths: {{{path}: {{get: {{{OK}}}}}}}\n"
    assert [code for code, _ in found(tmp_path, text)] == ["MS129"]


def test_paths_that_a_header_tells_apart_are_reported_with_its_name(tmp_path: Path) -> None:
    text = (
        f"paths: {{'/#X-Amz-Target=Svc.One': {{post: {{{OK}}}}},"
        f" '/?Action=Two': {{post: {{{OK}}}}}, /a: {{get: {{{OK}}}}}}}\n"
    )
    (tmp_path / "api.yaml").write_text(f"openapi: 3.0.3\n{HEAD}{text}")
    [api] = Loader().load([tmp_path / "api.yaml"])
    assert [(one.code, one.severity) for one in api.problems] == [("MS106", Severity.WARNING)] * 2
    assert "by the header X-Amz-Target" in api.problems[0].hint
    assert "by the query parameter Action" in api.problems[1].hint


def answer(schema: str) -> str:
    content = f"content: {{application/json: {{schema: {schema}}}}}"
    return f"paths: {{/a: {{get: {{responses: {{'200': {{description: OK, {content}}}}}}}}}}}\n"


ANSWER = "/paths/~1a/get/responses/200/content/application~1json/schema/"
INNER_EXAMPLES = [
    ("{type: string, format: date-time, example: 2024-01-01 10:00:00}", "example"),
    ("{type: string, format: uuid, default: abc}", "default"),
    ("{type: string, maxLength: 2, example: abcd}", "example"),
    ("{type: string, enum: [a, b], example: c}", "example"),
    ("{type: integer, maximum: 3, example: 4}", "example"),
    ("{type: object, properties: {b: {type: string}}, example: {b: 1}}", "example/b"),
    ("{type: object, required: [b], example: {c: 1}}", "example/b"),
    ("{type: array, items: {type: integer}, example: [1, x]}", "example/1"),
    ("{allOf: [{$ref: '#/components/schemas/S'}], example: [7]}", "example"),
    ("{oneOf: [{type: integer}, {type: boolean}], example: x}", "example"),
]
NAMED = "components: {schemas: {S: {type: string}}}\n"


@pytest.mark.parametrize("version", ["openapi: 3.0.3", "openapi: 3.1.0"])
@pytest.mark.parametrize(("schema", "place"), INNER_EXAMPLES)
@pytest.mark.parametrize(
    ("around", "steps"),
    [
        ("{type: object, properties: {a: HERE}}", "properties/a/"),
        ("{type: array, items: HERE}", "items/"),
        ("{type: object, additionalProperties: HERE}", "additionalProperties/"),
        ("{allOf: [HERE]}", "allOf/0/"),
    ],
)
def test_an_example_inside_a_schema_that_does_not_conform_is_reported(
    tmp_path: Path, version: str, schema: str, place: str, around: str, steps: str
) -> None:
    text = answer(around.replace("HERE", schema)) + NAMED
    assert ("MS405", ANSWER + steps + place) in found(tmp_path, text, version)


def test_every_example_of_a_list_is_reported(tmp_path: Path) -> None:
    text = answer("{type: array, items: {type: string, minLength: 3, examples: [a, abc, b]}}")
    items = ANSWER + "items/examples/"
    assert found(tmp_path, text) == [("MS405", items + "0"), ("MS405", items + "2")]


@pytest.mark.parametrize("version", ["openapi: 3.0.3", "openapi: 3.1.0"])
def test_an_example_of_a_component_is_reported_once_and_where_it_is(
    tmp_path: Path, version: str
) -> None:
    use = "{type: object, properties: {a: {$ref: '#/components/schemas/S'}}}"
    text = answer(f"{{allOf: [{use}, {use}]}}")
    text += "components: {schemas: {S: {type: string, format: date, example: soon}}}\n"
    assert found(tmp_path, text, version) == [("MS405", "/components/schemas/S/example")]


def test_examples_in_swagger_are_reported(tmp_path: Path) -> None:
    text = (
        "paths: {/a: {get: {parameters: [{name: q, in: query, required: true, type: string,"
        " maxLength: 2, default: abc}], responses: {'200': {description: OK, headers: {X-A:"
        " {type: string, format: date, default: soon}}, schema: {$ref: '#/definitions/A'}}}}}}\n"
        "definitions: {A: {type: object, properties: {b: {type: array, items: {type: string,"
        " pattern: '^a', example: b}}, c: {$ref: '#/definitions/A', example: ignored}}}}\n"
    )
    assert sorted(found(tmp_path, text, "swagger: '2.0'")) == [
        ("MS309", "/definitions/A/properties/c/example"),
        ("MS401", "/paths/~1a/get/responses/200/headers/X-A/default"),
        ("MS405", "/definitions/A/properties/b/items/example"),
        ("MS405", "/paths/~1a/get/parameters/0/default"),
    ]


@pytest.mark.parametrize(
    "schema",
    [
        "{required: [r], properties: {r: {type: string, readOnly: true}}, example: {}}",
        "{required: [w], properties: {w: {type: string, writeOnly: true}}, example: {}}",
    ],
)
def test_an_example_may_be_for_one_direction(tmp_path: Path, schema: str) -> None:
    assert found(tmp_path, answer(f"{{properties: {{a: {schema}}}}}")) == []


@pytest.mark.parametrize(
    ("schema", "severity"),
    [
        ("{type: string, example: 5}", Severity.NOTE),
        ("{type: string, default: true}", Severity.NOTE),
        ("{type: string, examples: [5]}", Severity.NOTE),
        ("{allOf: [{type: string}], example: 5}", Severity.NOTE),
        ("{type: string, example: null}", Severity.WARNING),
        ("{type: integer, example: '5'}", Severity.WARNING),
        ("{type: string, enum: [5]}", Severity.WARNING),
    ],
)
def test_a_scalar_for_a_text_is_a_note_because_its_text_is_used(
    tmp_path: Path, schema: str, severity: Severity
) -> None:
    (tmp_path / "api.yaml").write_text(f"openapi: 3.1.0\n{HEAD}{parameter(schema)}")
    [api] = Loader(thorough=True).load([tmp_path / "api.yaml"])
    assert [(one.code, one.severity) for one in api.problems] == [("MS310", severity)]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("{schema: {type: integer}, example: abc}", ("MS401", "example")),
        ("{schema: {type: integer}, examples: {e: {value: abc}}}", ("MS401", "examples/e/value")),
        ("{schema: {type: integer, example: abc}}", ("MS401", "schema/example")),
        ("{schema: {type: string}, example: 5}", ("MS401", "example")),
        (
            "{required: true, schema: {type: string, maxLength: 2, example: abcd}}",
            ("MS401", "schema/example"),
        ),
        (
            "{content: {application/json: {schema: {type: integer}, example: abc}}}",
            ("MS401", "content/application~1json/example"),
        ),
    ],
)
def test_an_example_of_a_header_that_does_not_conform_is_reported(
    tmp_path: Path, header: str, problem: tuple[str, str]
) -> None:
    headers = f"headers: {{X-A: {header}}}"
    text = f"paths: {{/a: {{get: {{responses: {{'200': {{description: OK, {headers}}}}}}}}}}}\n"
    code, place = problem
    expected = (code, f"/paths/~1a/get/responses/200/headers/X-A/{place}")
    assert expected in found(tmp_path, text)
