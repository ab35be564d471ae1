from collections.abc import Callable
from math import nan
from typing import Any

import pytest

from mockserver.base.errors import FaultError, SandboxFullError
from mockserver.engine.faults import MOST_FAULTS, Installed, check_fault
from mockserver.model.fault import FaultDefinition
from mockserver.model.messages import NOTHING_SENT
from mockserver.model.trace import as_json, decisions
from tests.conftest import Reply, World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: https://shop.example/v1}]
x-mock:
  settings: {word: {type: string, default: sorry}}
  collections: {orders: {key: id}}
  errors:
    out_of_stock:
      status: 409
      body: {because: "{{ error.message }}", word: "{{ settings.word }}"}
    needy: {status: 418, body: "{{ body.size + 1 }}"}
components:
  securitySchemes: {Key: {type: http, scheme: bearer}}
paths:
  /orders:
    get:
      operationId: listOrders
      security: [{Key: []}]
      responses: {'200': {description: ok, content: {application/json: {example: [1, 2, 3]}}}}
    post:
      operationId: placeOrder
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses:
        '201':
          description: made
          content:
            application/json:
              examples: {small: {value: {size: 1}}, large: {value: {size: 9}}}
        '503': {description: busy, content: {application/json: {example: {busy: true}}}}
      x-mock:
        limits: [{name: all, limit: 1000, window: PT1M}]
        steps:
          - require: "{{ not body.bad }}"
            otherwise: {error: out_of_stock, message: "No {{ body.thing or 'thing' }} is left"}
          - create: {in: orders, record: {id: "{{ uuid() }}"}, as: order}
          - respond: {status: 201, body: {id: "{{ order.id }}"}}
  /orders/{id}/lines/{line}:
    get: {operationId: getLine, responses: {'200': {description: ok}}}
"""


@pytest.fixture
def shop(serve: Callable[..., World]) -> World:
    return opened(serve)


def opened(serve: Callable[..., World], document: str = DOCUMENT, seed: int = 0) -> World:
    return serve(document, None, seed).at("/shop/v1")


def inject(world: World, **parts: Any) -> Installed:
    fault = check_fault(FaultDefinition(**parts), world.engine.apis)
    return world.sandbox().faults.add(world.sandbox().transaction(), fault)


def place(world: World) -> Reply:
    return world.post("/orders", {})


def told(reply: Reply) -> list[str]:
    exchange = reply.exchange
    return [item.sentence() for item in decisions(exchange.operation, exchange.trace)]


# --- what happens ---


def test_an_error_is_answered_as_the_api_words_it(shop: World) -> None:
    inject(shop, error="out_of_stock")
    reply = place(shop)
    assert (reply.status, reply.json) == (
        409,
        {"because": "No thing is left", "word": "sorry"},
    )


def test_a_built_in_error_asks_for_no_entry_in_the_document(shop: World) -> None:
    inject(shop, error="rate_limited")
    reply = place(shop)
    assert (reply.status, reply.header("retry-after")) == (429, "60")
    assert reply.header("content-type") == "application/problem+json"


def test_an_error_has_the_headers_that_its_status_asks_for(shop: World) -> None:
    inject(shop, error="unauthenticated", times=1)
    inject(shop, error="method_not_allowed")
    assert shop.get("/orders").header("www-authenticate") == 'Bearer realm="shop"'
    assert shop.get("/orders").header("allow") == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    ("api", "error", "status", "body"),
    [
        (
            "partoo",
            "cooldown",
            400,
            {
                "errors": {
                    "json": {"target_phone": ["An SMS has already been sent to this number lately"]}
                }
            },
        ),
        ("partoo", "quota_exhausted", 403, {"errors": {"authorization": "Operation not allowed"}}),
        ("partoo", "rate_limited", 429, {"errors": {"rate_limit": "Too many requests"}}),
    ],
)
def test_a_vendors_refusal_is_worded_as_if_it_were_real(
    world: World, api: str, error: str, status: int, body: object
) -> None:
    inject(world, api=api, error=error)
    reply = world.post("/partoo/v2/review_booster/send_invitation", {})
    assert (reply.status, reply.json) == (status, body)


@pytest.mark.parametrize(
    ("parts", "wait"),
    [
        ({"error": "rate_limited"}, "60"),
        ({"error": "rate_limited", "retry_after": 7}, "7"),
        ({"error": "out_of_stock"}, None),
        ({"error": "out_of_stock", "retry_after": 0}, "0"),
        ({"status": 503}, "60"),
        ({"status": 503, "retry_after": 5}, "5"),
        ({"status": 500}, None),
    ],
)
def test_retry_after_is_sent_where_it_is_given_or_makes_sense(
    shop: World, parts: dict[str, Any], wait: str | None
) -> None:
    inject(shop, **parts)
    assert place(shop).header("retry-after") == wait


@pytest.mark.parametrize(
    ("status", "body"),
    [(503, '{"busy":true}'), (201, '{"size":1}'), (599, None), (404, None), (204, "")],
)
def test_a_status_is_answered_as_documented_else_as_a_problem(
    shop: World, status: int, body: str | None
) -> None:
    inject(shop, status=status)
    reply = place(shop)
    assert reply.status == status
    if body is None:
        assert (reply.json["status"], reply.json["type"]) == (status, "about:blank")
    else:
        assert reply.text == body


def test_a_status_is_answered_to_clients_that_would_rather_have_another_media_type(
    shop: World,
) -> None:
    inject(shop, status=503)
    assert shop.post("/orders", {}, accept="image/png").status == 503


def test_an_example_is_answered_by_its_name(shop: World) -> None:
    inject(shop, example="large")
    reply = place(shop)
    assert (reply.status, reply.json) == (201, {"size": 9})


@pytest.mark.parametrize(
    "parts", [{"error": "out_of_stock"}, {"status": 503}, {"example": "large"}], ids=str
)
def test_what_takes_the_answers_place_changes_nothing(shop: World, parts: dict[str, Any]) -> None:
    inject(shop, **parts)
    place(shop)
    assert (shop.records("shop", "orders"), shop.records("shop", "rate_limits")) == ([], [])


def test_a_forced_answer_asks_for_no_credential(shop: World) -> None:
    inject(shop, status=200)
    assert shop.get("/orders").status == 200


def test_a_delay_holds_back_whatever_is_answered(shop: World) -> None:
    inject(shop, delay="PT2.5S")
    made, refused = place(shop), shop.get("/orders")
    assert [made.status, refused.status] == [201, 401]
    assert {reply.exchange.answer.delay for reply in (made, refused)} == {2_500_000}
    assert len(shop.records("shop", "orders")) == 1


def test_the_longer_of_two_delays_counts(shop: World) -> None:
    inject(shop, delay="PT2S")
    delays = [shop.post("/orders", {}, prefer=f"wait={n}").exchange.answer.delay for n in (1, 3)]
    assert delays == [2_000_000, 3_000_000]


def test_an_answer_is_cut_within_its_body(shop: World) -> None:
    inject(shop, truncate=3)
    reply = place(shop)
    assert (reply.exchange.answer.cut_at, reply.status) == (3, 201)
    assert len(shop.records("shop", "orders")) == 1


def test_an_answer_that_is_no_longer_is_not_cut(shop: World) -> None:
    inject(shop, truncate=7)
    body = "[1,2,3]"
    key = {"authorization": "Bearer any"}
    assert shop.send("GET", "/orders", None, key).text == body
    assert shop.send("GET", "/orders", None, key).exchange.answer.cut_at is None
    assert shop.send("HEAD", "/orders", None, key).exchange.answer.cut_at is None


def test_a_forced_answer_can_be_late_and_cut_as_well(shop: World) -> None:
    inject(shop, error="out_of_stock", delay="PT1S", truncate=2)
    answer = place(shop).exchange.answer
    assert (answer.status, answer.delay, answer.cut_at) == (409, 1_000_000, 2)


def test_a_disconnect_before_leaves_no_trace_of_the_request_but_in_the_journal(
    shop: World,
) -> None:
    inject(shop, disconnect="before")
    answer = place(shop).exchange.answer
    assert (answer.cut_at, answer.status, answer.body) == (NOTHING_SENT, 0, b"")
    assert shop.records("shop", "orders") == []


def test_a_disconnect_after_keeps_what_the_request_did(shop: World) -> None:
    inject(shop, disconnect="after", times=1)
    lost, again = place(shop), place(shop)
    assert (lost.exchange.answer.cut_at, again.exchange.answer.cut_at) == (NOTHING_SENT, None)
    assert [order["id"] for order in shop.records("shop", "orders")] == [
        lost.json["id"],
        again.json["id"],
    ]


# --- what is hit, and how often ---


@pytest.mark.parametrize(
    ("parts", "hit"),
    [
        ({}, "LPG"),
        ({"api": "shop"}, "LPG"),
        ({"operation": "placeOrder"}, "P"),
        ({"method": "POST"}, "P"),
        ({"method": "*"}, "LPG"),
        ({"path": "/orders"}, "LP"),
        ({"path": "/v1/orders"}, "LP"),
        ({"path": "/shop/v1/orders"}, "LP"),
        ({"path": "/shop/*"}, "LPG"),
        ({"path": "*/lines/*"}, "G"),
        ({"path": "/orders/7/lines/2"}, "G"),
        ({"path": "/orders/8/lines/2"}, ""),
        ({"path": "/orders/*/lines/2"}, "G"),
        ({"path": "/orders*", "method": "GET"}, "LG"),
        ({"path": "*i*e*"}, "G"),
    ],
    ids=str,
)
def test_a_fault_hits_what_it_is_for(shop: World, parts: dict[str, Any], hit: str) -> None:
    inject(shop, status=500, **parts)
    shop.headers = {"authorization": "Bearer any"}
    replies = {"L": shop.get("/orders"), "P": place(shop), "G": shop.get("/orders/7/lines/2")}
    assert "".join(name for name, reply in replies.items() if reply.status == 500) == hit


def test_head_is_a_method_of_its_own(shop: World) -> None:
    inject(shop, status=500, method="HEAD")
    assert [shop.send(name, "/orders").status for name in ("GET", "HEAD")] == [401, 500]


def test_what_is_no_operation_is_not_hit(shop: World) -> None:
    fault = inject(shop, status=500)
    statuses = [shop.get("/nowhere").status, shop.send("DELETE", "/orders").status]
    assert (statuses, fault.seen) == ([404, 405], 0)


def test_it_hits_so_many_times(shop: World) -> None:
    fault = inject(shop, status=500, times=2)
    assert [place(shop).status for _ in range(4)] == [500, 500, 201, 201]
    found = shop.sandbox().faults.get(fault.id)
    assert found is not None
    assert (found.hits, found.remaining) == (2, 0)


def test_it_lets_the_first_requests_through(shop: World) -> None:
    inject(shop, status=500, after=2, times=1)
    assert [place(shop).status for _ in range(4)] == [201, 201, 500, 201]


def test_the_first_fault_that_hits_is_carried_out(shop: World) -> None:
    inject(shop, status=503, times=1)
    inject(shop, status=500, after=1, times=1)
    inject(shop, error="out_of_stock")
    assert [place(shop).status for _ in range(4)] == [503, 409, 500, 409]


@pytest.mark.parametrize(("probability", "hits"), [(0, {0}), (1, {40}), (0.5, set(range(8, 33)))])
def test_a_share_of_the_requests_is_hit(shop: World, probability: float, hits: set[int]) -> None:
    inject(shop, status=500, probability=probability)
    assert [place(shop).status for _ in range(40)].count(500) in hits


def test_which_requests_are_drawn_depends_on_the_seed_alone(serve: Callable[..., World]) -> None:
    def outcome(seed: int) -> list[int]:
        world = opened(serve, seed=seed)
        inject(world, status=500, probability=0.5)
        return [place(world).status for _ in range(30)]

    assert outcome(1) == outcome(1)
    assert outcome(1) != outcome(2)


def test_faults_do_not_change_the_ids_that_others_get(serve: Callable[..., World]) -> None:
    def ids(**parts: Any) -> list[str]:
        world = opened(serve)
        if parts:
            inject(world, **parts)
        replies = [place(world) for _ in range(10)]
        return [reply.json["id"] for reply in replies if reply.status == 201][:4]

    assert ids() == ids(status=500, probability=0.5) == ids(delay="PT1S", probability=0.5)


def test_a_reset_forgets_the_faults_and_their_ids(shop: World) -> None:
    inject(shop, status=500)
    shop.sandbox().reset(shop.now)
    assert (place(shop).status, len(shop.sandbox().faults)) == (201, 0)
    assert inject(shop, status=500).id == "f1"


def test_a_fault_is_its_sandboxes_own(shop: World) -> None:
    inject(shop, status=500)
    assert shop.post("/orders", {}, mock_sandbox="other").status == 201


def test_a_fault_is_removed(shop: World) -> None:
    fault = inject(shop, status=500)
    faults, writes = shop.sandbox().faults, shop.sandbox().transaction()
    assert (faults.remove(writes, fault.id), faults.remove(writes, fault.id)) == (
        True,
        False,
    )
    assert place(shop).status == 201


def test_ids_of_removed_faults_are_not_used_again(shop: World) -> None:
    inject(shop, status=500)
    shop.sandbox().faults.clear(shop.sandbox().transaction())
    assert (place(shop).status, inject(shop, status=500).id) == (201, "f2")


def test_there_are_only_so_many_faults(shop: World) -> None:
    faults = shop.sandbox().faults
    fault = check_fault(FaultDefinition(status=500), shop.engine.apis)
    for _ in range(MOST_FAULTS):
        faults.add(shop.sandbox().transaction(), fault)
    with pytest.raises(SandboxFullError, match="100 faults; delete one"):
        faults.add(shop.sandbox().transaction(), fault)


# --- what is told ---


@pytest.mark.parametrize(
    "parts", [{"status": 500}, {"error": "out_of_stock"}, {"delay": "PT1S"}, {"truncate": 1}]
)
def test_a_hit_gives_the_reason(shop: World, parts: dict[str, Any]) -> None:
    inject(shop, **parts)
    reply = place(shop)
    assert (reply.exchange.reason, reply.header("mock-reason")) == ("fault", "fault")


def test_the_trace_says_which_fault_hit_and_why(shop: World) -> None:
    inject(shop, operation="placeOrder", error="out_of_stock", times=3, retry_after=9)
    reply = place(shop)
    hit = "it is for placeOrder; hit 1 of 3; the next one is hit too"
    assert told(reply)[1:] == [
        f"fault f1: error kind out_of_stock; {hit}",
        "refused as out_of_stock: No thing is left",
        "answered 409: error kind out_of_stock",
    ]
    assert as_json(reply.exchange.trace[0])["fault"] == "f1"  # type: ignore[arg-type] # no step's


def test_the_trace_goes_on_where_the_request_does(shop: World) -> None:
    inject(shop, delay="PT1S", probability=0.99)
    hit = "hit 1, drawn with probability 0.99; the next one is drawn again"
    assert told(place(shop))[1:3] == [
        f"fault f1: delay PT1S; it is for every operation; {hit}",
        "no credential is needed",
    ]


@pytest.mark.parametrize(
    ("parts", "verdicts"),
    [
        ({"times": 1}, ["hit 1 of 1; the next one is not hit"]),
        (
            {"times": 2},
            ["hit 1 of 2; the next one is hit too", "hit 2 of 2; the next one is not hit"],
        ),
        ({"times": 1, "retry_after": 5}, ["hit 1 of 1; the next one is not hit"]),
        ({}, ["hit 1; the next one is hit too", "hit 2; the next one is hit too"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("error", ["rate_limited", "cooldown", "quota_exhausted", "full"])
def test_the_verdict_on_a_forced_error_is_that_of_the_fault(
    shop: World, error: str, parts: dict[str, Any], verdicts: list[str]
) -> None:
    inject(shop, error=error, **parts)
    for verdict in verdicts:
        fault, refused = place(shop).exchange.trace[:2]
        assert as_json(fault)["because"].endswith(verdict)  # type: ignore[arg-type] # no step's
        assert as_json(refused)["passes_at"] is None  # type: ignore[arg-type] # no step's
    if verdict.endswith("not hit"):
        assert place(shop).status == 201


def test_a_forced_error_still_says_when_to_retry(shop: World) -> None:
    inject(shop, error="rate_limited", retry_after=5)
    assert place(shop).header("retry-after") == "5"


def test_a_fault_that_fails_is_as_if_it_were_not_there(shop: World) -> None:
    inject(shop, error="needy")
    reply = place(shop)
    assert (reply.status, reply.exchange.reason) == (201, "")
    assert told(reply)[2].startswith("fault f1: could not be carried out; ExpressionError")


def test_a_failure_of_the_mock_is_not_taken_for_a_fault(serve: Callable[..., World]) -> None:
    world = opened(serve, DOCUMENT.replace("{{ order.id }}", "{{ upper(order) }}"))
    inject(world, delay="PT1S")
    assert (place(world).status, place(world).exchange.reason) == (500, "mock_failure")


# --- what is refused ---


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({}, "define an effect: error, status, example, delay, truncate or disconnect"),
        ({"api": "shpo", "status": 500}, "there is no API 'shpo'; did you mean 'shop'?"),
        (
            {"operation": "placeOrders", "status": 500},
            "there is no operation 'placeOrders'; did you mean 'placeOrder'?",
        ),
        ({"error": "rate_limit"}, "there is no error kind 'rate_limit'; did you mean"),
        ({"example": "larg"}, "there is no example 'larg'; did you mean 'large'?"),
        ({"operation": "getLine", "example": "large"}, "no example 'large'; there are: none"),
        ({"method": "PSOT", "status": 500}, "no method 'PSOT'; did you mean 'POST'?"),
        ({"method": "PATCH", "status": 500}, "no operation here has the method PATCH"),
        ({"path": "/order", "status": 500}, "no operation here is at '/order'; did you mean"),
        ({"path": "orders", "status": 500}, "path begins with / or *"),
        ({"status": 199}, "status is a whole number from 200 to 599"),
        ({"status": 500, "times": 0}, "times is a whole number from 1"),
        ({"status": 500, "times": True}, "times is a whole number from 1"),
        ({"status": 500, "after": -1}, "after is a whole number from 0"),
        ({"status": 500, "probability": 1.1}, "probability is a number from 0 to 1"),
        ({"status": 500, "probability": nan}, "probability is a number from 0 to 1"),
        ({"truncate": -1}, "truncate is a whole number from 0"),
        ({"delay": "2s"}, "delay: '2s' is not an ISO 8601 duration"),
        ({"delay": "PT61S"}, "delay is 60 seconds at most"),
        ({"disconnect": "never"}, "disconnect is one of: before, after"),
        ({"disconnect": "after", "status": 500}, "status and disconnect exclude each other"),
        ({"disconnect": "after", "truncate": 5}, "truncate and disconnect exclude each other"),
        ({"error": "invalid", "status": 500}, "error and status exclude each other"),
        ({"delay": "PT1S", "retry_after": 5}, "retry_after goes with error or status"),
        (
            {"operation": "getLine", "path": "/*", "status": 500},
            "operation and path exclude each other",
        ),
    ],
    ids=str,
)
def test_a_definition_that_cannot_be_meant_is_refused(
    shop: World, parts: dict[str, Any], problem: str
) -> None:
    with pytest.raises(FaultError) as error:
        check_fault(FaultDefinition(**parts), shop.engine.apis)
    (found,) = error.value.problems
    assert problem in found


def test_all_that_is_wrong_is_told_at_once(shop: World) -> None:
    parts: dict[str, Any] = {"api": "x", "times": 0, "delay": "P1M", "disconnect": "no"}
    with pytest.raises(FaultError) as error:
        check_fault(FaultDefinition(**parts), shop.engine.apis)
    assert len(error.value.problems) == 4


def test_a_fault_hits_only_operations_that_know_its_error(world: World) -> None:
    inject(world, error="invalid_grant")
    world.headers = {"x-api-key": "demo-cloutly-key"}
    assert world.get("/cloutly/api/v1/businesses").status == 200
    assert world.post("/justanudge/api/oauth/zapier/token", {}).json["error"] == "invalid_grant"
