"""Problems can be turned off in a document, for a reason."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from mockserver.cli.check_command import command

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
OK = "responses: {'200': {description: OK}}"


def check(folder: Path, text: str, *options: str) -> Result:
    (folder / "api.yaml").write_text(HEAD + text)
    return CliRunner().invoke(command, [*options, str(folder / "api.yaml")])


def codes(result: Result) -> list[str]:
    lines = result.output.splitlines()
    return [line.rpartition("[")[2].rstrip("]") for line in lines if line.endswith("]")]


@pytest.mark.parametrize(
    "text",
    [
        f"x-mock-ignore: {{MS101: why}}\npaths: {{/a: {{get: {{sumary: a, {OK}}}}}}}\n",
        f"paths: {{/a: {{x-mock-ignore: {{MS101: why}}, get: {{sumary: a, {OK}}}}}}}\n",
        f"paths: {{/a: {{get: {{sumary: a, x-mock-ignore: {{MS101: why}}, {OK}}}}}}}\n",
    ],
)
def test_a_problem_is_ignored_below_the_switch(tmp_path: Path, text: str) -> None:
    result = check(tmp_path, text)
    assert result.exit_code == 0
    assert result.output.endswith("api: 1 operation, 1 ignored\n")


def test_a_problem_is_reported_beside_the_switch(tmp_path: Path) -> None:
    text = (
        f"paths: {{/a: {{get: {{sumary: a, x-mock-ignore: {{MS101: why}}, {OK}}},"
        f" put: {{sumary: a, {OK}}}}}}}\n"
    )
    result = check(tmp_path, text)
    assert codes(result) == ["MS101"]
    assert "/paths/~1a/put/sumary" in result.output


def test_an_ignored_problem_does_not_fail_a_strict_check(tmp_path: Path) -> None:
    text = f"paths: {{/a: {{get: {{sumary: a, x-mock-ignore: {{MS101: why}}, {OK}}}}}}}\n"
    assert check(tmp_path, text, "--strict").exit_code == 0


@pytest.mark.parametrize("reason", ["''", "' '", "null", "5", "[a]"])
def test_without_a_reason_nothing_is_ignored(tmp_path: Path, reason: str) -> None:
    text = f"paths: {{/a: {{get: {{sumary: a, x-mock-ignore: {{MS101: {reason}}}, {OK}}}}}}}\n"
    assert sorted(codes(check(tmp_path, text))) == ["MS101", "MS521"]


@pytest.mark.parametrize("block", ["MS101", "[MS101]", "{}", "null"])
def test_a_switch_that_is_not_a_mapping_is_reported(tmp_path: Path, block: str) -> None:
    text = f"x-mock-ignore: {block}\npaths: {{/a: {{get: {{{OK}}}}}}}\n"
    assert codes(check(tmp_path, text)) == ["MS521"]


def test_an_unknown_code_is_reported_with_a_similar_one(tmp_path: Path) -> None:
    text = f"x-mock-ignore: {{MS1O1: why}}\npaths: {{/a: {{get: {{{OK}}}}}}}\n"
    result = check(tmp_path, text)
    assert codes(result) == ["MS522"]
    assert "there is no code 'MS1O1' (did you mean 'MS" in result.output


def test_a_switch_that_ignores_nothing_is_reported(tmp_path: Path) -> None:
    text = f"x-mock-ignore: {{MS101: why}}\npaths: {{/a: {{get: {{{OK}}}}}}}\n"
    assert codes(check(tmp_path, text)) == ["MS523"]


def test_the_nearest_of_two_switches_counts(tmp_path: Path) -> None:
    text = (
        "x-mock-ignore: {MS101: far}\n"
        f"paths: {{/a: {{get: {{sumary: a, x-mock-ignore: {{MS101: near}}, {OK}}}}}}}\n"
    )
    result = check(tmp_path, text)
    assert codes(result) == ["MS523"]
    assert "api.yaml:3:17: warning: /x-mock-ignore/MS101" in result.output


def test_an_error_cannot_be_ignored(tmp_path: Path) -> None:
    text = f"x-mock-ignore: {{MS502: why}}\nx-mock: {{a: 1}}\npaths: {{/a: {{get: {{{OK}}}}}}}\n"
    result = check(tmp_path, text)
    assert result.exit_code == 2
    assert sorted(codes(result)) == ["MS502", "MS524"]


def test_problems_that_only_check_finds_can_be_ignored(tmp_path: Path) -> None:
    text = (
        "paths: {/a: {get: {x-mock-ignore: {MS404: why}, responses: {'200': {description: OK,"
        " content: {application/json: {schema: {type: integer, minimum: 2, maximum: 1}}}}}}}}\n"
    )
    assert codes(check(tmp_path, text)) == []


def test_an_overlay_ignores_problems_of_the_document_that_it_extends(tmp_path: Path) -> None:
    check(tmp_path, f"paths: {{/a: {{get: {{sumary: a, {OK}}}}}}}\n")
    (tmp_path / "overlay.yaml").write_text(
        "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nextends: api.yaml\n"
        "actions: [{target: $.paths.*.get, update: {x-mock-ignore: {MS101: why}}}]\n"
    )
    result = CliRunner().invoke(command, [str(tmp_path / "overlay.yaml")])
    assert (result.exit_code, codes(result)) == (0, [])


def test_a_switch_at_the_root_covers_the_files_that_a_document_refers_to(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("a: {get: {sumary: a, responses: {}}}\n")
    text = "x-mock-ignore: {MS101: why}\npaths: {/a: {$ref: 'part.yaml#/a'}}\n"
    assert codes(check(tmp_path, text)) == []


def test_a_switch_in_a_file_covers_that_file(tmp_path: Path) -> None:
    part = "a: {x-mock-ignore: {MS101: why}, get: {sumary: a, responses: {}}}\n"
    (tmp_path / "part.yaml").write_text(part)
    assert codes(check(tmp_path, "paths: {/a: {$ref: 'part.yaml#/a'}}\n")) == []


def test_a_switch_beside_the_reference_of_a_path_is_no_problem(tmp_path: Path) -> None:
    text = (
        "paths: {/a: {$ref: '#/components/pathItems/A', x-mock-ignore: {MS101: why}, sumary: b}}\n"
        f"components: {{pathItems: {{A: {{get: {{{OK}}}}}}}}}\n"
    )
    assert codes(check(tmp_path, text)) == ["MS108"]


def test_reports_name_what_is_ignored_and_why(tmp_path: Path) -> None:
    text = f"x-mock-ignore: {{MS101: why}}\npaths: {{/a: {{get: {{sumary: a, {OK}}}}}}}\n"
    report: Any = orjson.loads(check(tmp_path, text, "--format", "json").output)
    [ignored] = report["ignored"]
    assert (ignored["code"], ignored["reason"], report["problems"]) == ("MS101", "why", [])
    sarif: Any = orjson.loads(check(tmp_path, text, "--format", "sarif").output)
    [result] = sarif["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "why"}]


def test_a_word_in_an_example_is_no_switch(tmp_path: Path) -> None:
    text = (
        "paths: {/a: {get: {responses: {'200': {description: OK,"
        " content: {application/json: {example: {x-mock-ignore: {MS101: ''}}}}}}}}}\n"
    )
    assert codes(check(tmp_path, text)) == []
