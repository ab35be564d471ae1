"""Verification against services that answer in unusual ways."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.targets import (
    TargetError,
    UnreachableError,
    ask_control,
    open_client,
    open_target,
)
from mockserver.contract.variables import Variables
from mockserver.contract.verification import Verification, unreachable_run
from mockserver.contract.verification_outcomes import Outcome, Verdict, VerificationRun
from mockserver.contract.verification_reports import json_report, junit_report, text_report
from mockserver.model.api import Api
from tests.contract.inprocess import ADDRESS, client_of, load

SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /items:
    get:
      operationId: listItems
      responses:
        '200':
          description: All
          content:
            application/json:
              schema: {type: object, required: [items], properties: {items: {type: array}}}
    post:
      operationId: addItem
      responses: {'201': {description: Added}}
"""
INTERACTIONS = """\
interactions:
  - name: List
    tags: [reading]
    request: {method: GET, path: /items, headers: {x-key: '${SHOP_KEY:-demo}'}}
    answer: {status: 200, json: {items: []}}
  - name: Add
    request: {method: POST, path: /items, headers: {x-key: '${SHOP_KEY:-demo}'}, json: {a: 1}}
    answer: {status: 201}
"""
Answering = Callable[[httpx.Request], httpx.Response]
KEY = "a-key-of-the-real-shop"


@pytest.fixture
def shop(tmp_path: Path) -> Api:
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "fixtures" / "shop" / "interactions").mkdir(parents=True)
    (tmp_path / "fixtures" / "shop" / "interactions" / "one.yaml").write_text(INTERACTIONS)
    return load(tmp_path / "shop.yaml")


def real(answer: Answering) -> Answering:
    """A service that is no mockserver."""

    def answering(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if "/_mock/" in request.url.path else answer(request)

    return answering


def verify(
    api: Api, answer: Answering, *, writes: bool = False, **variables: str
) -> VerificationRun:
    with open_client(5, httpx.MockTransport(real(answer))) as client:
        target = open_target(client, api, "https://shop.example/v1")
        known = Variables(variables)
        interactions = load_interactions(api)
        return Verification(target, interactions, known, allow_writes=writes).run()


def outcome(run: VerificationRun, name: str) -> Outcome:
    return next(one for one in run.outcomes if one.placed.name == name)


def good(request: httpx.Request) -> httpx.Response:
    if request.method == "POST":
        return httpx.Response(201)
    return httpx.Response(200, json={"items": []})


def test_what_changes_data_is_sent_to_a_real_service_only_if_allowed(shop: Api) -> None:
    run = verify(shop, good, SHOP_KEY=KEY)
    assert outcome(run, "Add").verdict is Verdict.SKIPPED
    assert "--allow-writes" in outcome(run, "Add").reason
    assert run.exit_code == 0
    assert verify(shop, good, writes=True, SHOP_KEY=KEY).count(Verdict.AGREES) == 2


def has_headers(shop: Api, folder: Path, expected: str, sent: str, name: str = "x-list") -> bool:
    """Whether a header agrees with the expected one."""
    answer = {"status": 200, "headers": {name: expected}}
    one = {"name": "One", "request": {"method": "GET", "path": "/items"}, "answer": answer}
    file = folder / "fixtures" / "shop" / "interactions" / "one.yaml"
    file.write_bytes(orjson.dumps({"interactions": [one]}))
    run = verify(shop, lambda _: httpx.Response(200, json={"items": []}, headers={name: sent}))
    return not any(one.where == "header" for one in outcome(run, "One").differences)


@pytest.mark.parametrize(
    ("expected", "sent", "agrees"),
    [
        ("a, b", "a,b", True),
        ("a,b,c", "a,  b, c", True),
        ("a, b", "b, a", False),
        ("a, b", "a b", False),
        ('"a, b"', '"a,b"', False),
        ('x;n="a, b", c', 'x;n="a, b",c', True),
        ("A", "a", False),
    ],
)
def test_a_header_with_a_list_may_have_other_spaces_after_its_commas(
    shop: Api, tmp_path: Path, expected: str, sent: str, agrees: bool
) -> None:
    assert has_headers(shop, tmp_path, expected, sent) is agrees


@pytest.mark.parametrize(
    ("expected", "sent", "agrees"),
    [
        ("application/json", "application/json; charset=utf-8", True),
        ("application/json;charset=UTF-8", "application/json; charset=utf-8", True),
        ("application/json; charset=utf-8", "application/json", False),
        ("application/json; charset=utf-8", "application/json; charset=latin-1", False),
        ("application/json", "application/problem+json", False),
        ("Application/JSON", "application/json", True),
    ],
)
def test_a_content_type_may_have_parameters_that_are_not_expected(
    shop: Api, tmp_path: Path, expected: str, sent: str, agrees: bool
) -> None:
    assert has_headers(shop, tmp_path, expected, sent, "content-type") is agrees


def test_the_requests_go_below_the_base_url(shop: Api) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return good(request)

    verify(shop, answer, SHOP_KEY=KEY)
    assert str(seen[0].url) == "https://shop.example/v1/items"
    assert seen[0].headers["x-key"] == KEY


def test_defaults_are_not_sent_to_a_real_service(shop: Api) -> None:
    run = verify(shop, good)
    assert outcome(run, "List").verdict is Verdict.FAILED
    assert outcome(run, "List").reason == "set the environment variable SHOP_KEY"
    assert run.exit_code == 2


def test_a_header_of_the_command_line_takes_the_place_of_a_placeholder(shop: Api) -> None:
    with open_client(5, httpx.MockTransport(real(good))) as client:
        target = open_target(client, shop, "https://shop.example/v1")
        interactions = load_interactions(shop)
        run = Verification(target, interactions, Variables({}), {"x-key": KEY}).run()
    assert outcome(run, "List").verdict is Verdict.AGREES


@pytest.mark.parametrize(
    ("answer", "place", "found"),
    [
        (
            httpx.Response(200, content=b"{", headers={"content-type": "application/json"}),
            "body",
            "",
        ),
        (httpx.Response(200, text="<html>"), "header content-type", "text/plain; charset=utf-8"),
        (httpx.Response(200), "body", "nothing"),
        (httpx.Response(200, json=[]), "body", "[]"),
        (httpx.Response(503, text="gone"), "status", "503 gone"),
        (httpx.Response(302, headers={"location": "https://evil.example"}), "status", "302"),
    ],
)
def test_an_answer_of_another_form_is_a_drift(
    shop: Api, answer: httpx.Response, place: str, found: str
) -> None:
    run = verify(shop, lambda _request: answer, SHOP_KEY=KEY)
    assert outcome(run, "List").verdict is Verdict.DRIFTED
    told = outcome(run, "List").differences[0]
    assert told.place == place
    assert found in str(told.found)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (httpx.ReadTimeout("slow"), "no answer in time"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "not trusted"),
        (httpx.ConnectError("[Errno 111] Connection refused"), "no connection"),
        (httpx.RemoteProtocolError("Server disconnected"), "the connection broke"),
    ],
)
def test_what_goes_wrong_on_the_way_is_told_and_the_rest_goes_on(
    shop: Api, error: httpx.HTTPError, told: str
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            raise error
        return good(request)

    run = verify(shop, answer, writes=True, SHOP_KEY=KEY)
    assert told in outcome(run, "List").reason
    assert outcome(run, "Add").verdict is Verdict.AGREES
    assert run.exit_code == 2


def test_an_answer_that_does_not_end_in_time_is_given_up(shop: Api) -> None:
    answer = httpx.Response(200, content=itertools.repeat(b"x"))
    with open_client(0.001, httpx.MockTransport(real(lambda _: answer))) as client:
        target = open_target(client, shop, "https://shop.example")
        run = Verification(target, load_interactions(shop), Variables({"SHOP_KEY": KEY})).run()
    assert "did not end in time" in run.outcomes[0].reason


def test_an_answer_without_end_is_cut_off(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.contract.targets.MAX_ANSWER_SIZE", 5)
    run = verify(shop, lambda _request: httpx.Response(200, text="123456"), SHOP_KEY=KEY)
    assert "longer than 5 bytes" in outcome(run, "List").reason


@pytest.mark.parametrize(
    "url",
    [
        "shop.example",
        "ftp://shop.example",
        "http://",
        "http://a:b@shop.example",
        "http://[",
        "",
        "http://shop.example/?a=1",
        "http://shop.example:99999",
    ],
)
def test_what_is_no_base_url_is_refused(shop: Api, url: str) -> None:
    with open_client(5, httpx.MockTransport(good)) as client, pytest.raises(TargetError):
        open_target(client, shop, url)


def test_a_mockserver_without_the_api_is_refused(shop: Api, bundled: list[Api]) -> None:
    with client_of(bundled) as client, pytest.raises(TargetError, match="does not serve 'shop'"):
        open_target(client, shop, ADDRESS)


def test_a_service_that_gives_no_answer_at_all_fails_everything(shop: Api) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")

    with open_client(5, httpx.MockTransport(answer)) as client, pytest.raises(UnreachableError):
        open_target(client, shop, ADDRESS)
    run = unreachable_run(shop, ADDRESS, load_interactions(shop), "no connection", only="reading")
    assert [one.verdict for one in run.outcomes] == [Verdict.FAILED]
    assert run.exit_code == 2


def test_every_sandbox_is_deleted_when_it_is_no_longer_needed(shop: Api) -> None:
    with client_of([shop]) as client:
        target = open_target(client, shop, ADDRESS)
        Verification(target, load_interactions(shop), Variables({})).run()
        names = [one["name"] for one in client.get(f"{ADDRESS}/_mock/sandboxes").json()]
    assert [name for name in names if name.startswith("verify-")] == []


SECRETS = {"access_token": "tok-1234567890", "nested": [{"client_secret": "sec-1234567890"}]}


def reports(run: VerificationRun, redact: Redactor) -> bytes:
    text = "\n".join(text_report(run, redact)).encode()
    return text + orjson.dumps(json_report(run, redact)) + junit_report([run], redact)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={**SECRETS, "echo": f"no {KEY}"}),
        httpx.Response(200, json={"items": 5, **SECRETS, "echo": KEY}),
        httpx.Response(200, text=f"you sent {KEY}"),
        httpx.Response(200, json={"items": f"you sent {KEY}"}),
    ],
)
def test_no_secret_is_in_any_report(shop: Api, answer: httpx.Response) -> None:
    run = verify(shop, lambda _request: answer, SHOP_KEY=KEY)
    assert run.exit_code == 1
    written = reports(run, Redactor([KEY]))
    for secret in (KEY, "tok-1234567890", "sec-1234567890"):
        assert secret.encode() not in written


def test_a_report_in_xml_has_no_character_that_xml_refuses(shop: Api) -> None:
    run = verify(shop, lambda _request: httpx.Response(500, text="a\x00b\x1bc]]>"), SHOP_KEY=KEY)
    written = junit_report([run], Redactor())
    assert b"\x00" not in written
    assert b"\x1b" not in written
    assert b'failures="1"' in written


def test_the_report_as_json_counts_and_names(shop: Api) -> None:
    run = verify(shop, lambda _request: httpx.Response(200, json={}), SHOP_KEY=KEY)
    report: Any = json_report(run, Redactor())
    assert report["counts"] == {"agrees": 0, "drifted": 1, "skipped": 1, "failed": 0}
    (listing, _) = report["operations"][0]["interactions"], report["exit_code"]
    assert listing[0]["differences"][0]["place"] == "/items"


def test_no_cookie_goes_from_one_interaction_to_another(shop: Api) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, headers={"set-cookie": "session=1; Path=/"})

    verify(shop, answer, writes=True, SHOP_KEY=KEY)
    assert len(seen) == 2
    assert "cookie" not in seen[1].headers


def test_a_service_that_goes_while_it_is_verified_fails_what_is_left(shop: Api) -> None:
    with client_of([shop]) as client:
        target = open_target(client, shop, ADDRESS)

    def gone(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")

    with open_client(5, httpx.MockTransport(gone)) as client:
        target.client = client
        run = Verification(target, load_interactions(shop), Variables({})).run()
    assert [one.verdict for one in run.outcomes] == [Verdict.FAILED, Verdict.FAILED]


def test_a_header_that_cannot_be_sent_fails_its_interaction_only(shop: Api) -> None:
    interactions = load_interactions(shop)
    with open_client(5, httpx.MockTransport(real(good))) as client:
        target = open_target(client, shop, "https://shop.example/v1")
        variables = Variables({"SHOP_KEY": KEY})
        interactions[0].interaction.request.headers["x-name"] = "Zo\u00eb"
        run = Verification(target, interactions, variables, allow_writes=True).run()
    assert outcome(run, "List").verdict is Verdict.FAILED
    assert "header x-name" in outcome(run, "List").reason
    assert "Zo" not in outcome(run, "List").reason
    assert outcome(run, "Add").verdict is Verdict.AGREES


def test_an_invalid_location_in_an_answer_is_no_failure(shop: Api) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(201, headers={"location": "http://[a/x"})
        return good(request)

    run = verify(shop, answer, writes=True, SHOP_KEY=KEY)
    assert run.count(Verdict.AGREES) == 2


def test_a_control_token_that_no_header_can_have_is_refused(shop: Api) -> None:
    with open_client(5, httpx.MockTransport(good)) as client:
        with pytest.raises(TargetError, match="control token"):
            open_target(client, shop, "https://shop.example/v1", "t\u00f6ken")
        with pytest.raises(TargetError, match="control token"):
            ask_control(client, "https://shop.example", "coverage", "t\u00f6ken")
