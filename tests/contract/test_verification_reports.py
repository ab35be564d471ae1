"""Secrets in reports of a verification: in names, in values that are cut off, and in excerpts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from mockserver.base.json import escape
from mockserver.contract.answer_comparison import ABSENT, Difference
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.verification_outcomes import Verdict, VerificationRun
from mockserver.contract.verification_reports import json_report, junit_report, text_report
from mockserver.model.api import Api
from tests.contract.inprocess import load
from tests.contract.test_verification import INTERACTIONS, SHOP, Answering, verify

SECRET = "hush-hush-hush-hush"
LONGEST = 500


@pytest.fixture
def shop(tmp_path: Path) -> Api:
    (tmp_path / "shop.yaml").write_text(SHOP)
    folder = tmp_path / "fixtures" / "shop" / "interactions"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text(INTERACTIONS)
    return load(tmp_path / "shop.yaml")


def drifted(api: Api, *differences: Difference) -> VerificationRun:
    run = verify(api, lambda _request: httpx.Response(200, json={"items": []}), SHOP_KEY="key-1")
    run.outcomes = [
        replace(run.outcomes[0], verdict=Verdict.DRIFTED, differences=tuple(differences))
    ]
    return run


def reports(run: VerificationRun, secret: str = SECRET) -> list[str]:
    redact = Redactor([secret])
    return [
        "\n".join(text_report(run, redact)),
        orjson.dumps(json_report(run, redact)).decode(),
        junit_report([run], redact).decode(),
    ]


def answering(answer: httpx.Response) -> Answering:
    return lambda _request: answer


def found_in_json(run: VerificationRun) -> Any:
    report: Any = json_report(run, Redactor([SECRET]))
    return report["operations"][0]["interactions"][0]["differences"][0]


@pytest.mark.parametrize("secret", [SECRET, "hush/hush~hush", "hush hush"])
def test_a_secret_that_is_the_name_of_a_member_is_in_no_report(shop: Api, secret: str) -> None:
    pointer = f"/items/{escape(secret)}/id"
    run = drifted(shop, Difference("body", pointer, "a number", "x", "document"))
    for report in reports(run, secret):
        assert escape(secret) not in report
        assert "[redacted]/id" in report


def test_a_place_without_a_secret_stays_as_it_is(shop: Api) -> None:
    run = drifted(shop, Difference("header", "x-total", "a number", "x", "document"))
    found = found_in_json(run)
    assert (found["place"], found["where"], found["pointer"]) == (
        "header x-total",
        "header",
        "x-total",
    )


@pytest.mark.parametrize("where", ["body", "header", "status"])
@pytest.mark.parametrize("before", range(LONGEST - len(SECRET), LONGEST))
def test_no_part_of_a_secret_is_left_where_a_value_is_cut_off(
    shop: Api, where: str, before: int
) -> None:
    value = "x" * before + SECRET + "y" * LONGEST
    run = drifted(shop, Difference(where, "/note", value, value, "equal"))
    for report in reports(run):
        assert "hush" not in report


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("length", [250, 290, 299, 480, 490, 499])
def test_no_part_of_a_secret_is_left_where_an_answer_is_cut_off(
    shop: Api, status: int, length: int
) -> None:
    for content in ({"items": "x" * length + SECRET}, "x" * length + SECRET):
        text = content if isinstance(content, str) else orjson.dumps(content).decode()
        answer = httpx.Response(status, text=text, headers={"content-type": "application/json"})
        run = verify(shop, answering(answer), SHOP_KEY="key-1")
        assert run.exit_code == 1
        for report in reports(run):
            assert "hush" not in report


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/data", {"token": "other-1"}),
        ("", {"data": [{"password": "other-1"}]}),
        ("/tokens/0", "other-1"),
        ("/clientSecrets/0/value", "other-1"),
        ("/a~1token/value", "other-1"),
        ("/card", {"cvv": "other-1"}),
        ("/passcode", "other-1"),
        ("/cvc", {"now": "other-1"}),
    ],
)
@pytest.mark.parametrize("found", [True, False])
def test_a_value_at_above_or_below_the_name_of_a_secret_is_in_no_report(
    shop: Api, pointer: str, value: Any, found: bool
) -> None:
    expected = orjson.dumps(value).decode()
    difference = Difference("body", pointer, expected, value if found else ABSENT, "equal")
    run = drifted(shop, difference, replace(difference, expected="a number", rule="type"))
    for report in reports(run):
        assert "other-1" not in report
        assert "a number" in report
        assert "[redacted]" in report


def test_the_rest_of_a_value_with_a_secret_is_shown(shop: Api) -> None:
    value = {"id": 7, "token": "other-1"}
    run = drifted(shop, Difference("body", "/data", "5 items", value, "equal"))
    shown = found_in_json(run)
    assert (shown["expected"], shown["found"]) == ("5 items", '{"id":7,"token":"[redacted]"}')


def test_a_long_value_is_cut_off_after_500_characters(shop: Api) -> None:
    def shown(value: Any) -> str:
        return str(
            found_in_json(drifted(shop, Difference("body", "", "1", value, "equal")))["found"]
        )

    assert shown("x" * 498) == f'"{"x" * 498}"'
    assert len(shown("x" * 499)) == LONGEST
    assert shown("x" * 499).endswith("…")
