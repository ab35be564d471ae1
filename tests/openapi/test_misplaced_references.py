"""References are followed within the folder also where OpenAPI has none."""

from pathlib import Path

import pytest

from mockserver.base.errors import SpecError
from mockserver.base.problems import Severity
from mockserver.model.api import Api
from mockserver.openapi.compiler import Loader

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
PARTS = """\
paths:
  /a: {get: {$ref: '#/operation'}}
operation: {operationId: list, responses: {$ref: '#/answers'}}
answers: {'200': {description: OK, content: {application/json: {$ref: 'deep/media.yaml#/m'}}}}
"""
MEDIA = "m: {schema: {$ref: '#/s'}}\ns: {type: integer, example: 5}\n"


def load(folder: Path, text: str, *, strict: bool = False) -> Api:
    (folder / "api.yaml").write_text(text)
    (folder / "parts.yaml").write_text(PARTS)
    (folder / "deep").mkdir(exist_ok=True)
    (folder / "deep" / "media.yaml").write_text(MEDIA)
    [api] = Loader(strict=strict).load([folder / "api.yaml"])
    return api


def codes(api: Api) -> list[tuple[str, Severity]]:
    return [(problem.code, problem.severity) for problem in api.problems]


def test_paths_operations_and_responses_in_other_files_are_served(tmp_path: Path) -> None:
    api = load(tmp_path, HEAD + "paths: {$ref: 'parts.yaml#/paths'}\n")
    [operation] = api.operations
    assert operation.id == "list"
    assert operation.responses[0].media[0].examples[0].value == 5
    assert codes(api) == [("MS205", Severity.NOTE)] * 4


def test_what_is_noted_has_the_place_of_the_reference(tmp_path: Path) -> None:
    api = load(tmp_path, HEAD + "paths: {/a: {get: {$ref: 'parts.yaml#/operation'}}}\n")
    assert str(api.problems[0]).partition(f"{tmp_path}/")[2].startswith("api.yaml:3:20: note: ")
    assert Path(api.operations[0].source.file).name == "parts.yaml"


def test_members_next_to_a_misplaced_reference_are_kept(tmp_path: Path) -> None:
    text = "paths: {/a: {get: {$ref: 'parts.yaml#/operation', operationId: own}}}\n"
    assert load(tmp_path, HEAD + text).operations[0].id == "own"


@pytest.mark.parametrize("version", ["swagger: '2.0'", "openapi: 3.0.3", "openapi: 3.2.0"])
def test_misplaced_references_are_followed_in_every_version(tmp_path: Path, version: str) -> None:
    text = HEAD.replace("openapi: 3.1.0", version) + (
        "paths: {/a: {get: {$ref: '#/x-operation'}}}\n"
        "x-operation: {operationId: list, responses: {'200': {description: OK}}}\n"
    )
    api = load(tmp_path, text)
    assert api.operations[0].id == "list"
    assert codes(api) == [("MS205", Severity.NOTE)]


def test_strict_refuses_a_misplaced_reference(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be a reference"):
        load(tmp_path, HEAD + "paths: {$ref: 'parts.yaml#/paths'}\n", strict=True)


def test_a_misplaced_reference_to_nothing_is_reported(tmp_path: Path) -> None:
    text = HEAD + (
        "paths: {/a: {get: {$ref: '#/none'}, put: {responses: {'200': {description: OK}}}}}\n"
    )
    assert ("MS201", Severity.WARNING) in codes(load(tmp_path, text))


def test_a_misplaced_reference_outside_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    text = HEAD + "paths: {$ref: '../other.yaml'}\n"
    assert ("MS202", Severity.WARNING) in codes(load(tmp_path, text))


def test_a_misplaced_reference_that_contains_itself_ends(tmp_path: Path) -> None:
    text = HEAD + (
        "paths: {/a: {get: {$ref: '#/x-op'}}}\n"
        "x-op: {responses: {'200': {description: OK}},\n"
        "  callbacks: {c: {u: {post: {$ref: '#/x-op'}}}}}\n"
    )
    assert ("MS203", Severity.WARNING) in codes(load(tmp_path, text))


def test_references_in_their_places_are_not_noted(tmp_path: Path) -> None:
    text = HEAD + (
        "paths: {/a: {$ref: '#/components/pathItems/A'}}\n"
        "components:\n"
        "  pathItems: {A: {post: {requestBody: {$ref: '#/components/requestBodies/B'},\n"
        "    parameters: [{$ref: '#/components/parameters/P'}],\n"
        "    responses: {'200': {$ref: '#/components/responses/R'}}}}}\n"
        "  requestBodies: {B: {content: {text/plain: {}}}}\n"
        "  parameters: {P: {name: q, in: query, schema: {$ref: '#/components/schemas/S'}}}\n"
        "  responses: {R: {description: OK, headers: {H: {$ref: '#/components/headers/H'}}}}\n"
        "  headers: {H: {schema: {type: string}}}\n"
        "  schemas: {S: {type: string}}\n"
    )
    assert codes(load(tmp_path, text)) == []
