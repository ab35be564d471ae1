"""`mockserver replay`: what differs now from a saved history, and which decision is the cause."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import ROOT
from tests.replay.saved import BUSINESS, KEY, PARTOO, PHONE, SHOP, Recorder, partoo_with, replay

SPECS = ROOT / "specs"


def recorded() -> Recorder:
    """Return a recorder with invitations, refusals, clock moves, a setting and a fault."""
    recorder = Recorder()
    assert [recorder.invite(1), recorder.invite(1)] == [200, 400]
    recorder.control("POST", "/clock", {"advance": "P5D"})
    assert recorder.invite(1) == 400
    recorder.control("POST", "/clock", {"advance": "P6D", "frozen": True})
    assert recorder.invite(1) == 200
    recorder.control("PATCH", "/settings/partoo", {"sms_quota": 3})
    recorder.control("POST", "/faults", {"api": "partoo", "error": "rate_limited", "times": 1})
    assert [recorder.invite(2), recorder.invite(2), recorder.invite(3)] == [429, 200, 403]
    query = {"business_id": BUSINESS, "target_phone": "+33647380001"}
    recorder.client.get(f"{PARTOO}/search-invitation", params=query, headers=KEY)
    recorder.client.get("/partoo/v2/nothing", headers=KEY)
    return recorder


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return recorded().save(tmp_path / "history.har")


def test_the_same_documents_give_the_same_answers(history: Path) -> None:
    done = replay(history, SPECS)
    counts = "9 requests: 9 equal; 5 control calls: 5 equal\n"
    assert (done.exit_code, done.output) == (0, counts)


def test_an_answer_that_another_period_changes_is_shown_with_the_decision(
    history: Path, tmp_path: Path
) -> None:
    specs = partoo_with(tmp_path, "default: P10D", "default: P3D")
    done = replay(history, specs)
    assert done.exit_code == 1
    refused = done.output.partition("  DIFFERS  r3  POST /partoo")[2]
    assert "status\n             - before: 400\n             + now: 200\n" in refused
    before, now = refused.partition("because of the decision\n")[2].splitlines()[:2]
    assert before.strip().startswith("- before: cooldown: refused (name sms, ")
    assert before.endswith("specs/partoo.overlay.yaml:220:13]")
    assert now.strip().startswith("+ now: cooldown: started (name sms, ")
    assert now.endswith(f"{specs}/partoo.overlay.yaml:220:13]")


def test_identifiers_after_a_difference_are_those_of_the_history(
    history: Path, tmp_path: Path
) -> None:
    done = replay(history, partoo_with(tmp_path, "default: P10D", "default: P3D"))
    assert "  DIFFERS  r4" not in done.output


def test_another_body_of_an_error_is_shown_with_its_pointer(history: Path, tmp_path: Path) -> None:
    text = "An SMS has already been sent to this number lately"
    done = replay(history, partoo_with(tmp_path, text, "Too early"))
    assert done.exit_code == 1
    assert "/errors/json/target_phone/0\n" in done.output
    assert f'- before: "{text}"\n' in done.output
    assert '+ now: "Too early"\n' in done.output
    assert "+ now: refused as cooldown: Too early; passes at " in done.output


def test_a_removed_operation_is_the_decision_that_differs(history: Path, tmp_path: Path) -> None:
    done = replay(history, partoo_with(tmp_path, "/search-invitation:", "/search-others:"))
    assert done.exit_code == 1
    assert "- before: matched GET /review_booster/search-invitation (search" in done.output
    assert "+ now: refused as not_found: the API has no such path" in done.output
    assert done.output.endswith("9 requests: 8 equal, 1 differs; 5 control calls: 5 equal\n")


def test_lines_before_the_cause_of_a_refusal_change_no_answer(
    history: Path, tmp_path: Path
) -> None:
    done = replay(
        history, partoo_with(tmp_path, "      x-mock:\n", "      # one\n\n      x-mock:\n")
    )
    assert done.exit_code == 0


def test_another_value_of_a_setting_can_be_tried(history: Path) -> None:
    done = replay(history, SPECS, "--set", "partoo.cooldown=P20D")
    assert done.exit_code == 1
    assert "  DIFFERS  r4  POST" in done.output


def test_a_control_call_that_is_refused_now_is_a_difference(history: Path, tmp_path: Path) -> None:
    done = replay(history, partoo_with(tmp_path, "sms_quota", "most_sms"))
    assert done.exit_code == 1
    found = done.output.partition("  DIFFERS  PATCH /_mock/settings/partoo\n")[2].splitlines()
    assert found[1] == "             - before: accepted"
    assert found[2].startswith("             + now: 422 partoo has no setting 'sms_quota'")


def test_documents_without_the_api_are_no_success(history: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    done = replay(history, tmp_path / "shop.yaml")
    assert done.exit_code != 0
    assert "skipped  r1  POST" in done.output
    assert "these documents have no API 'partoo'" in done.output


def test_a_history_without_requests_is_no_success(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.control("POST", "/clock", {"advance": "P5D"})
    done = replay(recorder.save(tmp_path / "calls.har"))
    assert done.exit_code == 2
    assert "no request could be played, so nothing was compared" in done.output


def test_a_credential_that_no_document_has_cannot_be_played(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.invite(1, {"x-apikey": "some-other-key"})
    file = recorder.save(tmp_path / "one.har")
    assert "some-other-key" not in file.read_text()
    done = replay(file)
    assert done.exit_code == 2
    assert "skipped  r1  POST" in done.output
    assert "the file leaves out its header x-apikey, and no single documented" in done.output


def test_the_credential_of_another_principal_is_not_taken(tmp_path: Path) -> None:
    recorder = Recorder()
    assert recorder.invite(1, {"x-apikey": "demo-partoo-read-only"}) == 403
    assert recorder.invite(1) == 200
    done = replay(recorder.save(tmp_path / "two.har"))
    assert (done.exit_code, done.output[:21]) == (0, "2 requests: 2 equal; ")


def test_a_sandbox_that_a_credential_names_is_named_again(tmp_path: Path) -> None:
    recorder = Recorder()
    assert recorder.invite(1, {"x-apikey": "demo-partoo-key~mine"}) == 200
    done = replay(recorder.save(tmp_path / "mine.har", "&sandbox=mine"))
    assert (done.exit_code, done.output[:19]) == (0, "1 request: 1 equal;")


def test_a_call_whose_secrets_are_left_out_is_not_played(tmp_path: Path) -> None:
    recorder = Recorder()
    record = {"key": "k-new-12345", "organisation": "demo-org"}
    recorder.control("POST", "/records/partoo/keys", record)
    recorder.invite(1)
    done = replay(recorder.save(tmp_path / "records.har"))
    assert "skipped  POST /_mock/records/partoo/keys" in done.output
    assert "the file leaves out a part of its body" in done.output


def test_items_that_are_made_and_asked_for_by_their_ids_are_found_again(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    recorder = Recorder(tmp_path / "shop.yaml")
    for _ in range(3):
        made = recorder.client.post("/shop/items").json()
        assert recorder.client.get(f"/shop/items/{made['id']}").status_code == 200
    file = recorder.save(tmp_path / "shop.har")
    twice = SHOP.replace('{id: "{{ made.id }}"}', '{id: "{{ made.id }}", more: "{{ uuid() }}"}', 1)
    (tmp_path / "shop.yaml").write_text(twice)
    done = replay(file, tmp_path / "shop.yaml")
    assert done.output.count("  DIFFERS  ") == 3
    assert done.output.count("/more\n") == 3
    assert done.output.endswith("6 requests: 3 equal, 3 differs; 1 control call: 1 equal\n")


def test_an_answer_that_differs_after_the_same_decisions_names_the_last_of_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    recorder = Recorder(tmp_path / "shop.yaml")
    recorder.client.post("/shop/items")
    file = recorder.save(tmp_path / "shop.har")
    (tmp_path / "shop.yaml").write_text(SHOP.replace('{id: "{{ made', '{key: "{{ made', 1))
    output = replay(file, tmp_path / "shop.yaml").output
    assert "/id\n" in output
    assert "+ now: nothing\n" in output
    assert "after the same decisions: answered 200: its steps say so  [" in output
    assert "shop.yaml:15:13]" in output


def test_a_history_without_decisions_still_shows_what_differs(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    recorder = Recorder(tmp_path / "shop.yaml")
    recorder.client.post("/shop/items")

    def forget(log: Any) -> None:
        log["entries"][0]["_mockserver"]["trace"] = []

    file = recorder.save(tmp_path / "shop.har", change=forget)
    (tmp_path / "shop.yaml").write_text(SHOP.replace("status: 200", "status: 201", 1))
    output = replay(file, tmp_path / "shop.yaml").output
    assert "- before: 200\n             + now: 201\n" in output
    assert "- before: not in the file\n" in output


def test_inferred_resources_are_played_with_the_option(tmp_path: Path) -> None:
    text = (
        SHOP.partition("x-mock:")[0]
        + """\
paths:
  /notes:
    get: {responses: {'200': {description: ok, content: {application/json: {schema: &all
      {type: array, items: &one {type: object, properties: {id: {type: string}}}}}}}}}
    post: {responses: {'201': {description: ok, content: {application/json: {schema: *one}}}}}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {responses: {'200': {description: ok, content: {application/json: {schema: *one}}}}}
"""
    )
    (tmp_path / "notes.yaml").write_text(text)
    recorder = Recorder(tmp_path / "notes.yaml", options={"stateful": True})
    made = recorder.client.post("/notes/notes", json={"text": "a"})
    assert made.status_code == 201, made.text
    assert recorder.client.get(f"/notes/notes/{made.json()['id']}").json() == made.json()
    file = recorder.save(tmp_path / "notes.har")
    assert replay(file, tmp_path / "notes.yaml", "--stateful").exit_code == 0
    assert replay(file, tmp_path / "notes.yaml").exit_code == 1


def test_sampled_values_are_those_of_the_request(tmp_path: Path) -> None:
    recorder = Recorder(options={"dynamic": True, "seed": 7})
    query = {"business_id": BUSINESS, "target_phone": PHONE}
    for _ in range(3):
        headers = {**KEY, "prefer": "code=200"}
        recorder.client.get(f"{PARTOO}/search-invitation", params=query, headers=headers)
    done = replay(recorder.save(tmp_path / "dynamic.har"))
    assert (done.exit_code, done.output[:20]) == (0, "3 requests: 3 equal;")


def test_what_the_file_lacks_of_the_history_is_said(tmp_path: Path) -> None:
    recorder = recorded()
    done = replay(recorder.save(tmp_path / "part.har", "&status=400"))
    assert "does not have the whole history: 7 requests of the sandbox are not in it" in done.output
    assert "  DIFFERS  r2" in done.output


def test_settings_that_the_documents_do_not_have_are_noted(tmp_path: Path) -> None:
    recorder = Recorder(options={"settings": {"partoo": {"sms_quota": 1, "cooldown": "P1D"}}})
    assert [recorder.invite(1), recorder.invite(2)] == [200, 403]
    file = recorder.save(tmp_path / "set.har")
    assert replay(file).exit_code == 0
    done = replay(file, partoo_with(tmp_path, "sms_quota", "most_sms"))
    assert "a setting of the history is left out: partoo has no setting 'sms_quota'" in done.output
    assert "  DIFFERS  r2" in done.output


def test_a_report_for_continuous_integration_has_a_case_for_each_step(
    history: Path, tmp_path: Path
) -> None:
    report = tmp_path / "replay.xml"
    specs = partoo_with(tmp_path, "default: P10D", "default: P3D")
    done = replay(history, specs, "--junit", report)
    suite = ET.fromstring(report.read_text())[0]  # noqa: S314 - our own report
    assert done.exit_code == 1
    assert (suite.get("tests"), suite.get("failures")) == ("14", str(done.output.count("DIFFERS")))
    case = next(one for one in suite if one.get("name", "").startswith("r3 "))
    assert case.get("classname") == "partoo.sendReviewInvitation"
    assert "cooldown: started" in (case[0].text or "")


def test_a_report_shows_no_secrets(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.invite(1)

    def keep_secrets(log: Any) -> None:
        log["_mockserver"]["secrets"] = True
        for pair in log["entries"][0]["request"]["headers"]:
            if pair["name"] == "x-apikey":
                pair["value"] = "hush-hush"

    done = replay(recorder.save(tmp_path / "plain.har", change=keep_secrets))
    assert done.exit_code == 1
    assert "+ now: 401" in done.output
    assert "hush-hush" not in done.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("[1", "this is not JSON"),
        ("[]", "this is not a JSON object"),
        ("{}", "this is not an HTTP Archive: it has no log.entries"),
        ('{"log": {"entries": []}}', "is not from mockserver, or from a version before `replay`"),
        (
            '{"log": {"entries": [], "_mockserver": {"version": 2}}}',
            "the file has version 2 of saved histories; this mockserver plays version 1",
        ),
        (
            '{"log": {"entries": [{}], "_mockserver": {"version": 1}}}',
            "log.entries[0].request: Field required (and ",
        ),
    ],
)
def test_a_file_that_is_no_history_is_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "file.har"
    file.write_text(content)
    done = replay(file)
    assert done.exit_code == 2
    assert done.output.startswith(f"{file}: ")
    assert message in done.output


@pytest.mark.parametrize(
    ("member", "value"),
    [("at", "yesterday"), ("at", 5), ("ids", -1), ("ids", 10**30), ("base64", "?"), ("trace", 0)],
)
def test_an_invalid_member_is_named_with_its_place(
    tmp_path: Path, member: str, value: object
) -> None:
    recorder = Recorder()
    recorder.invite(1)

    def spoil(log: Any) -> None:
        log["entries"][0]["_mockserver"][member] = value

    done = replay(recorder.save(tmp_path / "bad.har", change=spoil))
    assert done.exit_code == 2
    assert f"log.entries[0]._mockserver.{member}" in done.output


def test_an_invalid_option_of_the_file_is_named(tmp_path: Path) -> None:
    recorder = Recorder()

    def spoil(log: Any) -> None:
        log["_mockserver"]["options"]["like"] = "nothing"

    done = replay(recorder.save(tmp_path / "bad.har", change=spoil))
    assert done.exit_code == 2
    assert "log._mockserver.options: " in done.output


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = replay(tmp_path / "none.har")
    assert done.exit_code == 2
    assert "none.har cannot be read: No such file or directory" in done.output


def test_an_invalid_document_is_reported(history: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("openapi: 3.1.0\ninfo: [")
    done = replay(history, tmp_path / "bad.yaml")
    assert done.exit_code == 2
    assert "bad.yaml:3:1" in done.output


def test_the_help_says_what_the_file_is_and_what_the_exit_codes_mean() -> None:
    done = replay(Path("--help"))
    text = " ".join(done.output.split())
    assert "FILE is written by mockserver run --save, or GET /_mock/requests?format=har." in text
    assert "Exit codes: 0 if all answers are equal, 1 if an answer differs, 2 if no" in text


def test_saving_twice_gives_the_same_history(tmp_path: Path) -> None:
    recorder = recorded()
    first, second = (recorder.save(tmp_path / name) for name in ("a.har", "b.har"))
    assert json.loads(first.read_text()) == json.loads(second.read_text())
