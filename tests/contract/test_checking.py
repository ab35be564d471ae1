from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import orjson
import pytest
from click.testing import CliRunner, Result

from mockserver.cli import main
from mockserver.contract import check_reports
from mockserver.contract.checking import CheckResult, check
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.openapi.compiler import load_apis

SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /items/{id}:
    get:
      operationId: getItem
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        '200':
          description: One
          content:
            application/json:
              schema:
                type: object
                required: [id, kind]
                properties: {id: {type: integer}, kind: {enum: [a, b]}}
    put:
      operationId: putItem
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody:
        content:
          application/json:
            schema: {type: object, required: [kind], properties: {kind: {enum: [a, b]}}}
      responses: {'204': {description: Stored}, '400': {description: Wrong}}
"""
INTERACTIONS = """\
interactions:
  - name: Get
    request: {method: GET, path: /items/1}
    answer: {status: 200, json: {id: 1, kind: a}}
  - name: Put
    request: {method: PUT, path: '/items/${ID:-1}', json: {kind: a}}
    answer: {status: 204}
  - name: Put what is wrong
    request: {method: PUT, path: /items/1, json: {kind: c}}
    answer: {status: 400}
  - name: Put again
    given: {after: [Get]}
    request: {method: PUT, path: '/items/${Get:/id}', json: {kind: '${Get:/kind}'}}
    answer: {status: 204}
"""


def checked(
    folder: Path, interactions: str = INTERACTIONS, document: str = SHOP, *, strict: bool = False
) -> CheckResult:
    (folder / "shop.yaml").write_text(document)
    place = folder / "fixtures" / "shop" / "interactions"
    place.mkdir(parents=True)
    (place / "one.yaml").write_text(interactions)
    return check(lambda: load_apis([folder / "shop.yaml"], BUILT_IN, strict=strict))


def test_interactions_that_fit_their_document_are_counted(tmp_path: Path) -> None:
    found = checked(tmp_path)
    assert found.findings == []
    assert found.interactions == {"shop": 4}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{id: 1, kind: a}", "{id: x, kind: a}", "answer/json/id: id must be a whole"),
        ("{id: 1, kind: a}", "{kind: c}", "answer/json/kind: kind must be one of"),
        ("status: 200", "status: 201", "answer/status: getItem documents no status 201"),
        ("'/items/${ID:-1}'", "/items/x", "/interactions/1/request/path/id: id must be"),
        ("json: {kind: a}}\n", "json: {}}\n", "1/request/json/kind: kind is required"),
        ("${Get:/id}", "${Get:/kind}", "/interactions/3/request/path/id: id must be"),
        ("path: /items/1}\n", "path: /item/1}\n", "matches no operation"),
    ],
)
def test_what_contradicts_the_document_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    finding = checked(tmp_path, INTERACTIONS.replace(old, new)).findings[0]
    assert finding.rule == "interaction"
    assert told in str(finding.problem)


def test_an_answer_to_expect_may_leave_members_out(tmp_path: Path) -> None:
    assert checked(tmp_path, INTERACTIONS.replace("{id: 1, kind: a}", "{id: 1}")).findings == []


def test_an_undocumented_status_can_be_said_to_be_known(tmp_path: Path) -> None:
    text = INTERACTIONS.replace("status: 400", "status: 418, undocumented: true")
    assert checked(tmp_path, text).findings == []


WRONG = SHOP.replace("type: integer}", "type: '5%:,'}", 1)


@pytest.fixture
def wrong(tmp_path: Path) -> CheckResult:
    return checked(tmp_path, document=WRONG, strict=True)


@pytest.fixture
def flawed(tmp_path: Path) -> CheckResult:
    return checked(tmp_path, document=WRONG)


def test_json_names_every_problem(wrong: CheckResult, tmp_path: Path) -> None:
    report: Any = orjson.loads(check_reports.json_report(wrong))
    (problem,) = report["problems"]
    assert problem["file"] == str(tmp_path / "shop.yaml")
    assert (problem["line"], problem["rule"]) == (7, "document")
    assert problem["code"] == "MS302"
    assert problem["pointer"] == "/paths/~1items~1{id}/get/parameters/0/schema/type"


def test_sarif_points_at_the_place(wrong: CheckResult, tmp_path: Path) -> None:
    report: Any = orjson.loads(check_reports.sarif_report(wrong))
    (run,) = report["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert report["version"] == "2.1.0"
    assert result["ruleId"] == "MS302"
    assert result["ruleId"] in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert place["artifactLocation"]["uri"] == (tmp_path / "shop.yaml").as_posix()
    assert place["region"]["startLine"] == 7


def test_junit_has_a_case_for_each_file(wrong: CheckResult, tmp_path: Path) -> None:
    root = ET.fromstring(check_reports.junit_report(wrong))  # noqa: S314 - our own
    (case,) = root.iter("testcase")
    assert case.attrib["name"] == str(tmp_path / "shop.yaml")
    assert root[0].attrib["failures"] == "1"
    assert "shop.yaml:7:" in (case[0].text or "")


def test_github_annotates_the_line(tmp_path: Path) -> None:
    styled = SHOP.replace("{type: integer}}", "{type: integer}, style: '5%:,'}", 1)
    wrong = checked(tmp_path, document=styled, strict=True)
    (line,) = check_reports.github_report(wrong).splitlines()
    assert line.startswith(f"::error file={tmp_path / 'shop.yaml'},line=7,col=")
    assert "5%25:," in line.partition("::error")[2].partition("::")[2]
    assert "%2C" not in line.partition("::error")[2].partition("::")[2]


def test_what_is_left_out_is_told_as_a_warning(flawed: CheckResult) -> None:
    report: Any = orjson.loads(check_reports.json_report(flawed))
    sarif: Any = orjson.loads(check_reports.sarif_report(flawed))
    root = ET.fromstring(check_reports.junit_report(flawed))  # noqa: S314 - our own
    assert [one["severity"] for one in report["problems"]] == ["warning"]
    assert [one["level"] for one in sarif["runs"][0]["results"]] == ["warning"]
    assert check_reports.github_report(flawed).startswith("::warning file=")
    assert root[0].attrib["failures"] == "1"
    flawed.lenient = True
    root = ET.fromstring(check_reports.junit_report(flawed))  # noqa: S314 - our own
    assert root[0].attrib["failures"] == "0"
    assert "shop.yaml:7:" in (root[0][0].findtext("system-out") or "")


def test_text_tells_of_wrong_interactions_after_what_is_served(tmp_path: Path) -> None:
    found = checked(tmp_path, INTERACTIONS.replace("status: 200", "status: 201"), WRONG)
    *problems, api, last = check_reports.text_report(found).splitlines()
    assert len(problems) == 2
    assert api.endswith("shop: 2 operations, 4 interactions, 1 problem, left out")
    assert last == "1 problem in interactions."


def test_a_wrong_interaction_is_an_error(tmp_path: Path) -> None:
    checked(tmp_path, INTERACTIONS.replace("status: 200", "status: 201"))
    assert run(str(tmp_path / "shop.yaml")).exit_code == 2


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("", "", (0, 0, 0)),
        ("openapi: 3.1.0", "openapi: 3.1", (0, 0, 0)),
        ("type: integer}", "type: none}", (1, 0, 2)),
        ("openapi: 3.1.0", "openapi: 4.1.0", (2, 2, 2)),
        ("openapi: 3.1.0", "x-mock: {a: 1}\nopenapi: 3.1.0", (2, 2, 2)),
    ],
    ids=["nothing", "a note", "a part left out", "an error", "an error in x-mock"],
)
def test_the_exit_code_is_that_of_the_gravest_problem(
    tmp_path: Path, old: str, new: str, codes: tuple[int, int, int]
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP.replace(old, new, 1))
    found = [run(*options, str(file)).exit_code for options in ((), ("--lenient",), ("--strict",))]
    assert tuple(found) == codes


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


@pytest.mark.parametrize("form", check_reports.FORMATS)
def test_every_format_tells_by_its_exit_code_whether_all_is_well(form: str, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(WRONG)
    assert run("--format", form, "--strict", str(tmp_path / "shop.yaml")).exit_code == 2
    assert run("--format", form, str(tmp_path / "shop.yaml")).exit_code == 1
    assert run("--format", form, "--lenient", str(tmp_path / "shop.yaml")).exit_code == 0
    (tmp_path / "shop.yaml").write_text(WRONG.replace("openapi: 3.1.0", "openapi: 4.0.0"))
    assert run("--format", form, str(tmp_path / "shop.yaml")).exit_code == 2
    (tmp_path / "shop.yaml").write_text(SHOP)
    assert run("--format", form, str(tmp_path / "shop.yaml")).exit_code == 0
