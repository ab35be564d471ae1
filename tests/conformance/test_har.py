"""The HTTP Archive 1.2 schema of the har-schema package (beside this file, with its licence)."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT6

from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client

pytestmark = pytest.mark.anyio
FOLDER = Path(__file__).parent / "har-schema"


def violations(archive: Any) -> list[str]:
    schemas = [json.loads(path.read_text()) for path in FOLDER.glob("*.json")]
    resources = [(schema["$id"].rstrip("#"), DRAFT6.create_resource(schema)) for schema in schemas]
    registry: Registry[Any] = Registry().with_resources(resources)
    validator = jsonschema.Draft6Validator(
        {"$ref": "har.json"},
        registry=registry,
        format_checker=jsonschema.Draft6Validator.FORMAT_CHECKER,
    )
    return [error.message for error in validator.iter_errors(archive)]


async def test_the_schema_notices_what_is_missing() -> None:
    assert violations({"log": {"version": "1.2", "creator": {"name": "a"}, "entries": [{}]}})


async def test_the_journal_as_an_archive_conforms(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.get("/cloutly/api/v1/businesses?a=1&b=%20é|[]", headers={"host": "a_b:"})
    await client.post("/justanudge/api/oauth/zapier/token", data={"client_secret": "hush"})
    await client.get("/no/where", headers={"content-type": "a", "prefer": "wait=0"})
    await client.put("/nowhere", content=b"\xff\x00")
    await client.post("/_mock/clock", json={"advance": "PT0.5S"})
    await client.get(
        "/justanudge/api/oauth/zapier/authorize?client_id=demo-nudge-client&response_type=code"
        "&redirect_uri=https://client.example/callback&mock_decision=approve"
    )
    reply = await client.get("/_mock/requests", params={"format": "har"})
    archive = reply.json()
    assert violations(archive) == []
    assert [entry["response"]["status"] for entry in archive["log"]["entries"]] == [
        200,
        401,
        400,
        404,
        404,
        302,
    ]
    assert "hush" not in reply.text
    assert "demo-partoo-key" not in reply.text


async def test_an_archive_holds_what_was_asked_for(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.get("/nowhere")
    query = {"format": "har", "api": "partoo"}
    [entry] = (await client.get("/_mock/requests", params=query)).json()["log"]["entries"]
    assert entry["request"]["url"] == f"http://127.0.0.1:8000{PARTOO}"
    assert json.loads(entry["request"]["postData"]["text"]) == INVITE
    assert entry["_id"] == "r1"
