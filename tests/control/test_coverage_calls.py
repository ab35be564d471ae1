from typing import Any

import pytest

from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client

pytestmark = pytest.mark.anyio


async def operation(client: Client, name: str, api: str = "partoo") -> Any:
    reply = (await client.get("/_mock/coverage", params={"api": api})).json()
    [found] = reply["apis"]
    return next(item for item in found["operations"] if item["id"] == name)


async def test_statuses_and_examples_are_counted(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.post(PARTOO, json=INVITE)
    found = await operation(client, "sendReviewInvitation")
    counts = {response["status"]: response["seen"] for response in found["responses"]}
    assert (found["requests"], counts["200"], counts["400"]) == (3, 1, 1)
    assert sum(counts.values()) + sum(one["seen"] for one in found["undocumented"]) == 3


async def test_totals_are_shares(client: Client) -> None:
    before = (await client.get("/_mock/coverage")).json()["totals"]["operations"]
    await client.post(PARTOO, json=INVITE, headers=KEY)
    after = (await client.get("/_mock/coverage")).json()["totals"]["operations"]
    assert before == {"seen": 0, "documented": before["documented"], "share": 0.0}
    assert after["seen"] == 1
    assert after["share"] == pytest.approx(1 / before["documented"], abs=1e-4)


async def test_an_unknown_api_is_a_problem(client: Client) -> None:
    reply = await client.get("/_mock/coverage", params={"api": "partu"})
    assert reply.status_code == 404
    assert "did you mean 'partoo'?" in reply.json()["detail"]


async def test_an_emptied_journal_is_still_counted_and_a_reset_is_not(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.delete("/_mock/requests")
    assert (await operation(client, "sendReviewInvitation"))["requests"] == 1
    await client.post("/_mock/reset")
    assert (await operation(client, "sendReviewInvitation"))["requests"] == 0
