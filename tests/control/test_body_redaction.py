import json
from dataclasses import replace
from typing import Any

import pytest

from mockserver.base.secrets import REDACTED
from mockserver.control.body_redaction import _masked_text, shown_answer_body, shown_request_body
from mockserver.control.exchange_views import exchange_details
from mockserver.control.har import har_entry
from mockserver.control.redaction import redacted_headers
from mockserver.model.exchange import Exchange
from mockserver.model.messages import Answer, Request
from tests.conftest import START, World

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
PASSWORD = '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n'
NOTE = PASSWORD.replace("password", "note")
DATA = "--b\r\nContent-Disposition: form-data; name=data\r\nContent-Type: text/json\r\n\r\n"


def exchange(body: str, content_type: str = "", answer: str = "", **headers: str) -> Exchange:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type:
        given["content-type"] = content_type
    request = Request("POST", "/", "", given, body.encode())
    return Exchange("r1", "default", START, request, Answer(200, [], answer.encode()))


@pytest.mark.parametrize(
    ("content_type", "body", "shown"),
    [
        (FORM, "password=hunter2&note=a b", f"password={REDACTED}&note=a b"),
        (FORM, "note=a\nb&pass%77ord=hunter2", f"note=a\nb&pass%77ord={REDACTED}"),
        (FORM, "token=hunter2;x", f"token={REDACTED}"),
        ("", "password=hunter2&note=a b", f"password={REDACTED}&note=a b"),
        ("text/plain", "login: ann, password: hunter2!", f"login: ann, password: {REDACTED}"),
        (
            "application/json",
            '{"note": 1, "password": "hun',
            f'{{"note": 1, "password": {REDACTED}',
        ),
        (
            "application/json",
            '{"clientSecret": {"value": "hunter2',
            f'{{"clientSecret": {REDACTED}',
        ),
        (
            "application/json",
            '{"a": {"b": ["x", {"apiKey": "k',
            f'{{"a": {{"b": ["x", {{"apiKey": {REDACTED}',
        ),
        ("application/json", '{"password": "hunter2"} x', f'{{"password": {REDACTED}}} x'),
        (
            "application/x-ndjson",
            '{"token": "hunter2"}\n{"note": "seen"}\n{"token": "hun',
            f'{{"token": "{REDACTED}"}}\n{{"note": "seen"}}\n{{"token": {REDACTED}',
        ),
        (
            "application/json-seq",
            '\x1e{"token": "hunter2"}\n\x1e{"note": 1}\n',
            f'\x1e{{"token": "{REDACTED}"}}\n\x1e{{"note": 1}}\n',
        ),
        (
            "application/xml",
            '<a token="hunter2" id="1"><password>hunter2</password><note>seen</note></a>',
            f'<a token="{REDACTED}" id="1"><password>{REDACTED}</password><note>seen</note></a>',
        ),
        (
            "application/soap+xml; charset=utf-8",
            "<s:clientSecret x='1'><s:value>hunter2</s:value></s:clientSecret><b/>",
            f"<s:clientSecret x='1'>{REDACTED}</s:clientSecret><b/>",
        ),
        ("text/xml", "<a><password>hunter2", f"<a><password>{REDACTED}"),
        (
            MULTIPART,
            f"{PASSWORD}hunter2\r\n{NOTE}seen\r\n--b--\r\n",
            f"{PASSWORD}{REDACTED}\r\n{NOTE}seen\r\n--b--\r\n",
        ),
        (
            MULTIPART,
            f'{DATA}{{"pin": 1234, "n": 1}}\r\n--b--',
            f'{DATA}{{"pin": "{REDACTED}", "n": 1}}\r\n--b--',
        ),
    ],
)
def test_a_request_is_shown_without_secrets_by_its_media_type(
    content_type: str, body: str, shown: str
) -> None:
    assert shown_request_body(exchange(body, content_type)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"clientSecret": {"value": "hunter2"}}, {"clientSecret": {"value": REDACTED}}),
        ({"auth": {"user": "ann", "age": 3}}, {"auth": {"user": REDACTED, "age": 3}}),
        ({"credentials": [{"pin": 12, "id": 1}]}, {"credentials": [{"pin": REDACTED, "id": 1}]}),
        ({"secret": [["a"], None, True]}, {"secret": [[REDACTED], None, True]}),
    ],
)
def test_all_texts_below_a_secret_name_are_hidden(value: Any, shown: Any) -> None:
    assert shown_request_body(exchange(json.dumps(value), "application/json")) == shown


@pytest.mark.parametrize(
    "answer",
    [
        {"errors": {"authentication": "User not authenticated"}},
        {"token_expired": "yes", "session": "closed", "key": "value"},
        {"access_token": "made-by-the-mock"},
    ],
)
def test_an_answer_is_shown_as_it_was(answer: dict[str, Any]) -> None:
    assert shown_answer_body(exchange("", answer=json.dumps(answer))) == answer


def test_an_answer_that_is_no_json_is_shown_as_it_was() -> None:
    assert shown_answer_body(exchange("", answer="token=abc&x=1")) == "token=abc&x=1"


def test_the_errors_of_an_api_are_shown(world: World) -> None:
    world.send("POST", "/partoo/v2/review_booster/send_invitation", {})
    (last,) = world.sandbox().history
    assert REDACTED not in json.dumps(exchange_details(last, 1)["response"]["body"])


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ({"x_api_key": "k-123456"}, "k-123456"),
        ({"authorization": "Bearer tok-12345~box"}, "tok-12345"),
        ({"authorization": "Basic YW5uOmh1bnRlcjIy"}, "hunter22"),
        ({"cookie": "a=1; session=abcdef12"}, "abcdef12"),
    ],
)
def test_the_credential_of_a_request_is_hidden_wherever_it_stands(
    headers: dict[str, str], secret: str
) -> None:
    body = json.dumps({"note": f"<{secret}>", "list": [secret]})
    entry = exchange(body, "application/json", f"you sent {secret}", **headers)
    assert shown_request_body(entry) == {"note": f"<{REDACTED}>", "list": [REDACTED]}
    assert shown_answer_body(entry) == f"you sent {REDACTED}"
    assert secret not in json.dumps([exchange_details(entry, 1), har_entry(entry, 1)])


@pytest.mark.parametrize("query", ["token=hush-hush", "page=2&access%5Ftoken=hush-hush"])
def test_a_secret_parameter_of_a_request_is_hidden_in_the_answer(query: str) -> None:
    entry = exchange('{"note": "hush-hush"}', "application/json", "you sent hush-hush")
    entry = replace(entry, request=replace(entry.request, query=query))
    assert shown_answer_body(entry) == f"you sent {REDACTED}"
    assert shown_request_body(entry) == {"note": REDACTED}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-ndjson", MULTIPART])
@pytest.mark.parametrize("before", [99_980, 99_985, 99_990, 99_993, 99_999, 100_000])
def test_no_part_of_a_secret_is_left_where_a_body_is_cut_off(
    content_type: str, before: int
) -> None:
    text = "x " * (before // 2) + "x" * (before % 2) + "hush-hush-hush and more"
    entry = exchange(text, content_type, text, authorization="Bearer hush-hush-hush")
    for shown in (shown_request_body(entry), shown_answer_body(entry)):
        assert isinstance(shown, str)
        assert "hus" not in shown
        assert shown.startswith(text[:before].rstrip("x"))
        assert len(shown) <= 100_000


def test_no_part_of_a_secret_in_the_form_of_urls_is_left_where_a_body_is_cut_off() -> None:
    text = "x" * 99_990 + "hush%20hush%2Fhush"
    entry = exchange(text, "text/plain", text, x_api_key="hush hush/hush")
    assert shown_request_body(entry) == shown_answer_body(entry) == "x" * 99_990


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        (
            "Referer",
            "https://app.test/a?x=1&access_token=hush#id_token=hush&y=2",
            f"https://app.test/a?x=1&access_token={REDACTED}#id_token={REDACTED}&y=2",
        ),
        ("Location", "/cb?code=hush&state=s", f"/cb?code={REDACTED}&state=s"),
        ("Location", "myapp:/cb#access_token=hush", f"myapp:/cb#access_token={REDACTED}"),
        (
            "Link",
            '<https://a.test/?api%5Fkey=hush>; rel="next"',
            f'<https://a.test/?api%5Fkey={REDACTED}>; rel="next"',
        ),
        ("X-Forwarded-Uri", "/a?password=hush", f"/a?password={REDACTED}"),
        ("Origin", "https://ann:hush@a.test", f"https://{REDACTED}@a.test"),
        ("Accept", "text/html;q=0.9, */*;q=0.8", "text/html;q=0.9, */*;q=0.8"),
    ],
)
def test_urls_in_headers_are_shown_without_secrets(name: str, value: str, shown: str) -> None:
    assert redacted_headers([(name, value)], frozenset()) == [(name, shown)]


@pytest.mark.parametrize(
    "text", ["a=" * 50_000, '"a": {' * 16_000, "token" * 20_000, "<token " * 14_000]
)
def test_long_texts_are_masked_in_a_time_that_grows_with_their_length(text: str) -> None:
    for content_type in ("text/plain", "application/xml", MULTIPART, FORM):
        assert shown_request_body(exchange(text, content_type)) is not None
    assert _masked_text(text) is not None
