from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from click.testing import CliRunner, Result
from pact import Verifier

from mockserver.cli import main
from mockserver.contract.answer_comparison import matches
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.interaction_writing import interaction_file
from mockserver.contract.interactions import PlacedInteraction
from mockserver.contract.pact import VERSIONS, read_pact, write_pact
from mockserver.contract.targets import open_client, open_target
from mockserver.contract.variables import Variables
from mockserver.contract.verification import Verification
from mockserver.model.api import Api
from tests.contract.inprocess import ADDRESS, client_of
from tests.served import Served

NAMES = ["cloutly", "cloutly-marketplace", "justanudge", "partoo", "walr"]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def known(bundled: list[Api]) -> dict[str, Api]:
    return {api.name: api for api in bundled}


def of_a_new_sandbox(api: Api) -> list[PlacedInteraction]:
    """The interactions that need no state, which Pact leaves to the provider."""
    return [
        one
        for one in load_interactions(api)
        if not one.interaction.given.model_dump(exclude_defaults=True)
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_the_official_library_accepts_a_pact_and_finds_it_kept(
    served: Served,
    known: dict[str, Api],
    tmp_path: Path,
    name: str,
    version: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    content, left = write_pact(known[name], of_a_new_sandbox(known[name]), "shop", version)
    (tmp_path / "pact.json").write_bytes(content)
    assert left == []

    verifier = Verifier(name, host="127.0.0.1").add_transport(url=f"{served.url}/{name}")
    verifier.add_source(tmp_path / "pact.json")
    verifier.state_handler(f"{served.url}/_mock/reset", teardown=False, body=True)
    verifier.verify()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_pact_that_was_written_reads_as_the_same_interactions(
    known: dict[str, Api], tmp_path: Path, name: str, version: str
) -> None:
    api = known[name]
    interactions = load_interactions(api)
    content, left = write_pact(api, interactions, "shop", version)
    read, elsewhere = read_pact(orjson.loads(content), api)
    assert [one["name"] for one in read] + left != []
    assert {one["name"] for one in read} | set(left) == {one.name for one in interactions}
    (tmp_path / "read.yaml").write_bytes(interaction_file(name, read, "", shared=False))
    kept = load_interactions(api, [tmp_path / "read.yaml"])
    with client_of([api]) as client:
        target = open_target(client, api, ADDRESS)
        run = Verification(target, kept, Variables({})).run()
    assert elsewhere == 0
    assert run.exit_code == 0, run.outcomes


PACT: dict[str, Any] = {
    "consumer": {"name": "shop"},
    "provider": {"name": "partoo"},
    "interactions": [
        {
            "description": "a status: {found}",
            "providerStates": [{"name": "an invitation was sent"}],
            "request": {
                "method": "get",
                "path": "/v2/review_booster/invitation_status",
                "query": {"invitation_id": ["1"]},
                "headers": {"x-APIKey": "k"},
            },
            "response": {
                "status": 200,
                "body": {"invitation_id": "x", "status": "SENT"},
                "matchingRules": {
                    "body": {
                        "$.invitation_id": {"matchers": [{"match": "regex", "regex": "^x"}]},
                        "$['status']": {"matchers": [{"match": "equality"}]},
                        "$.list[*].a-b": {"matchers": [{"match": "integer"}]},
                        "$..deep": {"matchers": [{"match": "type"}]},
                    }
                },
            },
        },
        {"description": "x", "request": {"path": "/nowhere"}, "response": {"status": 200}},
    ],
    "metadata": {"pactSpecification": {"version": "3.0.0"}},
}


def test_matching_rules_become_rules_of_comparison(known: dict[str, Api]) -> None:
    (read,), elsewhere = read_pact(PACT, known["partoo"])
    assert elsewhere == 1
    assert read["name"] == "a status found"
    assert read["description"] == "Given an invitation was sent"
    assert read["request"]["query"] == {"invitation_id": "1"}
    assert read["answer"]["compare"] == {
        "/invitation_id": {"pattern": "^x"},
        "/status": "equal",
        "/list/*/a-b": "type",
    }


def headers_of(api: Api, response: dict[str, Any]) -> dict[str, Any]:
    """The expected headers of an answer, as a pact with this response reads."""
    one = {**PACT["interactions"][0], "response": {"status": 200, **response}}
    (read,), _ = read_pact({**PACT, "interactions": [one]}, api)
    return dict(read["answer"].get("headers", {}))


@pytest.mark.parametrize(
    ("value", "expected"), [("a, b", "a, b"), (["a"], "a"), (["a", "b"], "a, b"), (5, "5")]
)
def test_headers_of_an_answer_are_expected_as_they_are(
    known: dict[str, Api], value: object, expected: str
) -> None:
    assert headers_of(known["partoo"], {"headers": {"X-List": value}}) == {"X-List": expected}


@pytest.mark.parametrize("path", ["X-Id", "x-id", "$.X-Id", "$['X-Id']", "X-Id[0]", "$.X-Id[*]"])
def test_the_rule_of_a_header_is_found_in_each_way_of_writing(
    known: dict[str, Api], path: str
) -> None:
    rules = {path: {"matchers": [{"match": "regex", "regex": "^[0-9]+$"}]}}
    response = {"headers": {"X-Id": "5", "X-Other": "o"}, "matchingRules": {"header": rules}}

    found = headers_of(known["partoo"], response)

    assert found == {"X-Id": {"pattern": "^[0-9]+$"}, "X-Other": "o"}


@pytest.mark.parametrize(
    ("matcher", "accepted", "refused"),
    [
        ({"match": "regex", "regex": "^[a-z]+$"}, "abc", "5"),
        ({"match": "include", "value": "a.c"}, "1 a.c 2", "abc"),
        ({"match": "include", "value": "a - #(b)"}, "x a - #(b)", "a - #b"),
        ({"match": "integer"}, "-7", "7.5"),
        ({"match": "decimal"}, "7.5", "7"),
        ({"match": "number"}, "1e3", "x"),
        ({"match": "boolean"}, "true", "yes"),
        ({"match": "equality"}, "value", "other"),
        ({"match": "type"}, "anything", None),
        ({"match": "timestamp", "format": "yyyy"}, "2020", None),
    ],
)
def test_a_header_is_checked_by_its_rule_when_it_is_replayed(
    known: dict[str, Api],
    tmp_path: Path,
    matcher: dict[str, Any],
    accepted: str,
    refused: str | None,
) -> None:
    rules = {"header": {"X-Id": {"matchers": [matcher]}}}
    response = {"status": 200, "headers": {"X-Id": "value"}, "matchingRules": rules}

    assert header_differences_of(known["partoo"], tmp_path, response, accepted) == []
    assert header_differences_of(known["partoo"], tmp_path, response, refused) == ["header x-id"]


def header_differences_of(
    api: Api, folder: Path, response: dict[str, Any], value: str | None
) -> list[str]:
    """The headers that differ in a replay against a service that sends `X-Id`, or does not."""
    read, _ = read_pact(
        {**PACT, "interactions": [{**PACT["interactions"][0], "response": response}]}, api
    )
    (folder / "read.yaml").write_bytes(interaction_file(api.name, read, "", shared=False))
    answer = httpx.Response(200, headers={} if value is None else {"X-Id": value}, json={})
    transport = httpx.MockTransport(
        lambda sent: httpx.Response(404) if "/_mock/" in sent.url.path else answer
    )
    with open_client(5, transport) as client:
        target = open_target(client, api, "https://partoo.example/v2")
        interactions = load_interactions(api, [folder / "read.yaml"])
        run = Verification(target, interactions, Variables({})).run()
    (outcome,) = run.outcomes
    return [one.place for one in outcome.differences if one.where == "header"]


def test_each_of_several_values_of_a_header_must_match_its_rule(known: dict[str, Api]) -> None:
    rules = {"header": {"X-Id": {"matchers": [{"match": "regex", "regex": "^[a-c]$"}]}}}
    response = {"headers": {"X-Id": ["a", "b"]}, "matchingRules": rules}

    pattern = headers_of(known["partoo"], response)["X-Id"]["pattern"]

    assert [matches(pattern, text) for text in ("a, b", "c", "a,b,c", "a, d", "")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_the_bodies_of_version_4_are_unwrapped(known: dict[str, Api]) -> None:
    one = {**PACT["interactions"][0]}
    one["response"] = {
        "status": 200,
        "body": {"content": "eyJhIjoxfQ==", "contentType": "application/json", "encoded": "base64"},
    }
    pact = {**PACT, "interactions": [one], "metadata": {"pactSpecification": {"version": "4.0"}}}
    (read,), _ = read_pact(pact, known["partoo"])
    assert read["answer"]["json"] == {"a": 1}


def imported(folder: Path, content: object, form: str = "pact", api: str = "partoo") -> Result:
    text = content if isinstance(content, bytes) else orjson.dumps(content)
    (folder / "in.json").write_bytes(text)
    arguments = ["import", str(folder / "in.json"), "--api", api, "--from", form]
    return CliRunner().invoke(main, [*arguments, "--to", str(folder / "out.yaml")])


@pytest.mark.parametrize(
    ("content", "form", "told"),
    [
        ({**PACT, "metadata": {"pactSpecification": {"version": "5.0"}}}, "pact", "version 5.0"),
        (
            {**PACT, "metadata": {"pactSpecification": {"version": "2.0.0"}}},
            "pact",
            "has version 2",
        ),
        ({**PACT, "metadata": 5}, "pact", "version unknown; only versions 3 and 4 are supported"),
        ({"interactions": []}, "pact", "this is not a pact"),
        ({**PACT, "interactions": [5]}, "pact", "has no exchange of 'partoo'"),
        (b"{", "pact", "this is not JSON"),
        (b"[]", "har", "not a JSON object"),
        ({"log": {}}, "har", "this is not an HTTP Archive"),
        ({"log": {"entries": [5, {}]}}, "har", "has no exchange of 'partoo'"),
        (
            {"info": {"schema": "collection/v1.0"}},
            "postman",
            "not a Postman collection of version 2.1",
        ),
    ],
)
def test_a_file_that_is_something_else_is_told_as_such(
    tmp_path: Path, content: object, form: str, told: str
) -> None:
    result = imported(tmp_path, content, form)
    assert result.exit_code == 2
    assert told in result.output
    assert not (tmp_path / "out.yaml").exists()


CANARY = "canary-7f3a9c51e0b2"
URL = "https://api.partoo.co/v2/review_booster/invitation_status"
FOUND = '{"invitation_id": "d3d8c966-0356-4ec0-baae-13ec3622ebc2", "status": "SENT"}'
HAR = {
    "log": {
        "version": "1.2",
        "entries": [
            {
                "request": {
                    "method": "GET",
                    "url": f"{URL}?invitation_id=d3d8c966-0356-4ec0-baae-13ec3622ebc2&t={CANARY}",
                    "headers": [{"name": "x-APIKey", "value": CANARY}],
                },
                "response": {
                    "status": 200,
                    "headers": [{"name": "Set-Cookie", "value": CANARY}],
                    "content": {"mimeType": "application/json", "text": FOUND},
                },
            },
            {"request": {"method": "GET", "url": "https://other.example/"}, "response": {}},
            {"request": {"method": "GET", "url": URL}, "response": {"status": 0}},
        ],
    }
}
POSTMAN = {
    "info": {
        "name": "Partoo",
        "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    "variable": [{"key": "status", "value": "invitation_status"}],
    "item": [
        {
            "name": "Folder",
            "item": [
                {
                    "name": "Status",
                    "request": {
                        "method": "GET",
                        "url": {"raw": "{{base}}/review_booster/{{status}}?invitation_id={{id}}"},
                        "header": [{"key": "x-APIKey", "value": "{{key}}"}],
                    },
                    "response": [{"name": "ok", "code": 200, "body": FOUND}],
                },
                {"name": "Unsaved", "request": {"method": "GET", "url": URL}, "response": []},
            ],
        }
    ],
}


def first_entry(request: object) -> dict[str, Any]:
    answer = {"status": 200, "content": {}}
    return {
        "log": {"entries": [HAR["log"]["entries"][0], {"request": request, "response": answer}]}
    }


def collection(url: object) -> dict[str, Any]:
    item = {"name": "Odd", "request": {"url": url}, "response": [{"code": 200}]}
    return {**POSTMAN, "item": [{"name": "Folder", "item": [item]}]}


@pytest.mark.parametrize(
    ("content", "form", "place"),
    [
        (first_entry({"method": "GET", "url": "http://[a/x"}), "har", "log.entries[1]"),
        (collection("http://[a/x"), "postman", "item 'Odd'"),
        (collection({"raw": "http://[a/x"}), "postman", "item 'Odd'"),
        (
            {**PACT, "interactions": [{"request": {"path": "//[a/x"}, "response": {}}]},
            "pact",
            "interactions[0]",
        ),
    ],
)
def test_an_entry_whose_url_is_invalid_is_named(
    tmp_path: Path, content: object, form: str, place: str
) -> None:
    result = imported(tmp_path, content, form)
    assert result.exit_code == 2
    assert f"in.json: {place} has an invalid URL" in result.output
    assert not (tmp_path / "out.yaml").exists()


def test_an_answer_with_an_invalid_location_is_imported(tmp_path: Path) -> None:
    (entry, *_) = orjson.loads(orjson.dumps(HAR))["log"]["entries"]
    location = {"name": "Location", "value": "http://[a/x"}
    entry["response"] = {"status": 302, "headers": [location], "content": {}}
    result = imported(tmp_path, {"log": {"entries": [entry]}}, "har")
    assert result.exit_code == 0, result.output


def test_an_archive_becomes_masked_interactions(tmp_path: Path, known: dict[str, Api]) -> None:
    result = imported(tmp_path, HAR, "har")
    assert result.exit_code == 0, result.output
    assert "skipped 1 of in.json: no operation" in result.output
    assert "skipped 1 of in.json: there is no answer" in result.output
    (read,) = load_interactions(known["partoo"], [tmp_path / "out.yaml"])
    assert read.interaction.request.headers == {"x-apikey": "${PARTOO_X_APIKEY}"}
    assert read.interaction.answer.json_body == orjson.loads(FOUND)
    assert CANARY not in (tmp_path / "out.yaml").read_text() + result.output


def test_a_collection_becomes_interactions_with_its_variables(
    tmp_path: Path, known: dict[str, Api]
) -> None:
    result = imported(tmp_path, POSTMAN, "postman")
    assert result.exit_code == 0, result.output
    assert "skipped 1 of in.json: there is no answer" in result.output
    (read,) = load_interactions(known["partoo"], [tmp_path / "out.yaml"])
    assert read.interaction.request.path == "/review_booster/invitation_status"
    assert read.interaction.request.query == {"invitation_id": "${ID}"}
    assert read.interaction.request.headers == {"x-apikey": "${KEY}"}


def test_a_pact_is_exported_and_what_it_cannot_say_is_told(tmp_path: Path) -> None:
    file = tmp_path / "pact.json"
    result = CliRunner().invoke(main, ["export", "partoo", "--to", str(file), "--pact", "3"])
    assert result.exit_code == 0
    assert "21 interactions written" in result.output
    assert "cannot express its request: Follow an invitation\n" in result.output
    assert orjson.loads(file.read_bytes())["metadata"]["pactSpecification"] == {"version": "3.0.0"}


SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /items:
    post:
      operationId: addItem
      responses: {'201': {description: Added}}
"""
OF_SHOP = """\
interactions:
  - name: Charset
    request:
      {method: POST, path: /items, headers: {Content-Type: TYPE}, json: {a: 1}}
    answer: {status: 201}
"""


def exported(folder: Path, interactions: str, version: str = "4") -> tuple[Result, dict[str, Any]]:
    (folder / "shop.yaml").write_text(SHOP)
    (folder / "interactions.yaml").write_text(interactions)
    arguments = ["export", "shop", "--to", str(folder / "pact.json"), "--pact", version]
    arguments += ["--document", str(folder / "shop.yaml")]
    arguments += ["--interactions", str(folder / "interactions.yaml")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result, orjson.loads((folder / "pact.json").read_bytes())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "media_type",
    ["'application/json; charset=utf-8'", "application/merge-patch+json", "Application/JSON"],
)
def test_a_json_body_is_exported_as_json_whatever_its_media_type_is_called(
    tmp_path: Path, media_type: str, version: str
) -> None:
    _, pact = exported(tmp_path, OF_SHOP.replace("TYPE", media_type), version)
    body = pact["interactions"][0]["request"]["body"]
    if version == "4":
        assert body["contentType"] == media_type.strip("'")
        body = body["content"]
    assert body == {"a": 1}


def test_a_text_that_only_claims_to_be_json_is_left_out_by_name(tmp_path: Path) -> None:
    text = OF_SHOP.replace("TYPE", "application/json").replace("json: {a: 1}", "text: '{'")
    result, pact = exported(tmp_path, text)
    assert pact["interactions"] == []
    assert "left out, because a pact cannot express its request: Charset\n" in result.output


def test_expectations_that_a_pact_cannot_have_are_named(tmp_path: Path) -> None:
    text = OF_SHOP.replace("TYPE", "application/json").replace(
        "{status: 201}",
        "{status: 201, text: Added, headers: {x-id: {pattern: '^[0-9]+$'}, x-kept: a}}",
    )
    result, pact = exported(tmp_path, text)
    assert pact["interactions"][0]["response"] == {"status": 201, "headers": {"x-kept": ["a"]}}
    assert (
        "left out of Charset, because a pact cannot express it: the pattern of header x-id, "
        "the text of the body\n" in result.output
    )
