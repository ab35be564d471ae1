"""Keys that the version of a document does not define are reported by `check`."""

from pathlib import Path

import pytest

from mockserver.openapi.compiler import Loader
from mockserver.openapi.extension_names import extension_meant
from mockserver.openapi.object_kinds import document_kind
from mockserver.openapi.unknown_keys import MOST_REPORTED

HEADS = {
    "2.0": "swagger: '2.0'\ninfo: {title: T, version: '1'}\n",
    "3.0": "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n",
    "3.1": "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n",
    "3.2": "openapi: 3.2.0\ninfo: {title: T, version: '1'}\n",
}
OK = "responses: {'200': {description: OK}}"
every_version = pytest.mark.parametrize("version", HEADS)


def problems(folder: Path, text: str, version: str = "3.1", **files: str) -> list[str]:
    """Return the codes and pointers of the problems of a document."""
    (folder / "api.yaml").write_text(HEADS[version] + text)
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content)
    [api] = Loader(thorough=True).load([folder / "api.yaml"])
    return [f"{one.code} {one.source.pointer} {one.hint}" for one in api.problems]


@every_version
def test_a_misspelt_key_of_an_operation_is_reported(tmp_path: Path, version: str) -> None:
    text = f"paths: {{/a: {{get: {{paramters: [], {OK}}}}}}}\n"
    found = problems(tmp_path, text, version)
    assert found == ["MS101 /paths/~1a/get/paramters did you mean 'parameters'?"]


@every_version
def test_a_misspelt_key_of_the_document_is_reported(tmp_path: Path, version: str) -> None:
    text = f"paths: {{/a: {{get: {{{OK}}}}}}}\nextrnalDocs: {{url: 'https://example.com'}}\n"
    found = problems(tmp_path, text, version)
    assert found == ["MS101 /extrnalDocs did you mean 'externalDocs'?"]


@pytest.mark.parametrize("version", ["3.0", "3.1", "3.2"])
@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("get: {responses: {'200': {description: OK, contnet: {}}}}", "get/responses/200/contnet"),
        (
            "get: {responses: {'200': {description: OK, content: {text/plain: {shcema: {}}}}}}",
            "get/responses/200/content/text~1plain/shcema",
        ),
        (
            f"post: {{requestBody: {{content: {{text/plain: {{}}}}, requird: true}}, {OK}}}",
            "post/requestBody/requird",
        ),
        (
            f"get: {{parameters: [{{name: q, in: query, schema: {{}}, requird: true}}], {OK}}}",
            "get/parameters/0/requird",
        ),
        (f"get: {{{OK}, callbacks: {{a: {{'b': {{post: {{sumary: c}}}}}}}}}}", "b/post/sumary"),
        (f"get: {{{OK}, servers: [{{url: /, varibles: {{}}}}]}}", "get/servers/0/varibles"),
    ],
)
def test_misspelt_keys_below_an_operation_are_reported(
    tmp_path: Path, version: str, text: str, pointer: str
) -> None:
    found = [
        one for one in problems(tmp_path, f"paths: {{/a: {{{text}}}}}", version) if "MS1" in one
    ]
    assert any(one.startswith("MS101") and f"{pointer} did" in one for one in found), found


def test_keys_of_components_that_nothing_uses_are_reported(tmp_path: Path) -> None:
    components = "components: {headers: {H: {shema: {}}}, schema: {}}\n"
    text = f"paths: {{/a: {{get: {{{OK}}}}}}}\n{components}"
    assert sorted(one.split()[1] for one in problems(tmp_path, text)) == [
        "/components/headers/H/shema",
        "/components/schema",
    ]


def test_keys_in_another_file_are_reported_with_its_name(tmp_path: Path) -> None:
    text = "paths: {/a: {get: {responses: {'200': {$ref: 'other.yaml#/ok'}}}}}\n"
    (tmp_path / "api.yaml").write_text(HEADS["3.1"] + text)
    (tmp_path / "other.yaml").write_text("ok: {description: OK, contnet: {}}\n")
    [api] = Loader(thorough=True).load([tmp_path / "api.yaml"])
    [problem] = api.problems
    assert (Path(problem.source.file).name, problem.source.pointer) == ("other.yaml", "/ok/contnet")


def test_names_that_the_document_chooses_are_no_keys(tmp_path: Path) -> None:
    text = (
        f"paths: {{/a: {{get: {{{OK}}}}}}}\n"
        "components: {schemas: {paramters: {properties: {contnet: {type: string}, x-mok: {}}}},"
        " examples: {paths: {value: {shcema: 1}}}}\nx-anything: {paramters: 1}\n"
    )
    for version in ("3.0", "3.1", "3.2"):
        assert problems(tmp_path, text, version) == []


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_any_unknown_key_of_a_schema_is_reported_before_3_1(tmp_path: Path, version: str) -> None:
    place = "definitions" if version == "2.0" else "components"
    schema = "{A: {type: string, lengthy: 2}}"
    block = schema if version == "2.0" else f"{{schemas: {schema}}}"
    found = problems(tmp_path, f"paths: {{/a: {{get: {{{OK}}}}}}}\n{place}: {block}\n", version)
    assert [one.split()[0] for one in found] == ["MS101"]


@pytest.mark.parametrize("version", ["3.1", "3.2"])
def test_only_misspelt_keywords_of_a_schema_are_reported_since_3_1(
    tmp_path: Path, version: str
) -> None:
    text = (
        f"paths: {{/a: {{get: {{{OK}}}}}}}\n"
        "components: {schemas: {A: {type: object, unit: m, x-y: 1, optional: true,"
        " properties: {b: {requried: [c], minlength: 1}}, xml: {nam: b}}}}\n"
    )
    found = problems(tmp_path, text, version)
    assert sorted(one.partition("/components/schemas/A")[2] for one in found) == [
        "/properties/b/minlength did you mean 'minLength'?",
        "/properties/b/requried did you mean 'required'?",
        "/xml/nam did you mean 'name'?",
    ]


def test_a_keyword_of_a_later_version_is_noted_once(tmp_path: Path) -> None:
    text = (
        "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {const: a}}],"
        f" {OK}}}}}}}\ncomponents: {{schemas: {{A: {{const: b}}}}}}\n"
    )
    found = problems(tmp_path, text, "3.0")
    assert [one.split()[:2] for one in found] == [
        ["MS304", "/paths/~1a/get/parameters/0/schema/const"],
        ["MS304", "/components/schemas/A/const"],
    ]


@pytest.mark.parametrize(
    "key", ["x-mok", "xmock", "x_mock", "X-Mock", "x-mocks", "x-mcok", "X_MOCK", "xMock", "mock"]
)
@pytest.mark.parametrize(
    "text",
    [
        "{key}: {{}}\npaths: {{/a: {{get: {{{ok}}}}}}}",
        "paths: {{/a: {{get: {{{ok}, {key}: {{}}}}}}}}",
    ],
)
@every_version
def test_every_near_miss_of_x_mock_is_reported(
    tmp_path: Path, version: str, text: str, key: str
) -> None:
    found = problems(tmp_path, text.format(key=key, ok=OK), version)
    assert [(one.split()[0], one.endswith("'x-mock'?")) for one in found] == [("MS102", True)]


def test_a_near_miss_of_x_mock_is_reported_without_a_check(tmp_path: Path) -> None:
    text = f"x_mock: {{}}\npaths: {{/a: {{get: {{x-mok: {{}}, {OK}}}}}}}\n"
    (tmp_path / "api.yaml").write_text(HEADS["3.1"] + text)
    [api] = Loader().load([tmp_path / "api.yaml"])
    assert [one.source.pointer for one in api.problems] == ["/paths/~1a/get/x-mok", "/x_mock"]


@pytest.mark.parametrize("key", ["x-mode", "x-lock", "x-max", "x-mark", "x-model", "mode", "x-m"])
def test_other_extensions_do_not_resemble_x_mock(key: str) -> None:
    assert extension_meant(key) == ""


@pytest.mark.parametrize("key", ["x-mock-ignroe", "x-mockignore", "x_mock_ignore"])
def test_near_misses_of_x_mock_ignore_are_recognised(key: str) -> None:
    assert extension_meant(key) == "x-mock-ignore"


def test_x_mock_at_a_path_is_reported_as_without_effect(tmp_path: Path) -> None:
    found = problems(tmp_path, f"paths: {{/a: {{x-mock: {{}}, get: {{{OK}}}}}}}\n")
    assert [one.split()[:2] for one in found] == [["MS515", "/paths/~1a/x-mock"]]


def test_unknown_keys_of_an_overlay_are_reported_at_the_overlay(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(HEADS["3.1"] + f"paths: {{/a: {{get: {{{OK}}}}}}}\n")
    (tmp_path / "overlay.yaml").write_text(
        "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nextends: api.yaml\n"
        "actions: [{target: $.paths.*.get, update: {x-mok: {}, sumary: a}}]\n"
    )
    [api] = Loader(thorough=True).load([tmp_path / "overlay.yaml"])
    assert sorted(str(one).rpartition("/")[2] for one in api.problems) == [
        "sumary: an operation object cannot have 'sumary' (did you mean 'summary'?) [MS101]",
        "x-mok: 'x-mok' has no effect (did you mean 'x-mock'?) [MS102]",
    ]
    assert {Path(one.source.file).name for one in api.problems} == {"overlay.yaml"}


def test_thousands_of_unknown_keys_are_cut(tmp_path: Path) -> None:
    keys = ", ".join(f"k{number}: 1" for number in range(MOST_REPORTED + 500))
    found = problems(tmp_path, f"paths: {{/a: {{get: {{{OK}, {keys}}}}}}}\n")
    assert len(found) == MOST_REPORTED + 1


def test_a_document_that_refers_to_itself_is_walked_once(tmp_path: Path) -> None:
    text = (
        f"paths: {{/a: {{get: {{{OK}}}}}}}\n"
        "components: {schemas: {A: {requird: [],"
        " properties: {a: {$ref: '#/components/schemas/A'}}}}}\n"
    )
    assert len(problems(tmp_path, text)) == 1


@every_version
def test_the_keys_of_every_version_are_derived(version: str) -> None:
    kind = document_kind(version)
    item = kind.keys["paths"].member("/a")
    assert item is not None
    operation = item.keys["get"]
    assert {"operationId", "parameters", "responses"} <= set(operation.keys)
    assert operation.is_closed
    assert operation.is_extensible
