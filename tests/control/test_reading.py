import httpx
import pytest

from mockserver.control.control_app import CALLS
from mockserver.control.declarations import Call
from tests.conftest import World
from tests.control_client import Client, client_of

JSON = {"content-type": "application/json"}
NAMES = {
    "api": "partoo",
    "collection": "businesses",
    "key": "b1",
    "id": "x1",
    "name": "a",
    "file": "b",
}
BUSINESS = "5409c35a97bbc544d8e26737"

pytestmark = pytest.mark.anyio
every_path = pytest.mark.parametrize("path", sorted({call.template for call in CALLS}))


def problem_of(reply: httpx.Response) -> dict[str, object]:
    assert reply.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = reply.json()
    assert problem["status"] == reply.status_code
    assert problem["detail"]
    return problem


@every_path
async def test_a_method_that_a_path_lacks_is_refused_with_those_it_has(
    client: Client, path: str
) -> None:
    for method in ("OPTIONS", "TRACE", "PATCH", "POST", "PUT", "GET", "DELETE"):
        allowed = {call.method for call in CALLS if call.template == path}
        if method in allowed:
            continue
        reply = await client.request(method, "/_mock" + path.format(**NAMES))
        assert reply.status_code == 405, method
        assert allowed <= set(reply.headers["allow"].split(", "))
        problem_of(reply)


async def test_head_is_get_without_its_body(client: Client) -> None:
    got, headed = await client.get("/_mock/apis"), await client.head("/_mock/apis")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


async def test_an_unknown_path_says_which_may_have_been_meant(client: Client) -> None:
    problem = problem_of(await client.get("/_mock/message"))
    assert "did you mean '/messages'?" in str(problem["detail"])


async def test_an_unknown_query_parameter_says_which_may_have_been_meant(client: Client) -> None:
    reply = await client.get("/_mock/messages", params={"chanel": "sms"})
    assert reply.status_code == 422
    assert problem_of(reply)["errors"] == [
        {
            "where": "query",
            "field": "chanel",
            "pointer": "/chanel",
            "message": "is not known; did you mean 'channel'?",
        }
    ]


async def test_an_unknown_field_of_a_body_says_which_may_have_been_meant(client: Client) -> None:
    reply = await client.post("/_mock/clock", json={"advanced": "P1D"})
    assert "did you mean 'advance'?" in str(problem_of(reply)["detail"])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("requests", "limit=-1"),
        ("requests", "limit=1.5"),
        ("requests", "limit=1_0"),
        ("requests", "limit=" + "9" * 5_000),
        ("requests", "limit=1&limit=2"),
        ("requests", "status=many"),
        ("requests", "since=yesterday"),
        ("messages", "channel=pigeon"),
        ("health", "sandbox=one"),
        ("clock", "&".join(f"p{number}=1" for number in range(1_000))),
    ],
    ids=lambda text: text[:30],
)
async def test_a_query_that_does_not_fit_is_refused(client: Client, path: str, query: str) -> None:
    reply = await client.get(f"/_mock/{path}?{query}")
    assert reply.status_code == 422
    problem_of(reply)


async def test_the_list_of_requests_begins_where_it_is_told(client: Client) -> None:
    await client.get("/nowhere")
    await client.post("/_mock/clock", json={"advance": "PT1H"})
    await client.get("/nowhere")
    found = await client.get("/_mock/requests", params={"since": "2026-03-10T13:30:00+01:00"})
    assert [entry["id"] for entry in found.json()["requests"]] == ["r2"]


@pytest.mark.parametrize("name", ["", ".", "a b", "a\0", "x" * 65, "é"], ids=repr)
async def test_a_sandbox_that_cannot_be_is_refused(client: Client, name: str) -> None:
    reply = await client.get("/_mock/clock", params={"sandbox": name})
    assert reply.status_code == 400
    problem_of(reply)


@pytest.mark.parametrize("target", ["clock", "records/partoo/businesses", "settings/partoo"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"id": NaN}',
        b'{"id": "\\ud800"}',
        b'{"id": "\xed\xa0\x80"}',
        b'{"id": "a\\u0000"}',
        b'{"id": "\0"}',
        b'{"id": 1e999}',
        b'{"id": ' + b"9" * 5_000 + b"}",
        b'{"id": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"id": ' + b"[" * 150 + b"]" * 150 + b"}",
    ],
    ids=lambda body: f"{body[:20]!r} of {len(body)} bytes",
)
async def test_a_body_that_is_no_json_is_refused(client: Client, target: str, body: bytes) -> None:
    method = {"settings/partoo": "PATCH"}.get(target, "POST")
    reply = await client.request(method, f"/_mock/{target}", content=body, headers=JSON)
    assert reply.status_code == 400
    problem_of(reply)


async def test_a_body_that_nothing_reads_is_passed_over(client: Client) -> None:
    reply = await client.post("/_mock/reset", content=b"{", headers=JSON)
    assert reply.status_code == 204


async def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    reply = await client.post("/_mock/clock", content=b"1" * (10 * 1024 * 1024 + 1), headers=JSON)
    assert reply.status_code == 413
    problem_of(reply)


@pytest.mark.parametrize(
    "move",
    [
        {"advance": "PT0S"},
        {"advance": "-P1D"},
        {"advance": "NaN"},
        {"advance": "P999999999D"},
        {"advance": "P" + "9" * 5_000 + "D"},
        {"set": "10000-01-01T00:00:00Z"},
        {"set": "NaN"},
        {"set": "2030-01-31"},
        {"set": "9999-12-31T23:59:59Z"},
        {"set": 5},
        {"set": None},
        {"frozen": 1},
        {"frozen": None},
    ],
    ids=lambda move: str(move)[:40],
)
async def test_a_move_that_is_not_possible_changes_nothing(
    client: Client, move: dict[str, object]
) -> None:
    reply = await client.post("/_mock/clock", json=move)
    assert reply.status_code == 422
    problem_of(reply)
    assert (await client.get("/_mock/clock")).json()["now"] == "2026-03-10T12:00:00Z"


@pytest.mark.parametrize("key", [None, "", True, 1.5, [], {}], ids=repr)
async def test_a_key_that_no_path_can_name_is_refused(client: Client, key: object) -> None:
    reply = await client.post("/_mock/records/partoo/businesses", json={"id": key})
    assert reply.status_code == 422


async def test_a_record_is_not_stored_under_the_key_of_another(client: Client) -> None:
    reply = await client.put(f"/_mock/records/partoo/businesses/{BUSINESS}", json={"id": "other"})
    assert reply.status_code == 409
    problem_of(reply)


async def test_a_record_that_is_put_under_a_new_key_is_created(client: Client) -> None:
    reply = await client.put("/_mock/records/partoo/businesses/a%2Fb", json={"name": "New"})
    assert (reply.status_code, reply.json()) == (201, {"name": "New", "id": "a/b"})


async def test_no_cache_and_no_other_site_keeps_an_answer(client: Client) -> None:
    for path in ("/_mock/apis", "/_mock/none", "/_mock/reset"):
        headers = (await client.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


async def test_a_fault_of_ours_says_that_it_is_one(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(type(world.engine.sandboxes), "get", broken)
    reply = await client.get("/_mock/clock")
    assert (reply.status_code, problem_of(reply)["type"]) == (500, "urn:mockserver:failure")
    assert "broken" not in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "//apis",
        "/apis/",
        "/%00",
        "/APIS",
        "/%ed%a0%80",
        "/" + "x" * 50_000,
    ],
    ids=lambda path: path[:20],
)
async def test_a_path_that_leads_nowhere_says_where_the_calls_are(
    client: Client, path: str
) -> None:
    reply = await client.get(
        httpx.URL("http://127.0.0.1:8000").copy_with(raw_path=b"/_mock" + path.encode())
    )
    assert reply.status_code == 404
    assert len(str(problem_of(reply)["detail"])) < 1_000


@pytest.mark.parametrize("path", ["apis/%00", "records/partoo/businesses/%00", "requests/%ff"])
async def test_a_name_that_cannot_be_is_not_found(client: Client, path: str) -> None:
    assert problem_of(await client.get(f"/_mock/{path}"))["status"] == 404


@pytest.mark.parametrize("path", ["settings/partoo", "clock"])
async def test_a_body_full_of_mistakes_is_refused_in_few_words(client: Client, path: str) -> None:
    body = {f"field{number}" + "x" * 200: number for number in range(20_000)}
    method = "PATCH" if path != "clock" else "POST"
    reply = await client.request(method, f"/_mock/{path}", json=body)
    assert reply.status_code == 422
    assert len(reply.content) < 50_000


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
async def test_no_call_gets_past_the_guard(world: World, call: Call) -> None:
    path = "/_mock" + call.template.format(**NAMES)
    async with client_of(world, "hush") as client:
        reply = await client.request(call.method, path)
        assert reply.status_code == 401
        headers = {"authorization": "Bearer hush", "origin": "https://evil.example"}
        reply = await client.request(call.method, path, headers=headers)
        assert reply.status_code == 403
    assert world.engine.sandboxes.names() == []
