"""What is said when the history of a sandbox has dropped entries."""

import httpx
import pytest

from mockserver import create_app
from mockserver.base.errors import SettingsError
from tests.control_client import Client

pytestmark = pytest.mark.anyio


async def test_a_verification_names_both_bounds_and_how_to_raise_them() -> None:
    transport = httpx.ASGITransport(app=create_app(journal=2, history_memory=3))
    async with Client(transport=transport, base_url="http://127.0.0.1:8000") as client:
        for _ in range(3):
            await client.get("/nowhere")
        found = (await client.post("/_mock/requests/verify", json={"match": {}, "count": 3})).json()
    assert "room for 2 entries and for 3 MB" in found["cannot_tell"]
    assert "--journal" in found["cannot_tell"]
    assert "--history-memory" in found["cannot_tell"]


async def test_the_histories_of_an_application_have_a_bound_in_megabytes() -> None:
    transport = httpx.ASGITransport(app=create_app(history_memory=1))
    async with Client(transport=transport, base_url="http://127.0.0.1:8000") as client:
        for number in range(4):
            await client.post(f"/~s{number}/nowhere", content=b"x" * 400_000)
        dropped = [
            (await client.get(f"/_mock/requests?sandbox=s{number}")).json()["dropped"]
            for number in range(4)
        ]
    assert sum(dropped) == 2


async def test_bounds_without_room_are_refused() -> None:
    with pytest.raises(SettingsError, match="history_memory=0: at least 1 MB is needed"):
        create_app(history_memory=0)
    with pytest.raises(SettingsError, match="record_memory=0"):
        create_app(record_memory=0)


async def test_records_have_a_bound_in_megabytes() -> None:
    transport = httpx.ASGITransport(app=create_app(record_memory=1))
    record = {"name": "x" * 600_000}
    async with Client(transport=transport, base_url="http://127.0.0.1:8000") as client:
        calls = [f"/_mock/records/partoo/businesses/{number}" for number in range(3)]
        answers = [await client.put(call, json=record) for call in calls]
        found = (await client.get("/_mock/records/partoo/businesses?limit=0")).json()
    assert [answer.status_code for answer in answers] == [201, 503, 503]
    assert "need more than 1 MB" in answers[1].json()["detail"]
    assert found["total"] == 6
