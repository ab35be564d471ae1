"""What a recording keeps: every value, in order, and masks that conform to the document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from mockserver.contract.checking import interaction_problems
from mockserver.contract.conformance import Contract, ReceivedAnswer
from mockserver.contract.exchange_imports import SkippedExchanges, read_har, read_postman
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.interactions import PlacedInteraction
from mockserver.contract.masking import Masking
from mockserver.contract.pact import read_pact, write_pact
from mockserver.contract.recording import RecordedExchange, Recorder, public_text
from mockserver.contract.request_writing import FilledRequest, fill
from mockserver.contract.variables import Variables
from mockserver.model.api import Api
from mockserver.model.messages import Request
from tests.contract.inprocess import load

ITEMS = """\
openapi: 3.1.0
info: {title: Items, version: '1'}
paths:
  /items:
    parameters:
    - {name: id, in: query, schema: {type: array, items: {type: integer}}}
    - {name: ids, in: query, explode: false, schema: {type: array, items: {type: integer}}}
    - {name: words, in: query, explode: false, schema: {type: array, items: {type: string}}}
    - {name: piped, in: query, style: pipeDelimited, explode: false,
       schema: {type: array, items: {type: integer}}}
    - {name: pair, in: query, explode: false,
       schema: {type: object, properties: {low: {type: integer}, high: {type: integer}}}}
    - {name: filter, in: query, style: deepObject,
       schema: {type: object, properties: {size: {type: integer}, word: {type: string}}}}
    - {name: spread, in: query,
       schema: {type: object, properties: {page: {type: integer}, word: {type: string}}}}
    - {name: factor, in: query, schema: {type: number}}
    - {name: is_new, in: query, schema: {type: boolean}}
    - {name: day, in: query, schema: {type: string, format: date}}
    - {name: label, in: query, schema: {type: string, maxLength: 5}}
    - {name: article, in: query, schema: {type: string, pattern: '^[A-Z]{2}-[0-9]{4}$'}}
    - {name: city_code, in: query, schema: {type: integer, minimum: 10}}
    - {name: birthday, in: query, schema: {type: string, format: date}}
    get: {responses: {'200': {description: ok}}}
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              properties:
                n: {type: array, items: {type: integer}}
                size: {type: integer}
                deep: {type: object, properties: {n: {type: array, items: {type: integer}}}}
          application/json:
            schema:
              type: object
              properties:
                article: {$ref: '#/components/schemas/Article'}
                birth_date: {type: string, format: date}
                city_code: {type: integer, minimum: 10}
                note: {type: string, minLength: 12, maxLength: 14}
                either: {anyOf: [{type: string, pattern: '^x-[0-9]+$'}, {type: integer}]}
                link: {type: string, format: uri, maxLength: 20}
      responses: {'200': {description: ok}}
  /items/{numbers}:
    parameters:
    - {name: numbers, in: path, required: true, schema: {type: array, items: {type: integer}}}
    get: {responses: {'200': {description: ok}}}
components:
  schemas:
    Article: {type: string, pattern: '^[A-Z]{2}-[0-9]{4}$'}
"""
ANSWER = ReceivedAnswer(200, (), b"")
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def items(tmp_path: Path) -> Api:
    (tmp_path / "items.yaml").write_text(ITEMS)
    return load(tmp_path / "items.yaml")


def replayed(
    api: Api, folder: Path, dump: bytes
) -> tuple[list[PlacedInteraction], list[FilledRequest]]:
    """Load written interactions, and return the requests that a replay sends."""
    (folder / "interactions.yaml").write_bytes(dump)
    placed = load_interactions(api, [folder / "interactions.yaml"])
    return placed, [fill(one.interaction.request, Variables({})) for one in placed]


def recorded(api: Api, folder: Path, request: Request) -> FilledRequest:
    """Record a request that conforms to the document, and return what a replay of it sends."""
    assert Contract(api).request_violations(request) == []
    recorder = Recorder(api, Masking(public_text(api)))
    assert recorder.record(RecordedExchange(request, ANSWER))
    placed, (sent,) = replayed(api, folder, recorder.dump())
    assert list(interaction_problems(api, placed)) == []
    assert Contract(api).request_violations(sent.as_request()) == []
    return sent


def get(query: str, path: str = "/items") -> Request:
    return Request("GET", path, query, {}, b"")


def post(body: str, media_type: str = FORM) -> Request:
    return Request("POST", "/items", "", {"content-type": media_type}, body.encode())


@pytest.mark.parametrize(
    "query",
    [
        "id=1&id=2",
        "id=3&factor=1.5&id=1",
        "ids=4,5,6",
        "pair=low,1,high,2",
        "filter[size]=4",
        "page=7",
        "factor=-1.5",
        "is_new=true",
        "day=2026-03-10",
    ],
)
def test_numbers_and_dates_of_a_query_are_recorded_with_every_value_in_order(
    items: Api, tmp_path: Path, query: str
) -> None:
    sent = recorded(items, tmp_path, get(query))
    assert sorted(parse_qsl(sent.query)) == sorted(parse_qsl(query))
    assert [one for one in parse_qsl(sent.query) if one[0] == "id"] == [
        one for one in parse_qsl(query) if one[0] == "id"
    ]


def test_items_behind_a_pipe_stay_items(items: Api, tmp_path: Path) -> None:
    assert recorded(items, tmp_path, get("piped=4%7C5")).query in {"piped=4%7C5", "piped=4|5"}


def test_numbers_of_a_path_stay_numbers(items: Api, tmp_path: Path) -> None:
    assert recorded(items, tmp_path, get("", "/items/4,5,-6")).path == "/items/4,5,-6"


@pytest.mark.parametrize("body", ["n=1&n=2", "n=2&size=1&n=1", "deep[n][]=1&deep[n][]=2"])
def test_numbers_of_a_form_are_recorded_with_every_value(
    items: Api, tmp_path: Path, body: str
) -> None:
    sent = recorded(items, tmp_path, post(body))
    assert sorted(parse_qsl(sent.body.decode())) == sorted(parse_qsl(body))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("words", "Zoltan,Quux"),
        ("filter[word]", "Quux"),
        ("word", "Quux"),
        ("label", "Quux"),
        ("article", "QX-4711"),
        ("city_code", "4711"),
        ("birthday", "1980-03-11"),
        ("id", "33698765432"),
    ],
)
def test_a_masked_parameter_conforms_to_its_schema(
    items: Api, tmp_path: Path, name: str, value: str
) -> None:
    ((found, masked),) = parse_qsl(recorded(items, tmp_path, get(f"{name}={value}")).query)
    assert found == name
    assert not set(value.split(",")) & set(masked.split(","))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("article", "QX-4711"),
        ("birth_date", "1980-03-11"),
        ("city_code", 4711),
        ("note", "Zoltan Quux!"),
        ("either", "x-4711"),
        ("link", "https://quux.io/4711"),
    ],
)
def test_a_masked_member_conforms_to_its_schema(
    items: Api, tmp_path: Path, name: str, value: object
) -> None:
    sent = recorded(items, tmp_path, post(json.dumps({name: value}), "application/json"))
    assert json.loads(sent.body)[name] != value


def test_equal_values_have_equal_masks_and_others_have_others(items: Api, tmp_path: Path) -> None:
    recorder = Recorder(items, Masking(public_text(items)))
    for article in ("QX-4711", "QX-4712", "QX-4711"):
        recorder.record(RecordedExchange(get(f"article={article}"), ANSWER))
    _, sent = replayed(items, tmp_path, recorder.dump())
    assert sent[0].query == sent[2].query != sent[1].query


# --- files of other tools ---

URL = "https://api.example/items"


def har_of(api: Api, request: Request) -> list[RecordedExchange]:
    body = {"mimeType": FORM, "params": [{"name": k, "value": v} for k, v in fields(request)]}
    entry = {
        "request": {"method": request.method, "url": f"{URL}?{request.query}", "postData": body},
        "response": {"status": 200},
    }
    return list(read_har({"log": {"entries": [entry]}}, api, SkippedExchanges()))


def har_without_query(api: Api, request: Request) -> list[RecordedExchange]:
    """An archive whose URL lacks the query, which stands in `queryString` alone."""
    pairs = [{"name": name, "value": value} for name, value in parse_qsl(request.query)]
    sent: dict[str, Any] = {"method": request.method, "url": URL, "queryString": pairs}
    if request.body:
        sent["postData"] = {"mimeType": FORM, "text": request.body.decode()}
    entry = {"request": sent, "response": {"status": 200}}
    return list(read_har({"log": {"entries": [entry]}}, api, SkippedExchanges()))


def postman_of(api: Api, request: Request) -> list[RecordedExchange]:
    body = {
        "mode": "urlencoded",
        "urlencoded": [{"key": k, "value": v} for k, v in fields(request)],
    }
    url = {"raw": f"{URL}?{request.query}"}
    return postman(api, {"method": request.method, "url": url, "body": body})


def postman_without_raw(api: Api, request: Request) -> list[RecordedExchange]:
    """A collection whose URL is written in parts."""
    query: list[Any] = [{"key": name, "value": value} for name, value in parse_qsl(request.query)]
    query.append({"key": "id", "value": "99", "disabled": True})
    url = {"protocol": "https", "host": ["api", "example"], "path": ["items"], "query": query}
    pairs: list[Any] = [{"key": k, "value": v} for k, v in fields(request)]
    pairs.append({"key": "n", "value": "99", "disabled": True})
    body = {"mode": "urlencoded", "urlencoded": pairs}
    return postman(api, {"method": request.method, "url": url, "body": body})


def postman(api: Api, request: object) -> list[RecordedExchange]:
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    item = {"request": request, "response": [{"code": 200}]}
    value = {"info": {"schema": schema}, "item": [item]}
    return list(read_postman(value, api, SkippedExchanges()))


def fields(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode())


@pytest.mark.parametrize("read", [har_of, har_without_query, postman_of, postman_without_raw])
@pytest.mark.parametrize("request_", [get("id=1&id=2"), post("n=1&n=2")], ids=["query", "form"])
def test_an_import_has_every_value_of_a_query_and_of_a_form(
    items: Api,
    tmp_path: Path,
    read: Callable[[Api, Request], list[RecordedExchange]],
    request_: Request,
) -> None:
    (exchange,) = read(items, request_)
    sent = recorded(items, tmp_path, exchange.request)
    assert (sent.query, sent.body) == (request_.query, request_.body)


@pytest.mark.parametrize("version", ["3", "4"])
@pytest.mark.parametrize(
    "request_", [get("id=1&id=2"), post("n=1&n=2&size=")], ids=["query", "form"]
)
def test_a_pact_has_every_value_of_a_query_and_of_a_form(
    items: Api, tmp_path: Path, version: str, request_: Request
) -> None:
    recorder = Recorder(items, Masking(public_text(items)))
    recorder.record(RecordedExchange(request_, ANSWER))
    placed, _ = replayed(items, tmp_path, recorder.dump())
    written, _ = write_pact(items, placed, "shop", version)
    (read,), _ = read_pact(json.loads(written), items)
    given = read["request"].get("query") or read["request"].get("form")
    sent = urlencode(given, doseq=True)
    assert sent == request_.query or sent.encode() == request_.body


def test_the_text_of_a_query_in_a_pact_has_every_value(items: Api) -> None:
    request = {"method": "GET", "path": "/items", "query": "id=1&id=2&factor=3"}
    one = {"description": "list", "request": request, "response": {"status": 200}}
    metadata = {"pactSpecification": {"version": "3.0.0"}}
    pact = {"consumer": {}, "interactions": [one], "metadata": metadata}
    (read,), _ = read_pact(pact, items)
    assert read["request"]["query"] == {"id": ["1", "2"], "factor": "3"}


def test_every_secret_has_a_variable_of_its_own_however_many_there_are(tmp_path: Path) -> None:
    scheme = "  securitySchemes: {key: {type: apiKey, in: query, name: password}}\n"
    (tmp_path / "items.yaml").write_text(ITEMS + scheme)
    api = load(tmp_path / "items.yaml")
    recorder = Recorder(api, Masking(public_text(api)))
    query = urlencode([("password", f"s-{number}-{number * 7919}") for number in range(10_050)])
    assert recorder.record(RecordedExchange(get(query), ANSWER))
    names = set(recorder.variables.values())
    assert len(names) == 10_050
    assert {"ITEMS_PASSWORD", "ITEMS_PASSWORD_2", "ITEMS_PASSWORD_10050"} <= names
