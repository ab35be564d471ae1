from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from mockserver.control.control_app import CALLS
from mockserver.control.problem_responses import JSON
from mockserver.documents.document import parse_document
from tests.conftest import World
from tests.control_client import Client, client_of

pytestmark = pytest.mark.anyio


def keys_of(value: Any) -> Iterator[str]:
    """Yield the names of all members, at any depth."""
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from keys_of(item)


async def test_bounds_of_whole_numbers_are_written_in_the_words_of_json_schema(
    client: Client,
) -> None:
    document = (await client.get("/_mock/openapi.json")).json()
    assert not {"ge", "gt", "le", "lt"} & set(keys_of(document))
    schemas = document["components"]["schemas"]
    expected = schemas["ExpectedRequests"]["properties"]
    for name in ("count", "at_least", "at_most"):
        assert expected[name]["anyOf"][0] == {"type": "integer", "minimum": 0}
    seed = schemas["Snapshot"]["properties"]["seed"]
    assert (seed["minimum"], seed["exclusiveMaximum"]) == (-(2**63), 2**63)


async def test_every_call_is_described_once(client: Client) -> None:
    document = (await client.get("/_mock/openapi.json")).json()
    described = {
        (method.upper(), path): operation["operationId"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert described == {(call.method, call.template): call.id for call in CALLS}
    assert len(set(described.values())) == len(CALLS)
    assert document["servers"] == [{"url": "http://127.0.0.1:8000/_mock"}]


async def test_every_example_fits_its_schema(client: Client) -> None:
    document = (await client.get("/_mock/openapi.json")).json()
    media = [*found(document["paths"], "example")]
    assert len(media) > len(CALLS)
    for call in CALLS:
        assert call.result is None or call.media_type != JSON or call.result_example is not None
        assert call.body is None or call.body_example is not None
    for one in media:
        schema = {**one["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(one["example"])


def found(value: Any, name: str) -> list[Any]:
    if isinstance(value, dict):
        own = [value] if name in value and "schema" in value else []
        return own + [one for member in value.values() for one in found(member, name)]
    return [one for item in value for one in found(item, name)] if isinstance(value, list) else []


async def test_a_token_is_described_where_one_is_asked_for(world: World) -> None:
    async with client_of(world, "secret") as client:
        headers = {"authorization": "Bearer secret"}
        document = (await client.get("/_mock/openapi.json", headers=headers)).json()
    assert document["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "401" in document["paths"]["/clock"]["get"]["responses"]


@pytest.mark.parametrize("name", ["cloutly", "cloutly-marketplace", "justanudge", "partoo", "walr"])
async def test_an_apis_document_is_as_it_is_served(client: Client, world: World, name: str) -> None:
    reply = await client.get(f"/_mock/apis/{name}/openapi.json")
    document = parse_document(reply.content, "served.json").value
    [server] = document["servers"]
    assert server["url"].startswith(f"http://127.0.0.1:8000/{name}")
    assert "x-mock" not in reply.text
    operations = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    assert {(one.method, one.path) for one in world.engine.apis[name].operations} <= operations


async def test_the_servers_of_another_sandbox_lead_there(client: Client) -> None:
    await client.put("/_mock/sandboxes/one")
    reply = await client.get("/_mock/apis/justanudge/openapi.json", params={"sandbox": "one"})
    document = reply.json()
    assert document["servers"] == [{"url": "http://127.0.0.1:8000/~one/justanudge"}]
    [flow] = document["components"]["securitySchemes"]["OAuth"]["flows"].values()
    assert flow["tokenUrl"].startswith("http://127.0.0.1:8000/~one/justanudge/")
