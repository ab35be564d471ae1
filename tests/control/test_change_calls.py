"""What a request or a control call changed, as the control API tells it."""

from typing import Any

import pytest

from mockserver.base.secrets import REDACTED
from mockserver.model.exchange import Exchange
from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client

pytestmark = pytest.mark.anyio


async def lines(client: Client, entry: str) -> list[str]:
    reply = await client.get(f"/_mock/requests/{entry}/changes?format=text")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    return reply.text.splitlines()


async def listed(client: Client, entry: str, query: str = "") -> Any:
    reply = await client.get(f"/_mock/requests/{entry}/changes{query}")
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_an_invitation_tells_all_that_it_changed(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    found = await lines(client, "r1")
    assert "quota sms of demo-org 500 → 499" in found
    assert "cooldown sms of +33647385968 until 20 Mar 2026 12:00" in found
    assert "+1 SMS to +33647385968" in found
    assert any(line.startswith("+1 invitation ") for line in found)
    assert any(line.startswith("rate limit ") and line.endswith(" left") for line in found)


async def test_the_records_before_and_after_are_shown(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    found = {change["collection"]: change for change in (await listed(client, "1.r1"))["changes"]}
    quota = found["quotas"]
    assert (quota["api"], quota["key"], quota["before"]) == ("partoo", "sms:demo-org", None)
    assert quota["after"]["state"][1] == 1


async def test_a_line_does_not_change_when_a_setting_changes_later(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    before = await lines(client, "r1")
    await client.patch("/_mock/settings/partoo", json={"cooldown": "P1D", "sms_quota": 7})
    assert await lines(client, "r1") == before
    await client.post(PARTOO, json={**INVITE, "target_phone": "+33600000009"}, headers=KEY)
    assert "cooldown sms of +33600000009 until 11 Mar 2026 12:00" in await lines(client, "r2")


async def test_an_entry_without_its_trace_tells_the_same(client: Client, world: World) -> None:
    for phone in ("+33600000008", "+33600000009"):
        await client.post(PARTOO, json={**INVITE, "target_phone": phone}, headers=KEY)
    before = await lines(client, "r2")
    await client.patch("/_mock/settings/partoo", json={"sms_quota": 7})
    entry = world.sandbox().history.get("r2")
    assert isinstance(entry, Exchange)
    entry.trace, entry.is_traced = [], False
    assert await lines(client, "r2") == before


async def test_a_quota_that_a_control_call_wrote_has_its_limit(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.delete("/_mock/records/partoo/quotas/sms:demo-org")
    assert await lines(client, "c1") == ["quota sms of demo-org 499 → 500"]


async def test_control_calls_tell_what_they_changed(client: Client) -> None:
    await client.patch("/_mock/settings/partoo", json={"sms_quota": 1, "cooldown": "P1D"})
    await client.post("/_mock/clock", json={"frozen": True})
    await client.post("/_mock/faults", json={"status": 503, "times": 2, "api": "partoo"})
    await client.post(PARTOO, json=INVITE, headers=KEY)
    expected = ["setting partoo.sms_quota 500 → 1, partoo.cooldown P10D → P1D"]
    assert await lines(client, "c1") == expected
    assert await lines(client, "c2") == ["clock 2026-03-10T12:00:00Z, frozen"]
    assert "fault f1 added" in await lines(client, "c3")
    assert "fault f1 hit 1 of 2" in await lines(client, "r1")


async def test_a_request_that_changed_nothing_has_no_lines(client: Client) -> None:
    await client.get("/cloutly/api/v1/nothing")
    assert await lines(client, "r1") == []
    assert await listed(client, "r1") == {"total": 0, "changes": []}


async def test_changes_come_in_pages(client: Client) -> None:
    await client.delete("/_mock/records/partoo/businesses")
    everything = await listed(client, "c1")
    part = await listed(client, "c1", "?limit=1&offset=1")
    assert part == {"total": everything["total"], "changes": everything["changes"][1:2]}
    assert everything["changes"][0]["text"].startswith("-1 business ")


async def test_what_is_gone_is_a_404_that_says_why(client: Client) -> None:
    await client.get("/cloutly/api/v1/businesses")
    await client.post("/_mock/reset")
    for path in ("requests/1.r1", "requests/1.r1/changes"):
        reply = await client.get(f"/_mock/{path}")
        assert reply.status_code == 404
        assert "a reset or a restore began run 2" in reply.json()["detail"]


async def test_credentials_are_not_shown(client: Client, world: World) -> None:
    spec = world.engine.apis["partoo"].schemes["ApiKeyAuth"].principals
    assert spec is not None
    record = {spec.field: "very-secret-key", "id": "k9", "password": "very-secret"}
    path = f"/_mock/records/partoo/{spec.collection}"
    assert (await client.post(path, json=record)).status_code == 201
    reply = await client.get("/_mock/requests/c1/changes")
    assert "very-secret" not in reply.text
    assert reply.json()["changes"][0]["after"]["password"] == REDACTED


async def test_a_credential_that_a_limit_counts_by_is_not_shown(client: Client) -> None:
    headers = {"x-api-key": "demo-cloutly-key"}
    await client.get("/cloutly/api/v1/businesses", headers=headers)
    found = await listed(client, "r1")
    assert found["total"] > 0
    assert "demo-cloutly-key" not in str(found)


async def test_a_request_in_full_tells_its_run_and_the_number_of_its_changes(
    client: Client,
) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    details = (await client.get("/_mock/requests/r1")).json()
    assert (details["run"], details["arrived"]) == (1, "2026-03-10T12:00:00Z")
    assert details["changes"] == (await listed(client, "r1"))["total"] > 0
