"""Recording through the proxy in front of a sandbox, and replaying what was recorded."""

import asyncio
import gzip
import re
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.targets import open_target
from mockserver.contract.variables import Variables
from mockserver.contract.verification import Verification
from mockserver.contract.verification_outcomes import VerificationRun
from mockserver.contract.verification_reports import text_report
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.model.api import Api
from mockserver.openapi.compiler import load_apis
from tests.conftest import ROOT, START
from tests.contract.inprocess import ADDRESS, client_of, engine_of
from tests.contract.proxied import Proxied, answering, base_url, sandbox, send_raw

CANARY = "canary-7f3a9c51e0b2"
CALLBACK = "https://client.example/callback"


def partoo(client: httpx.Client) -> None:
    client.headers["x-APIKey"] = "demo-partoo-key"
    body = {
        "business_id": "5409c35a97bbc544d8e26737",
        "target_phone": "+33698765432",
        "target_name": "Zoltan Quux",
        "invite_content": f"Cher Zoltan, {CANARY} {{}} merci @link",
        CANARY: CANARY,
    }
    sent = client.post("/review_booster/send_invitation", json=body)
    assert sent.status_code == 200
    assert client.post("/review_booster/send_invitation", json=body).status_code == 400
    wanted = {k: body[k] for k in ("business_id", "target_phone")}
    assert client.get("/review_booster/search-invitation", params=wanted).json()["count"] == 1
    status = {"invitation_id": sent.json()["invitation_id"], "access_token": CANARY}
    assert client.get("/review_booster/invitation_status", params=status).status_code == 200


def cloutly(client: httpx.Client) -> None:
    client.headers["x-api-key"] = "demo-cloutly-key"
    assert client.get("/businesses", headers={"x-session": CANARY}).status_code == 200
    assert client.get("/reviews?limit=2", headers={"cookie": f"a={CANARY}"}).status_code == 200
    body = {
        "firstName": CANARY,
        "businessId": "44271176-7053-4534-ad6f-b38d132d341e",
        "channel": {"email": f"{CANARY}@mail.example", "phoneNumber": "+447911987654", "x": CANARY},
    }
    assert client.post("/send-review-invite", json=body).status_code == 200


def justanudge(client: httpx.Client) -> None:
    query = {"client_id": "demo-nudge-client", "redirect_uri": CALLBACK, "response_type": "code"}
    asked = client.get("/api/oauth/zapier/authorize", params={**query, "state": CANARY})
    code = parse_qs(urlsplit(asked.headers["location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "client_id": "demo-nudge-client",
        "client_secret": "demo-nudge-secret",
        "code": code,
        "redirect_uri": CALLBACK,
        "password": CANARY,
    }
    tokens = client.post("/api/oauth/zapier/token", data=form).json()
    client.headers["authorization"] = f"Bearer {tokens['access_token']}"
    body = {"email": "zoltan@quux.example", "metadata": {"a": [{"api_key": CANARY}], "b": CANARY}}
    assert client.post("/api/zapier/send-review-request", json=body).status_code == 201
    assert client.get("/api/zapier/status").json()["active"] is True
    form = {**form, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert client.post("/api/oauth/zapier/token", data=form).status_code == 200


def walr(client: httpx.Client) -> None:
    client.headers["authorization"] = "Bearer demo-walr-token"
    path = "/survey/projects/demo-project/surveys/demo-survey/send-quick-sample"
    variables = {"email": "zoltan@quux.example", "name": "Zoltan", "iban": CANARY, "note": CANARY}
    body = {"campaignId": "demo-email-campaign", "recipients": [{"variables": variables}]}
    assert client.post(path, json=body).status_code == 202
    assert client.post(path + f"?sig={CANARY}", json={}).status_code == 404


def marketplace(client: httpx.Client) -> None:
    client.headers["x-api-key"] = "demo-marketplace-key"
    vendor = "/vendors/44271176-7053-4534-ad6f-b38d132d341e"
    assert client.get(vendor).status_code == 200
    review = {"rating": "4", "firstName": "Zoltan", "text": f"My PIN is {CANARY}"}
    assert client.post(f"{vendor}/submit-review", json=review).status_code == 200
    assert client.get(f"{vendor}/reviews").json()["total"] == 2


APIS = {
    "partoo": (partoo, {"PARTOO_X_APIKEY": "demo-partoo-key"}),
    "cloutly": (cloutly, {"CLOUTLY_X_API_KEY": "demo-cloutly-key"}),
    "justanudge": (
        justanudge,
        {
            "JUSTANUDGE_CLIENT_ID": "demo-nudge-client",
            "JUSTANUDGE_CLIENT_SECRET": "demo-nudge-secret",
            "JUSTANUDGE_REDIRECT_URI": CALLBACK,
        },
    ),
    "walr": (walr, {"WALR_TOKEN": "demo-walr-token"}),
    "cloutly-marketplace": (
        marketplace,
        {"CLOUTLY_MARKETPLACE_X_API_KEY": "demo-marketplace-key"},
    ),
}
PERSONAL = ("Zoltan", "Quux", "quux.example", "698765432", "7911987654", "demo-nudge-secret")


SHOWN = (
    r" example: (?:demo-nudge-client|'https://client.example/callback'),"
    r"| +example:\n +grant_.*\n(?: +\w+: .*\n){4}"
)
"""The demo client, where Just A Nudge's document shows it: else it is public."""


@pytest.fixture(scope="module")
def known(bundled: list[Api], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Api]:
    """The bundled APIs, and of Just A Nudge a document that shows no client."""
    folder = tmp_path_factory.mktemp("unshown")
    shutil.copytree(ROOT / "fixtures", folder / "fixtures")
    text, count = re.subn(SHOWN, "", (ROOT / "specs" / "justanudge.yaml").read_text())
    assert count == 3
    (folder / "specs").mkdir()
    (folder / "specs" / "justanudge.yaml").write_text(text)
    (unshown,) = load_apis([folder / "specs"], BUILT_IN)
    return {api.name: api for api in bundled} | {"justanudge": unshown}


def proxied(api: Api) -> Proxied:
    """A proxy in front of a sandbox whose users give consent at once."""
    engine = engine_of([api])
    if "consent" in api.settings:
        sandbox_of_api = engine.sandboxes.get("recording", START)
        sandbox_of_api.change_settings(
            sandbox_of_api.transaction(), api.name, {"consent": "approve"}
        )
    return Proxied(api, sandbox(engine), base_url(api, "recording"))


def replay(api: Api, record: Path, environment: Mapping[str, str]) -> VerificationRun:
    with client_of([api], overrides={"justanudge": {"consent": "approve"}}) as client:
        target = open_target(client, api, ADDRESS)
        return Verification(target, load_interactions(api, [record]), Variables(environment)).run()


@pytest.mark.parametrize("name", APIS)
def test_what_was_recorded_is_masked_and_its_replay_is_green(
    name: str, known: Mapping[str, Api], tmp_path: Path
) -> None:
    script, environment = APIS[name]
    watched = proxied(known[name])
    script(watched.client)
    (tmp_path / "recorded.yaml").write_bytes(watched.recorder.dump())
    assert set(watched.recorder.variables.values()) == set(environment)
    run = replay(known[name], tmp_path / "recorded.yaml", environment)
    report = "\n".join(text_report(run, Redactor(environment.values())))
    assert run.exit_code == 0, report
    written = (tmp_path / "recorded.yaml").read_text() + watched.lines + report
    for secret in (CANARY, *environment.values(), *PERSONAL):
        assert secret not in written


def test_a_compressed_request_is_watched_and_recorded_as_it_was_before(
    known: Mapping[str, Api],
) -> None:
    watched = proxied(known["partoo"])
    headers = {
        "x-apikey": "demo-partoo-key",
        "content-type": "application/json",
        "content-encoding": "gzip",
    }
    body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33698765432"}
    content = gzip.compress(orjson.dumps(body))
    path = "/review_booster/send_invitation"
    assert watched.client.post(path, content=content, headers=headers).status_code == 200
    assert "request:" not in watched.lines
    (recorded,) = watched.recorder.interactions
    assert set(recorded["request"]["json"]) == set(body)


def test_violations_are_told_as_they_happen(known: Mapping[str, Api]) -> None:
    watched = proxied(known["partoo"])
    watched.client.post("/review_booster/send_invitation", json={"target_phone": 5})
    watched.client.get(f"/nowhere/{CANARY}")
    assert "request: business_id is required" in watched.lines
    assert "request: target_phone must be text" in watched.lines
    assert "GET (not documented)  404" in watched.lines
    assert CANARY not in watched.lines
    assert (watched.proxy.tally.exchanges, watched.proxy.tally.violating) == (2, 2)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(200, json={"status": "LOST"}), "answer: /status: must be one of"),
        (httpx.Response(418), "answer: status: a documented status"),
        (httpx.Response(200, text="<html>"), "answer: header content-type: application/json"),
    ],
)
def test_answers_are_held_against_the_document(
    known: Mapping[str, Api], answer: httpx.Response, told: str
) -> None:
    watched = Proxied(known["partoo"], answering(answer), "https://api.partoo.example/v2")
    assert watched.client.get("/review_booster/invitation_status").status_code == answer.status_code
    assert told in watched.lines


@pytest.mark.parametrize("path", ["/../walr", "/a/%2e%2e/b", "/%2E%2E%2Fb", "/..\\b", "@evil", ""])
def test_no_path_leads_out_of_the_base_url(known: Mapping[str, Api], path: str) -> None:
    watched = Proxied(known["partoo"], answering(httpx.Response(200)), "https://api.example/v2")
    assert send_raw(watched.proxy, path) == 400
    assert watched.exchanges == []


def test_what_is_about_one_connection_is_not_passed_on(known: Mapping[str, Api]) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        headers = {"connection": "close, x-one", "set-cookie": "a=1", "x-two": "2"}
        return httpx.Response(200, headers=headers, json={})

    transport = httpx.MockTransport(answer)
    watched = Proxied(known["partoo"], transport, "https://api.example/v2")
    headers = {"connection": "x-hop", "x-hop": "1", "te": "trailers", "x-end": "1", "host": "evil"}
    watched.client.get("/review_booster/invitation_status", headers=headers)
    watched.client.cookies.clear()
    back = watched.client.get("/review_booster/invitation_status", headers=headers)
    assert str(seen[1].url) == "https://api.example/v2/review_booster/invitation_status"
    assert seen[1].headers["host"] == "api.example"
    assert seen[1].headers["x-end"] == "1"
    assert not {"x-hop", "te", "cookie"} & set(seen[1].headers)
    assert back.headers["set-cookie"] == "a=1"
    assert "connection" not in back.headers


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (httpx.ConnectError("refused"), 502),
        (httpx.ReadTimeout("slow"), 504),
        (httpx.RemoteProtocolError("broken"), 502),
        (ssl.SSLError(1, "decryption failed"), 502),
    ],
)
def test_an_upstream_without_an_answer_is_told_as_such(
    known: Mapping[str, Api], error: Exception, status: int
) -> None:
    watched = Proxied(known["partoo"], answering(error), "https://api.example/v2")
    answer = watched.client.get("/review_booster/invitation_status")
    assert (answer.status_code, answer.headers["mock-reason"]) == (status, "proxy")
    assert watched.proxy.tally.failed == 1


@pytest.mark.parametrize("value", ["Zo\u00eb".encode(), b"\xff"])
def test_a_header_is_forwarded_with_the_bytes_that_came(
    known: Mapping[str, Api], value: bytes
) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(404)

    watched = Proxied(known["partoo"], httpx.MockTransport(answer), "https://api.example/v2")
    path = "/review_booster/invitation_status"
    assert send_raw(watched.proxy, path, [(b"x-name", value)]) == 404
    assert (b"x-name", value) in seen[0].headers.raw
    assert len(watched.exchanges) == 1


def test_an_answer_to_head_keeps_the_length_it_tells_of(known: Mapping[str, Api]) -> None:
    headers = {"content-type": "application/json", "content-length": "17"}
    watched = Proxied(
        known["partoo"], answering(httpx.Response(200, headers=headers)), "https://api.example/v2"
    )
    answer = watched.client.head("/review_booster/invitation_status")
    assert answer.headers["content-length"] == "17"
    assert watched.proxy.tally.violating == 0


def test_a_coding_that_was_not_asked_for_is_told_and_passed_back_as_it_came(
    known: Mapping[str, Api],
) -> None:
    headers = {"content-type": "application/json", "content-encoding": "x-odd"}
    upstream = answering(httpx.Response(200, headers=headers, stream=httpx.ByteStream(b"odd")))
    watched = Proxied(known["partoo"], upstream, "https://api.example/v2")
    answer = watched.client.get("/review_booster/invitation_status")
    assert (answer.headers["content-encoding"], answer.content) == ("x-odd", b"odd")
    assert "answer: header content-encoding" in watched.lines


def test_an_answer_without_end_is_given_up(known: Mapping[str, Api]) -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            await asyncio.Event().wait()
            yield b""

    upstream = answering(httpx.Response(200, stream=Endless()))
    watched = Proxied(known["partoo"], upstream, "https://api.example/v2")
    watched.proxy.client.timeout = httpx.Timeout(0.001)
    assert watched.client.get("/review_booster/invitation_status").status_code == 504


def test_a_redirect_is_passed_back_and_not_followed(known: Mapping[str, Api]) -> None:
    away = httpx.Response(302, headers={"location": "http://127.0.0.1:9/evil"})
    watched = Proxied(known["partoo"], answering(away), "https://api.example/v2")
    answer = watched.client.get("/review_booster/invitation_status")
    assert answer.headers["location"] == "http://127.0.0.1:9/evil"


def test_a_request_that_is_too_long_is_refused(
    known: Mapping[str, Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.contract.proxy.MAX_REQUEST_SIZE", 5)
    watched = proxied(known["partoo"])
    assert (
        watched.client.post("/review_booster/send_invitation", content=b"123456").status_code == 413
    )
