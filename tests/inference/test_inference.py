"""What is recognised in a document, and what is made of it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Recognised
from mockserver.model.trace import Remarked, decisions
from mockserver.openapi.compiler import load_apis
from tests.conftest import World

Json = dict[str, Any]
Keep = Callable[..., World]
THING: Json = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
}
LIST: Json = {"type": "array", "items": THING}
MAY = "2026-05-01T00:00:00Z"


def answer(schema: Json, status: str = "200", **more: object) -> Json:
    content = {"application/json": {"schema": schema, **more}}
    return {status: {"description": "done", "content": content}}


def reads(schema: Json, *parameters: Json, **more: object) -> Json:
    return {"responses": answer(schema, "200", **more), "parameters": [*parameters]}


def writes(schema: Json, status: str = "200", sent: Json | None = None) -> Json:
    body = {"content": {"application/json": {"schema": sent or schema}}}
    return {"requestBody": body, "responses": answer(schema, status)}


def query(name: str, **schema: object) -> Json:
    return {"name": name, "in": "query", "schema": {"type": "integer", **schema}}


def crud(item: Json = THING, parameter: str = "{thingId}", base: str = "/things") -> Json:
    schema = item["properties"].get("id", {"type": "string"})
    names = re.findall(r"\{(\w+)\}", base + parameter)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema} for name in names
    ]
    gone = {"responses": {"204": {"description": "gone"}}}
    return {
        base: {
            "parameters": parameters[:-1],
            "get": reads({"type": "array", "items": item}),
            "post": writes(item, "201"),
        },
        f"{base}/{parameter}": {
            "parameters": parameters,
            "get": reads(item),
            "patch": writes(item),
            "delete": gone,
        },
    }


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Serve paths with their resources kept, under the name `shop`."""

    def keeping(paths: Json, **more: object) -> World:
        head = {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}}
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump({**head, "paths": paths, **more}))
        apis = load_apis([tmp_path / "shop.yaml"], BUILT_IN, stateful=True)
        return World(Engine(apis, Sandboxes({"shop": apis[0]})), prefix="/shop")

    return keeping


def recognised(world: World) -> Recognised:
    found = world.engine.apis["shop"].recognised
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("parameter", "properties", "key"),
    [
        ("{id}", ["id", "name"], "id"),
        ("{thingId}", ["id", "thingId"], "thingId"),
        ("{thing_id}", ["id"], "id"),
        ("{thingId}", ["thing_id", "name"], "thing_id"),
        ("{thingName}", ["id", "name"], "name"),
        ("{username}", ["id", "username"], "username"),
        ("{thing}", ["id"], "id"),
        ("{thingsId}", ["id"], "id"),
        ("{slug}", ["id", "slug"], "slug"),
        ("{uuid}", ["uuid"], "uuid"),
        ("{colour}", ["name"], None),
        ("{username}", ["id"], None),
        ("{id}", [], None),
    ],
)
def test_the_key_is_what_the_parameter_stands_for(
    keep: Keep, parameter: str, properties: list[str], key: str | None
) -> None:
    members = {name: {"type": "string"} for name in properties}
    world = keep(crud({"type": "object", "properties": members}, parameter))
    collection = world.engine.apis["shop"].collections.get("things")
    assert (collection and collection.key) == key
    assert bool(recognised(world).left) is (key is None)


@pytest.mark.parametrize(
    "paths",
    [
        {"/me": {"get": reads(THING), "post": writes(THING)}},
        {"/settings": {"get": reads(LIST), "put": writes(THING)}},
        {"/things/{id}": {"get": reads(THING)}},
        {"/things": {"get": reads(LIST)}},
        {"/things": {"get": reads({"type": "array", "items": {"type": "string"}}), "post": {}}},
        {"/things/{id}/cancel": {"post": writes(THING)}},
        {"/{id}": {"get": reads(THING), "delete": reads(THING)}},
        {"/": {"get": reads(LIST), "post": writes(THING)}},
    ],
)
def test_what_is_no_resource_is_left_alone(keep: Keep, paths: Json) -> None:
    world = keep({**paths, "/other": {"get": {"responses": {"200": {"description": "ok"}}}}})
    assert recognised(world).resources == {}


def test_what_looks_like_a_resource_says_why_it_is_none(keep: Keep) -> None:
    member = {"type": "object", "properties": {"type": {}, "id": {}, "attributes": {}}}
    wrapped = {"type": "object", "properties": {"data": member}}
    paths = {
        **crud(base="/plain", item={"type": "object", "properties": {"x": {"type": "string"}}}),
        "/bare/{id}": {"delete": {"responses": {"204": {"description": "gone"}}}},
        "/api/{id}": {"get": reads(wrapped), "delete": reads(wrapped)},
    }
    told = {one.message for one in recognised(keep(paths)).left}
    assert told == {
        "/plain is not a resource: no property of its items is the key that {thingId} names",
        "/bare/{id} is not a resource: no JSON schema describes its items",
        "/api/{id} is not a resource: it uses JSON:API, whose resource objects are not recognised",
    }


def test_a_collection_without_items_of_its_own_is_kept(keep: Keep) -> None:
    world = keep({"/things": {"get": reads(LIST), "post": writes(THING, "201")}})
    assert world.post("/things", {"name": "a"}).json == {"id": 1, "name": "a"}
    assert world.get("/things").json == [{"id": 1, "name": "a"}]


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ({"type": "integer"}, r"1"),
        ({"type": "string"}, r"[0-9a-f]{8}-.*"),
        ({"type": "string", "format": "uuid"}, r"[0-9a-f]{8}-.*"),
        ({"type": "string", "example": "507f1f77bcf86cd799439011"}, r"[0-9a-f]{24}"),
        ({"type": "string", "example": "12"}, r"13"),
        ({"type": "string", "example": "cus_Nffrw1abc"}, r"cus_[\w-]{9}"),
        ({"type": "string", "maxLength": 10}, r"1"),
        ({"type": "string", "pattern": "^[0-9a-f]{24}$"}, r"[0-9a-f]{24}"),
        ({"type": "string", "minLength": 10, "maxLength": 16}, r"[\w-]{16}"),
    ],
)
def test_keys_are_made_as_their_schema_says(keep: Keep, schema: Json, pattern: str) -> None:
    world = keep(crud({"type": "object", "properties": {"id": schema}}))
    made = world.post("/things", {}).json["id"]
    assert re.fullmatch(pattern, str(made)), made
    assert world.get(f"/things/{made}").status == 200


def test_a_key_that_nothing_can_make_is_the_clients(keep: Keep) -> None:
    key = {"type": "string", "pattern": "^[A-Z]{2}$"}
    world = keep(crud({"type": "object", "required": ["id"], "properties": {"id": key}}))
    assert world.post("/things", {"id": "SE"}).status == 201
    assert world.post("/things", {"id": "SE"}).status == 409
    assert world.get("/things").json == [{"id": "SE"}]


@pytest.mark.parametrize(
    ("member", "schema", "told"),
    [
        ("total", {"type": "integer"}, 5),
        ("total_count", {"type": "integer"}, 5),
        ("count", {"type": "integer"}, 5),
        ("page", {"type": "integer"}, 2),
        ("pageSize", {"type": "integer"}, 2),
        ("totalPages", {"type": "integer"}, 3),
        ("offset", {"type": "integer"}, 2),
        ("hasMore", {"type": "boolean"}, True),
        ("has_previous", {"type": "boolean"}, True),
        ("last", {"type": "boolean"}, False),
        ("next", {"type": "integer"}, 3),
        ("next", {"type": ["string", "null"]}, "http://mock.test/shop/things?limit=2&page=3"),
        ("previous", {"type": "string"}, "http://mock.test/shop/things?limit=2&page=1"),
        ("next_cursor", {"type": "string"}, "4"),
        ("meta", {"type": "object", "properties": {"total": {"type": "integer"}}}, {"total": 5}),
    ],
)
def test_members_of_an_envelope_are_filled(
    keep: Keep, member: str, schema: Json, told: object
) -> None:
    things = [{"id": number} for number in range(1, 6)]
    envelope = {"type": "object", "properties": {"things": LIST, member: schema}}
    listed = reads(envelope, query("page"), query("limit"), example={"things": things})
    world = keep({"/things": {"get": listed, "post": writes(THING)}})
    assert world.get("/things?limit=2&page=2").json == {"things": things[2:4], member: told}


HERE = "http://mock.test/shop/things"
BY_PAGE, BY_OFFSET = [query("page"), query("size")], [query("offset"), query("size")]
BY_CURSOR = [query("cursor", type="string"), query("size")]


@pytest.mark.parametrize(
    ("parameters", "sent", "links"),
    [
        (BY_PAGE, "size=2&page=2", {"first": 1, "prev": 1, "self": 2, "next": 3, "last": 3}),
        (BY_PAGE, "size=2&page=3", {"first": 1, "prev": 2, "self": 3, "last": 3}),
        (BY_OFFSET, "size=2&offset=2", {"first": 0, "prev": 0, "self": 2, "next": 4, "last": 4}),
        (BY_OFFSET, "size=9", {"first": 0, "self": 0, "last": 0}),
        (BY_CURSOR, "size=2&cursor=2", {"next": 4}),
        (BY_CURSOR, "size=2&cursor=4", {}),
    ],
)
def test_pages_lead_to_each_other(
    keep: Keep, parameters: list[Json], sent: str, links: Json
) -> None:
    things = [{"id": number} for number in range(1, 6)]
    href = {"type": "object", "properties": {"href": {"type": "string"}}}
    all_of_it = dict.fromkeys(("self", "first", "prev", "next", "last"), href)
    members = {"things": LIST, "_links": {"type": "object", "properties": all_of_it}}
    listed = reads(
        {"type": "object", "properties": members}, *parameters, example={"things": things}
    )
    listed["responses"]["200"]["headers"] = {"Link": {"schema": {"type": "string"}}}
    reply = keep({"/things": {"get": listed, "post": writes(THING)}}).get(f"/things?{sent}")

    name = parameters[0]["name"]
    size = sent.partition("&")[0]
    wanted = {rel: f"{HERE}?{size}&{name}={number}" for rel, number in links.items()}
    assert {rel: link["href"] for rel, link in reply.json["_links"].items()} == wanted
    told = [f'<{url}>; rel="{rel}"' for rel, url in wanted.items() if rel != "self"]
    assert (reply.header("link") or "") == ", ".join(told)


@pytest.mark.parametrize(
    ("parameters", "sent", "found"),
    [
        ([query("offset"), query("limit")], "offset=1&limit=2", [2, 3]),
        ([query("skip"), query("top")], "skip=3", [4]),
        ([query("page", minimum=0), query("size")], "page=1&size=3", [4]),
        ([query("page", default=1), query("per_page", default=3)], "page=2", [4]),
        ([query("page[number]"), query("page[size]")], "page[number]=2&page[size]=2", [3, 4]),
        ([query("cursor", type="string"), query("limit")], "cursor=2&limit=1", [3]),
        ([query("limit")], "limit=-1", []),
        ([query("page"), query("limit")], "page=99999999999999999999&limit=1", []),
        ([query("sort", type="string")], "sort=-name", [4, 3, 2, 1]),
        ([query("orderBy", type="string")], "orderBy=group%20desc,name", [3, 4, 1, 2]),
        (
            [query("sort", type="string"), query("order", type="string", enum=["asc", "desc"])],
            "sort=name&order=desc",
            [4, 3, 2, 1],
        ),
        ([query("group", type="string")], "group=b", [3, 4]),
        ([query("filter[group]", type="string")], "filter[group]=b", [3, 4]),
        ([query("id", type="string")], "id=2", [2]),
        ([query("tags", type="string")], "tags=x", [1, 3]),
        ([query("group", type="array", items={"type": "string"})], "group=a&group=c", [1, 2]),
    ],
)
def test_parameters_of_a_list_do_what_their_names_say(
    keep: Keep, parameters: list[Json], sent: str, found: list[int]
) -> None:
    text = {"type": "string"}
    more = {"group": text, "tags": {"type": "array", "items": text}}
    thing = {**THING, "properties": {**THING["properties"], **more}}
    example = [
        {"id": 1, "name": "a", "group": "a", "tags": ["x"]},
        {"id": 2, "name": "b", "group": "a", "tags": ["y"]},
        {"id": 3, "name": "c", "group": "b", "tags": ["x", "y"]},
        {"id": 4, "name": "d", "group": "b"},
    ]
    listed = reads({"type": "array", "items": thing}, *parameters, example=example)
    world = keep({"/things": {"get": listed, "post": writes(thing)}})
    assert [one["id"] for one in world.get(f"/things?{sent}").json] == found


WHEN: Json = {"type": "string", "format": "date-time"}


@pytest.mark.parametrize(
    ("parameters", "sent", "found"),
    [
        ([query("min_price"), query("max_price")], "min_price=20&max_price=30", [2, 3]),
        ([query("price_gte", type="number")], "price_gte=20", [2, 3]),
        ([query("price[lt]")], "price[lt]=20", [1]),
        ([query("priceTo")], "priceTo=20", [1, 2]),
        ([query("filter[price][gt]")], "filter[price][gt]=20", [3]),
        ([query("created_after", type="string", format="date-time")], f"created_after={MAY}", [3]),
        ([query("created_after", **WHEN)], "created_after=2026-04-30t00:00:00z", [2, 3]),
        ([query("created_after", **WHEN)], "created_after=1960-01-01T00:00:00Z", [1, 2, 3]),
        ([query("created_after", **WHEN)], "created_after=0000-01-01T00:00:00Z", []),
        ([query("createdSince", type="string", format="date")], "createdSince=2026-05-01", [2, 3]),
        ([query("before_created_at", type="string")], f"before_created_at={MAY}", [1]),
        ([query("q", type="string")], "q=LAMP", [1, 3]),
        ([query("search", type="string")], "search=desk", [3]),
        ([query("ids", type="string")], "ids=1,3", [1, 3]),
        ([query("ids", type="array", items={"type": "integer"})], "ids=1&ids=2", [1, 2]),
        ([query("names", type="array", items={"type": "string"})], "names=Chair", [2]),
        ([query("min_price"), query("q", type="string")], "", [1, 2, 3, 4]),
    ],
)
def test_parameters_of_a_list_compare_and_search(
    keep: Keep, parameters: list[Json], sent: str, found: list[int]
) -> None:
    created = {"type": "string", "format": "date-time"}
    more = {"price": {"type": "number"}, "created_at": created}
    thing = {**THING, "properties": {**THING["properties"], **more}}
    example = [
        {"id": 1, "name": "Lamp", "price": 10, "created_at": "2026-01-01T00:00:00Z"},
        {"id": 2, "name": "Chair", "price": 20, "created_at": MAY},
        {"id": 3, "name": "Desk lamp", "price": 30, "created_at": "2026-09-01T00:00:00Z"},
        {"id": 4},
    ]
    listed = reads({"type": "array", "items": thing}, *parameters, example=example)
    world = keep({"/things": {"get": listed, "post": writes(thing)}})
    assert [one["id"] for one in world.get(f"/things?{sent}").json] == found


def test_an_operations_own_steps_go_before_what_is_inferred(keep: Keep) -> None:
    paths = crud()
    paths["/things"]["post"]["x-mock"] = {"steps": [{"respond": {"body": "mine"}}]}
    paths["/things/{thingId}"]["get"]["x-mock"] = {"resource": False}
    paths["/things/{thingId}"]["delete"]["x-mock"] = {"errors": {"not_found": {"status": 410}}}
    world = keep(paths)
    assert world.post("/things", {}).json == "mine"
    assert world.get("/things/7").status == 200
    assert world.send("DELETE", "/things/7").status == 410


def test_a_document_can_turn_it_off(keep: Keep) -> None:
    world = keep(crud(), **{"x-mock": {"resource": False}})
    assert recognised(world).resources == {}
    assert world.get("/things/7").status == 200


def test_a_collection_that_a_document_declares_is_used_as_it_is(keep: Keep) -> None:
    own = {"collections": {"things": {"key": "name"}}, "records": {"things": [{"name": "a"}]}}
    world = keep(crud(parameter="{thing}"), **{"x-mock": own})
    assert world.engine.apis["shop"].collections["things"].key == "name"
    assert world.records("shop", "things") == [{"name": "a"}]


def test_names_of_the_engines_own_collections_are_avoided(keep: Keep) -> None:
    world = keep(crud(base="/messages", parameter="{messageId}"))
    assert recognised(world).resources == {"messages_records": "/messages"}
    assert world.post("/messages", {}).json == {"id": 1}


@pytest.mark.parametrize(
    "noun",
    [
        *("classes", "passes", "imports", "nulls", "pages", "items", "bodies", "Nones", "givens"),
        *("sheep", "categories", "boxes", "buses", "2fa", "user-keys", "caf\u00e9s", "x" * 150),
    ],
)
def test_any_noun_can_be_a_resource(keep: Keep, noun: str) -> None:
    paths = crud(base=f"/{noun}", parameter="{id}")
    nested = crud(base=f"/{noun}/{{id}}/parts", parameter="{part}")
    world = keep(paths | nested)
    path = f"/{quote(noun)}"
    assert world.post(path, {"name": "a"}).json == {"id": 1, "name": "a"}
    assert world.send("PATCH", f"{path}/1", {"name": "b"}).json == {"id": 1, "name": "b"}
    assert world.post(f"{path}/1/parts", {}).json == {"id": 1}
    assert world.send("DELETE", f"{path}/1").status == 204


def test_names_and_texts_of_any_script_are_kept(keep: Keep) -> None:
    members = {"id": {"type": "string"}, "\U0001f431 }} '": {"type": "string"}}
    sent = {**members, "mood": {"type": "string", "default": "\U0001f638 {{ }} \\"}}
    item: Json = {"type": "object", "properties": {**members, "mood": {"type": "string"}}}
    paths = crud(item, "{id}")
    paths["/things"]["post"] = writes(item, "201", {"type": "object", "properties": sent})
    body = {"id": "a", "\U0001f431 }} '": "x"}
    assert keep(paths).post("/things", body).json == {**body, "mood": "\U0001f638 {{ }} \\"}


def test_nouns_that_stand_for_different_things_are_kept_apart(keep: Keep) -> None:
    other = {"type": "object", "properties": {"id": {"type": "integer"}, "x": {"type": "string"}}}
    world = keep(crud() | crud(other, "{id}", "/things/{thingId}/things"))
    assert recognised(world).resources == {
        "things": "/things",
        "things_things": "/things/{thingId}/things",
    }


def test_a_schema_under_two_paths_is_one_collection(keep: Keep) -> None:
    text, number = {"type": "string"}, {"type": "integer"}
    members = {"id": {**number, "readOnly": True}, "owner_id": number, "name": text}
    named = {"$ref": "#/components/schemas/Thing"}
    thing: Json = {"type": "object", "properties": members}
    paths = crud(base="/owners", parameter="{ownerId}")
    paths |= {"/things": {"get": reads({"type": "array", "items": named}), "post": writes(named)}}
    nested = reads({"type": "array", "items": named})
    owner = {"name": "ownerId", "in": "path", "required": True, "schema": number}
    paths["/owners/{ownerId}/things"] = {
        "parameters": [owner],
        "get": nested,
        "post": writes(named),
    }
    world = keep(paths, components={"schemas": {"Thing": thing}})
    assert recognised(world).resources == {"owners": "/owners", "things": "/things"}
    world.post("/owners", {"name": "ann"})
    world.post("/things", {"name": "nobody's"})
    world.post("/owners/1/things", {"name": "ann's"})
    assert len(world.get("/things").json) == 2
    assert world.get("/owners/1/things").json == [{"id": 2, "owner_id": 1, "name": "ann's"}]


OWNER: Json = {"name": "ownerId", "in": "path", "required": True, "schema": {"type": "integer"}}
NAMED: Json = {"$ref": "#/components/schemas/Thing"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_list_of_what_belongs_to_an_owner_is_of_the_collection(keep: Keep, method: str) -> None:
    members = {**THING["properties"], "owner_id": {"type": "integer"}}
    paths = crud(base="/owners", parameter="{ownerId}")
    paths["/things"] = {"get": reads({"type": "array", "items": NAMED}), "post": writes(NAMED)}
    both = dict(paths["/things"])
    paths["/owners/{ownerId}/things"] = {"parameters": [OWNER], method: both[method]}
    schemas = {"Thing": {"type": "object", "properties": members}}
    world = keep(paths, components={"schemas": schemas})
    for name in ("ann", "bob"):
        world.post("/owners", {"name": name})
    world.post("/things", {"name": "a", "owner_id": 2})
    if method == "get":
        assert world.get("/owners/2/things").json == [{"id": 1, "name": "a", "owner_id": 2}]
        assert world.get("/owners/1/things").json == []
    else:
        assert world.post("/owners/1/things", {"name": "b"}).json["owner_id"] == 1
        assert len(world.get("/things").json) == 2
    assert getattr(world, method)("/owners/3/things").status == 404


SETTINGS: Json = {
    "type": "object",
    "required": ["currency"],
    "properties": {"currency": {"type": "string", "example": "EUR"}, "vat": {"type": "integer"}},
}


def test_what_there_is_one_of_is_kept(keep: Keep) -> None:
    operations = {"get": reads(SETTINGS), "put": writes(SETTINGS), "patch": writes(SETTINGS)}
    world = keep({"/settings": operations})
    assert recognised(world).resources == {"settings": "/settings"}
    assert world.get("/settings").json == {"currency": "EUR"}
    assert world.send("PATCH", "/settings", {"currency": "USD", "vat": 4}).status == 200
    assert world.get("/settings").json == {"currency": "USD", "vat": 4}
    assert world.send("PUT", "/settings", {"currency": "SEK"}).json == {"currency": "SEK"}
    assert world.get("/settings").json == {"currency": "SEK"}
    world.sandbox().reset(world.now)
    assert world.get("/settings").json == {"currency": "EUR"}


def test_each_owner_has_one_of_its_own(keep: Keep) -> None:
    gone = {"responses": {"204": {"description": "gone"}}}
    operations = {"get": reads(SETTINGS), "put": writes(SETTINGS), "delete": gone}
    paths = crud(base="/owners", parameter="{ownerId}")
    world = keep({**paths, "/owners/{ownerId}/settings": {"parameters": [OWNER], **operations}})
    for name in ("ann", "bob"):
        world.post("/owners", {"name": name})
    assert world.get("/owners/1/settings").status == 404
    assert world.send("PUT", "/owners/1/settings", {"currency": "SEK"}).status == 200
    assert world.get("/owners/1/settings").json == {"currency": "SEK"}
    assert world.get("/owners/2/settings").status == 404
    assert world.send("PUT", "/owners/3/settings", {"currency": "SEK"}).status == 404
    world.send("PUT", "/owners/2/settings", {"currency": "EUR"})
    assert world.send("DELETE", "/owners/1/settings").status == 204
    assert world.get("/owners/1/settings").status == 404
    world.send("DELETE", "/owners/2")
    assert world.records("shop", "settings") == []


@pytest.mark.parametrize(
    ("verb", "field", "schema", "value"),
    [
        ("cancel", "status", {"type": "string", "enum": ["open", "canceled"]}, "canceled"),
        ("cancel", "state", {"type": "string", "enum": ["OPEN", "CANCELLED"]}, "CANCELLED"),
        ("publish", "published_at", {"type": "string", "format": "date-time"}, "2026-03-10T12:00"),
        ("archive", "isArchived", {"type": "boolean"}, True),
        ("unarchive", "archived", {"type": "boolean"}, False),
        ("deny", "result", {"type": "string", "enum": ["denied"]}, "denied"),
        ("pay", "status", {"type": "string", "enum": ["unpaid", "paid"]}, "paid"),
        ("name", "name", {"type": "string"}, "sent"),
    ],
)
@pytest.mark.parametrize("answered", [True, False])
def test_an_action_on_an_item_changes_it(
    keep: Keep, verb: str, field: str, schema: Json, value: object, *, answered: bool
) -> None:
    thing = {"type": "object", "properties": {**THING["properties"], field: schema}}
    sent = {"type": "object", "properties": {"name": {"type": "string"}}}
    empty = {"204": {"description": "done"}}
    done = writes(NAMED, sent=sent) | ({} if answered else {"responses": empty})
    paths = {
        "/things": {"get": reads({"type": "array", "items": NAMED}), "post": writes(NAMED, "201")},
        "/things/{ownerId}": {"parameters": [OWNER], "get": reads(NAMED)},
        f"/things/{{ownerId}}/{verb}": {"parameters": [OWNER], "post": done},
    }
    world = keep(paths, components={"schemas": {"Thing": thing}})
    world.post("/things", {"name": "a"})
    made = world.post(f"/things/1/{verb}", {"name": "sent"})
    assert made.status == (200 if answered else 204)
    changed = world.get("/things/1").json
    assert changed["name"] == "sent"
    assert str(changed[field]).startswith(str(value))
    assert not answered or made.json == changed
    assert world.post(f"/things/2/{verb}", {}).status == 404


@pytest.mark.parametrize(("last", "name"), [("rename", "b"), ("notes", "a")])
def test_what_is_added_below_an_item_does_not_change_it(keep: Keep, last: str, name: str) -> None:
    path = {"parameters": [OWNER], "post": writes(NAMED)}
    paths = {
        "/things": {"get": reads({"type": "array", "items": NAMED}), "post": writes(NAMED, "201")},
        f"/things/{{ownerId}}/{last}": path,
        "/things/{ownerId}": {"parameters": [OWNER], "get": reads(NAMED)},
    }
    world = keep(paths, components={"schemas": {"Thing": THING}})
    world.post("/things", {"id": 1, "name": "a"})
    assert world.post(f"/things/1/{last}", {"id": 1, "name": "b"}).json["name"] == name


def test_an_action_that_answers_something_else_stays_as_it_is_documented(keep: Keep) -> None:
    schema = {"type": "object", "properties": {"token": {"type": "string", "example": "t"}}}
    path = {"/things/{thingId}/share": {"parameters": [OWNER], "post": writes(schema)}}
    path["/things/{thingId}/share"]["parameters"] = [{**OWNER, "name": "thingId"}]
    assert keep(crud() | path).post("/things/9/share", {}).json == {"token": "t"}


@pytest.mark.parametrize(
    ("parameters", "sent", "left"),
    [
        ([], "", []),
        ([query("ids", type="string")], "ids=1,3", [2]),
        ([query("name", type="string")], "name=b", [1, 3]),
        ([query("really", type="boolean")], "really=true", [1, 2, 3]),
    ],
)
def test_deleting_a_collection_removes_what_is_asked_for(
    keep: Keep, parameters: list[Json], sent: str, left: list[int]
) -> None:
    paths = crud(parameter="{ownerId}") | crud(base="/things/{ownerId}/parts", parameter="{id}")
    gone = {"responses": {"204": {"description": "gone"}}, "parameters": parameters}
    paths["/things"]["delete"] = gone
    world = keep(paths)
    for name in ("a", "b", "c"):
        thing = world.post("/things", {"name": name}).json["id"]
        world.post(f"/things/{thing}/parts", {"name": name})
    assert world.send("DELETE", f"/things?{sent}").status == 204
    assert [one["id"] for one in world.get("/things").json] == left
    assert [one["ownerId"] for one in world.records("shop", "parts")] == left


def test_a_part_of_an_item_that_has_a_path_is_the_items(keep: Keep) -> None:
    part = {"type": "object", "properties": {"name": {"type": "string"}}}
    paths = crud(parameter="{ownerId}")
    operations = {"get": reads(part), "put": writes(part)}
    paths["/things/{ownerId}/name"] = {"parameters": [OWNER], **operations}
    world = keep(paths)
    world.post("/things", {"name": "a"})
    assert world.get("/things/1/name").json == {"name": "a"}
    assert world.send("PUT", "/things/1/name", {"name": "b"}).json == {"name": "b"}
    assert world.get("/things/1").json == {"id": 1, "name": "b"}
    assert world.get("/things/2/name").status == 404


def test_items_are_their_parents_and_go_with_them(keep: Keep) -> None:
    paths = crud(base="/owners", parameter="{ownerId}") | crud(base="/owners/{ownerId}/things")
    world = keep(paths)
    world.post("/owners", {"name": "ann"})
    world.post("/owners", {"name": "bob"})
    assert world.post("/owners/1/things", {"name": "a"}).json == {"id": 1, "name": "a"}
    assert world.get("/owners/2/things").json == []
    assert world.get("/owners/2/things/1").status == 404
    assert world.post("/owners/3/things", {"name": "a"}).status == 404
    assert world.send("DELETE", "/owners/1").status == 204
    assert world.records("shop", "things") == []


def test_parents_that_are_no_resource_still_part_what_is_theirs(keep: Keep) -> None:
    item = {**THING, "example": {"id": 7, "name": "everybody's"}}
    world = keep(crud(item, base="/teams/{team}/things"))
    assert world.post("/teams/1/things", {"name": "a"}).json == {"id": 8, "name": "a"}
    assert [one["id"] for one in world.get("/teams/1/things").json] == [7, 8]
    assert [one["id"] for one in world.get("/teams/2/things").json] == [7]
    assert world.get("/teams/2/things/8").status == 404


def test_a_documented_head_answers_as_get_does(keep: Keep) -> None:
    paths = crud()
    for path in paths.values():
        path["head"] = {"responses": {"200": {"description": "there"}}}
    total = {"X-Total-Count": {"schema": {"type": "integer"}}}
    paths["/things"]["get"]["responses"]["200"]["headers"] = total
    world = keep(paths)
    world.post("/things", {"name": "a"})
    found, missing = world.send("HEAD", "/things/1"), world.send("HEAD", "/things/2")
    assert (found.status, missing.status) == (200, 404)
    assert world.send("HEAD", "/things").header("x-total-count") == "1"


def test_the_address_of_what_put_creates_is_its_own(keep: Keep) -> None:
    paths = crud({**THING, "required": []})
    put = writes(THING, "201") | {"operationId": "put"}
    put["responses"]["201"]["headers"] = {"Location": {"schema": {"type": "string"}}}
    paths["/things/{thingId}"]["put"] = put
    made = keep(paths).send("PUT", "/things/9", {"name": "a"})
    assert (made.status, made.header("location")) == (201, "http://mock.test/shop/things/9")


def test_a_patch_that_cannot_be_applied_is_told_in_words(keep: Keep) -> None:
    paths = crud()
    schema = {"type": "array", "items": {"type": "object"}}
    content = {"application/json-patch+json": {"schema": schema}}
    paths["/things/{thingId}"]["patch"]["requestBody"] = {"content": content}
    world = keep(paths)
    world.post("/things", {"name": "a"})
    patch = [{"op": "test", "path": "/name", "value": "b"}]
    headers = {"content-type": "application/json-patch+json"}
    refused = world.send("PATCH", "/things/1", patch, headers)
    assert (refused.status, refused.json["detail"]) == (400, "the patch does not apply")


def test_a_reset_brings_the_examples_back(keep: Keep) -> None:
    world = keep(crud({**THING, "example": {"id": 7, "name": "{{ now }} }}"}}))
    assert world.get("/things/7").json == {"id": 7, "name": "{{ now }} }}"}
    world.send("DELETE", "/things/7")
    assert world.get("/things/7").status == 404
    world.sandbox().reset(world.now)
    assert world.get("/things/7").status == 200


def test_times_are_of_the_sandboxs_clock(keep: Keep) -> None:
    own = {"type": "string", "format": "date-time", "readOnly": True}
    members = {**THING["properties"], "createdAt": own, "updatedAt": own}
    world = keep(crud({**THING, "properties": members}))
    made = world.post("/things", {}).json
    assert made == {"id": 1, "createdAt": NOON, "updatedAt": NOON}
    world.advance("P1D")
    changed = world.send("PATCH", "/things/1", {"name": "b", "createdAt": LONG_AGO}).json
    assert changed == {**made, "name": "b", "updatedAt": "2026-03-11T12:00:00.000Z"}


NOON, LONG_AGO = "2026-03-10T12:00:00.000Z", "1999-01-01T00:00:00Z"


def test_what_is_printed_does_the_same_when_it_is_served(keep: Keep, tmp_path: Path) -> None:
    inferred = keep(crud() | crud(base="/owners/{owner}/things", parameter="{id}"))
    overlay = recognised(inferred).overlay()
    (tmp_path / "shop.overlay.yaml").write_text(yaml.safe_dump(overlay))
    apis = load_apis([tmp_path / "shop.overlay.yaml"], BUILT_IN)
    printed = World(Engine(apis, Sandboxes({"shop": apis[0]})), prefix="/shop")
    for method, path, body in (
        ("POST", "/things", {"name": "a"}),
        ("PATCH", "/things/1", {"name": "b"}),
        ("GET", "/things", None),
        ("POST", "/owners/1/things", {"name": "c"}),
        ("GET", "/owners/1/things/2", None),
        ("DELETE", "/things/1", None),
        ("GET", "/things/1", None),
    ):
        one, other = inferred.send(method, path, body), printed.send(method, path, body)
        assert (one.status, one.text) == (other.status, other.text), path


def deep_object(name: str, /, **properties: Json) -> Json:
    schema = {"type": "object", "properties": properties}
    return {"name": name, "in": "query", "style": "deepObject", "explode": True, "schema": schema}


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("", [1, 2, 3, 4]),
        ("filter[group]=b", [3, 4]),
        ("filter[group]=b&filter[name]=c", [3]),
        ("filter[name]=a&page[size]=1", [1]),
        ("page[number]=2&page[size]=3", [4]),
        ("filter[min_id]=3", [3, 4]),
    ],
)
def test_members_of_an_object_are_parameters_of_a_list(
    keep: Keep, sent: str, found: list[int]
) -> None:
    text = {"type": "string"}
    thing = {**THING, "properties": {**THING["properties"], "group": text}}
    example = [
        {"id": number, "name": name, "group": group}
        for number, name, group in [(1, "a", "a"), (2, "b", "a"), (3, "c", "b"), (4, "d", "b")]
    ]
    number = {"type": "integer"}
    parameters = [
        deep_object("filter", group=text, name=text, min_id=number),
        deep_object("page", number=number, size=number),
    ]
    listed = reads({"type": "array", "items": thing}, *parameters, example=example)
    world = keep({"/things": {"get": listed, "post": writes(thing)}})
    assert [one["id"] for one in world.get(f"/things?{sent}").json] == found


def test_parameters_without_effect_are_reported(keep: Keep) -> None:
    fields = {"name": "fields", "in": "query", "schema": {"type": "array", "items": {}}}
    parameters = [fields, query("name", type="string"), deep_object("filter", colour={})]
    listed = reads({"type": "array", "items": THING}, *parameters)
    world = keep({"/things": {"get": listed, "post": writes(THING)}})
    (api,) = world.engine.apis.values()
    assert api.recognised is not None
    assert [one.message for one in api.recognised.left] == [
        f"GET /things: the query parameter {name!r} has no effect on the records"
        for name in ("fields", "filter[colour]")
    ]
    exchange = world.get("/things?fields=id&name=a&filter%5Bcolour%5D=red").exchange
    told = decisions(exchange.operation, exchange.trace, exchange.request)
    assert [one.remark for one in told if isinstance(one, Remarked)] == [
        f"query parameter {name} has no effect on the records"
        for name in ("fields", "filter[colour]")
    ]
