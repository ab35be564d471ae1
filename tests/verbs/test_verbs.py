from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver.model.trace import decisions
from tests.conftest import World

HEAD = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: https://shop.example}]
x-mock:
  name: shop
  fixtures: [records.yaml]
  collections:
    items: {key: id, unique: [sku], indexed: [kind]}
    orders: {key: id}
  errors:
    odd:
      status: 418
      headers: {X-Why: "{{ error.message }}"}
      body: {told: "{{ error.message }}", fields: "{{ by_field(error.violations) }}"}
paths:
  /do:
    post:
      requestBody:
        content: {application/json: {schema: {type: object}}}
      responses:
        '201':
          description: done
          content:
            application/json:
              schema: {type: object, properties: {size: {type: string}}}
              examples:
                small: {value: {size: small}}
                large: {value: {size: large}}
      x-mock:
        steps:
"""
RECORDS = """\
items:
  - {id: a, sku: 1, kind: fruit, price: 3, name: apple}
  - {id: b, sku: 2, kind: fruit, price: 1, name: banana}
  - {id: c, sku: 3, kind: tool, price: null, name: chisel}
"""


@pytest.fixture
def shop(serve: Callable[..., World], tmp_path: Path) -> Callable[[str], World]:
    def make(steps: str) -> World:
        (tmp_path / "records.yaml").write_text(RECORDS)
        indented = "\n".join("          " + line for line in steps.strip().splitlines())
        return serve(HEAD + indented + "\n")

    return make


Shop = Callable[[str], World]


def test_a_requirement_that_holds_lets_the_request_go_on(shop: Shop) -> None:
    world = shop("- require: '{{ body.n > 1 }}'\n- respond: {body: {n: '{{ body.n }}'}}")
    assert world.post("/do", {"n": 2}).json == {"n": 2}


def test_a_requirement_that_does_not_hold_refuses_with_its_own_words(shop: Shop) -> None:
    world = shop(
        "- require: '{{ body.n > 1 }}'\n"
        "  otherwise: {error: odd, field: /n, message: 'not {{ body.n }}'}"
    )
    reply = world.post("/do", {"n": 1})
    assert (reply.status, reply.header("x-why")) == (418, "not 1")
    assert reply.json == {"told": "not 1", "fields": {"n": ["not 1"]}}


def test_a_line_break_in_a_header_does_not_start_another(shop: Shop) -> None:
    world = shop("- require: '{{ false }}'\n  otherwise: {error: odd, message: '{{ body.n }}'}")
    assert world.post("/do", {"n": "a\r\nX-Evil: b"}).header("x-why") == "a X-Evil: b"


def test_a_step_whose_condition_is_false_is_skipped(shop: Shop) -> None:
    world = shop("- respond: {status: 202}\n  when: '{{ body.early }}'\n- respond: {status: 203}")
    assert [world.post("/do", {"early": early}).status for early in (True, False)] == [202, 203]


def test_find_binds_a_record_by_key_by_index_and_by_a_condition(shop: Shop) -> None:
    world = shop(
        "- find: {in: items, where: {id: '{{ body.id }}'}, as: one}\n"
        "- find: {in: items, where: {kind: tool}, as: two}\n"
        "- find: {in: items, matching: '{{ item.price == 1 }}', as: three}\n"
        "- respond: {body: ['{{ one.name }}', '{{ two.name }}', '{{ three.name }}']}"
    )
    assert world.post("/do", {"id": "a"}).json == ["apple", "chisel", "banana"]
    assert world.post("/do", {"id": "z"}).status == 404


def test_a_find_that_is_optional_binds_null(shop: Shop) -> None:
    world = shop(
        "- find: {in: items, where: {id: z}, as: one, optional: true}\n"
        "- respond: {body: {name: '{{ one.name }}'}}"
    )
    assert world.post("/do", {}).json == {"name": None}


def test_a_number_is_not_found_by_its_text(shop: Shop) -> None:
    world = shop("- find: {in: items, where: {sku: '1'}, as: one}")
    assert world.post("/do", {}).status == 404


def test_list_filters_sorts_pages_and_reshapes(shop: Shop) -> None:
    world = shop(
        "- list: {in: items, where: {kind: '{{ body.kind }}'}, sort: '{{ body.sort }}',\n"
        "    offset: '{{ body.offset }}', limit: '{{ body.limit }}', select: '{{ item.id }}',\n"
        "    as: page}\n"
        "- respond: {body: ['{{ page.items }}', '{{ page.total }}']}"
    )

    def listed(**body: object) -> Any:
        return world.post("/do", body).json

    assert listed() == [["a", "b", "c"], 3]
    assert listed(kind="fruit", sort="price") == [["b", "a"], 2]
    assert listed(sort=["-price"]) == [["a", "b", "c"], 3]
    assert listed(sort="price", offset=1, limit=1) == [["a"], 3]
    assert listed(kind="none") == [[], 0]


def test_a_list_goes_on_behind_a_record(shop: Shop) -> None:
    world = shop(
        "- list: {in: items, sort: -id, after: '{{ body.after }}', limit: 1, as: page}\n"
        "- respond: {body: ['{{ page.items[0].id }}', '{{ page.offset }}', '{{ page.total }}']}"
    )
    assert world.post("/do", {}).json == ["c", 0, 3]
    assert world.post("/do", {"after": "c"}).json == ["b", 1, 3]
    assert world.post("/do", {"after": "a"}).json == [None, 3, 3]
    assert world.post("/do", {"after": "z"}).status == 400


def test_update_replaces_a_record_but_never_its_key(shop: Shop) -> None:
    world = shop(
        "- update: {in: items, where: {id: a}, as: one,\n"
        "    record: {id: '{{ body.id }}', was: '{{ item.name }}'}}\n"
        "- respond: {body: '{{ one }}'}"
    )
    assert world.post("/do", {"id": "a"}).json == {"id": "a", "was": "apple"}
    assert world.post("/do", {"id": "b"}).status == 409


@pytest.mark.parametrize("change", ["set: {id: '{{ body.id }}'}", "record: {id: '{{ body.id }}'}"])
def test_no_update_changes_the_key_of_a_collection_without_index(shop: Shop, change: str) -> None:
    world = shop(
        "- create: {in: orders, record: {id: '1'}}\n  when: '{{ count(\"orders\") == 0 }}'\n"
        f"- update: {{in: orders, where: {{id: '1'}}, {change}}}\n"
        "- respond: {body: '{{ count(\"orders\") }}'}"
    )

    assert world.post("/do", {"id": "2"}).status == 409
    assert world.post("/do", {"id": "1"}).json == 1
    assert world.records("shop", "orders") == [{"id": "1"}]


def test_an_update_of_a_whole_record_keeps_its_key(shop: Shop) -> None:
    world = shop(
        "- create: {in: orders, record: {id: 7, a: 1}}\n"
        "- update: {in: orders, where: {id: 7}, record: {b: 2}}\n"
        "- find: {in: orders, where: {id: 7}, as: one}\n"
        "- respond: {body: '{{ one }}'}"
    )

    assert world.post("/do", {}).json == {"id": 7, "b": 2}


@pytest.mark.parametrize("collection", ["items", "orders"])
def test_a_map_is_found_whatever_the_order_of_its_members(shop: Shop, collection: str) -> None:
    world = shop(
        f"- create: {{in: {collection}, record: {{id: z, sku: 9, kind: {{a: 1, b: [true]}}}}}}\n"
        f"- find: {{in: {collection}, where: {{kind: {{b: [true], a: 1.0}}}}, as: one}}\n"
        f"- find: {{in: {collection}, where: {{kind: {{b: [1], a: 1}}}}, as: two,\n"
        "    optional: true}\n"
        "- respond: {body: ['{{ one.id }}', '{{ two.id }}']}"
    )

    assert world.post("/do", {}).json == ["z", None]


def test_next_keys_go_on_from_those_that_are_there(shop: Shop) -> None:
    world = shop(
        "- create: {in: orders, record: {id: '{{ body.id or next_key(\"orders\") }}'}}\n"
        "- respond: {body: '{{ count(\"orders\") }}'}"
    )
    for key in (7, None, 9, None):
        world.post("/do", {"id": key})
    assert [one["id"] for one in world.records("shop", "orders")] == [7, 8, 9, 10]


def test_the_address_of_a_request_can_be_told_with_another_page(shop: Shop) -> None:
    world = shop("- respond: {body: ['{{ request_url() }}', '{{ request_url(\"page\", 2) }}']}")
    assert world.post("/do?page=1&q=a%20b", {}).json == [
        "http://mock.test/shop/do",
        "http://mock.test/shop/do?q=a+b&page=2",
    ]


def test_an_answer_that_is_to_conform_is_kept_to_its_schema(shop: Shop) -> None:
    world = shop("- respond: {status: 202, conform: true, body: {size: small, other: 1}}")
    assert world.post("/do", {}).json == {"size": "small", "other": 1}
    world = shop("- respond: {status: 201, conform: true, body: {size: small, other: 1}}")
    assert world.post("/do", {}).json == {"size": "small"}


def test_create_stores_a_record_and_refuses_one_that_is_there(shop: Shop) -> None:
    world = shop(
        "- create: {in: items, record: {id: '{{ body.id }}', sku: '{{ body.sku }}'}, as: made}\n"
        "- respond: {body: '{{ made }}'}"
    )
    assert world.post("/do", {"id": "d", "sku": 9}).json == {"id": "d", "sku": 9}
    assert world.post("/do", {"id": "d", "sku": 10}).status == 409
    assert world.post("/do", {"id": "e", "sku": 9}).status == 409
    assert len(world.records("shop", "items")) == 4


def test_a_record_without_a_key_is_not_stored(shop: Shop) -> None:
    world = shop("- create: {in: orders, record: {id: '{{ body.id }}'}}")
    reply = world.post("/do", {})
    assert (reply.status, "orders needs its key 'id'" in reply.text) == (500, True)
    assert world.records("shop", "orders") == []


def test_update_changes_what_matches_and_sees_each_item(shop: Shop) -> None:
    world = shop(
        "- update: {in: items, where: {kind: fruit}, set: {price: '{{ item.price * 2 }}'},\n"
        "    as: last}\n"
        "- respond: {body: '{{ last.price }}'}"
    )
    assert world.post("/do", {}).json == 2
    assert [item["price"] for item in world.records("shop", "items")] == [6, 2, None]


def test_delete_removes_what_matches(shop: Shop) -> None:
    world = shop("- delete: {in: items, where: {kind: fruit}}\n- respond: {status: 204}")
    assert world.post("/do", {}).status == 204
    assert [item["id"] for item in world.records("shop", "items")] == ["c"]


def test_take_takes_until_nothing_is_left(shop: Shop) -> None:
    world = shop(
        "- take: {quota: q, subject: s, limit: 3, amount: '{{ body.n }}', period: P1D, as: left}\n"
        "- respond: {body: '{{ left.left }}'}"
    )
    assert [world.post("/do", {"n": n}).status for n in (2, 2, 1)] == [201, 429, 201]
    refused = world.post("/do", {"n": 1})
    assert (refused.status, refused.header("retry-after")) == (429, "43200")


@pytest.mark.parametrize("odd", [60_000_000.0, [1], {"a": 1}, "P1X"])
def test_a_period_that_is_none_fails_for_its_own_request_only(shop: Shop, odd: object) -> None:
    world = shop(
        "- take: {quota: q, subject: s, limit: 3, period: '{{ body.period }}', as: left}\n"
        "- respond: {body: '{{ left.left }}'}"
    )
    refused = world.post("/do", {"period": odd})

    assert (refused.status, refused.json["title"]) == (500, "A document of the mock failed")
    assert world.post("/do", {"period": 60_000_000}).json == 2


def test_a_take_that_is_optional_goes_on_and_tells(shop: Shop) -> None:
    world = shop(
        "- take: {quota: q, subject: s, limit: 1, optional: true, as: taken}\n"
        "- respond: {body: ['{{ taken.allowed }}', '{{ taken.left }}', '{{ taken.renews }}']}"
    )
    assert [world.post("/do", {}).json for _ in range(2)] == [[True, 0, None], [False, 0, None]]


def test_a_cooldown_refuses_and_says_until_when(shop: Shop) -> None:
    world = shop(
        "- cooldown: {name: c, subject: '{{ body.who }}', period: PT1M}\n- respond: {status: 200}"
    )
    assert [world.post("/do", {"who": who}).status for who in "aba"] == [200, 200, 429]
    world.advance("PT59.5S")
    refused = world.post("/do", {"who": "a"})
    assert refused.header("retry-after") == "1"
    assert refused.exchange.refusal is not None
    assert refused.exchange.refusal.passes_at == world.now + 60_000_000


def test_send_puts_a_message_in_the_outbox(shop: Shop) -> None:
    world = shop(
        "- send: {channel: sms, to: '+1', from: Shop, text: 'See @here', link: 'http://l',\n"
        "    link_at: '@here', at: '{{ now + hours(1) }}', delivered_after: PT5S, as: m}\n"
        "- respond: {body: '{{ m.id }}'}"
    )
    message_id = world.post("/do", {}).json
    [message] = world.messages("shop")
    assert (message["id"], message["text"], message["status"]) == (
        message_id,
        "See http://l",
        "scheduled",
    )
    world.advance("PT1H")
    assert world.messages("shop")[0]["status"] == "sent"


def test_each_runs_steps_for_every_item(shop: Shop) -> None:
    world = shop(
        "- each: {of: '{{ body.names }}', as: name, steps: [\n"
        "    {create: {in: orders, record: {id: '{{ index }}', name: '{{ name }}'}}}]}\n"
        "- respond: {status: 200}"
    )
    world.post("/do", {"names": ["x", "y"]})
    assert world.records("shop", "orders") == [{"id": 0, "name": "x"}, {"id": 1, "name": "y"}]


def test_what_one_item_did_is_undone_when_another_refuses(shop: Shop) -> None:
    world = shop(
        "- each: {of: '{{ body.ids }}', as: order, steps: [\n"
        "    {create: {in: orders, record: {id: '{{ order }}'}}}]}"
    )
    assert world.post("/do", {"ids": [1, 2, 1]}).status == 409
    assert world.records("shop", "orders") == []


def test_a_list_that_is_too_long_is_refused(shop: Shop) -> None:
    world = shop("- each: {of: '{{ body.ids }}', as: order, steps: [{let: {x: 1}}]}")
    assert world.post("/do", {"ids": [0] * 100_001}).status == 400


def test_everything_a_refused_request_did_is_undone(shop: Shop) -> None:
    world = shop(
        "- update: {in: items, where: {id: a}, set: {price: 9, kind: tool}}\n"
        "- delete: {in: items, where: {id: b}}\n"
        "- create: {in: items, record: {id: '{{ uuid() }}', sku: '{{ 100 + sequence(''n'') }}'}}\n"
        "- send: {channel: sms, to: x, text: y}\n"
        "- take: {quota: q, subject: s, limit: 5}\n"
        "- cooldown: {name: c, subject: s, period: PT1M}\n"
        "- require: '{{ false }}'"
    )
    names = ("items", "messages", "quotas", "cooldowns", "sequences")
    before = [world.records("shop", name) for name in names]
    assert world.post("/do", {}).status == 400
    assert [world.records("shop", name) for name in names] == before
    assert world.sandbox().ids.count == 0


def test_without_a_respond_step_the_documented_answer_is_given(shop: Shop) -> None:
    reply = shop("- let: {x: 1}").post("/do", {})
    assert (reply.status, reply.json) == (201, {"size": "small"})


def test_respond_can_name_a_documented_example(shop: Shop) -> None:
    reply = shop("- respond: {example: large}").post("/do", {})
    assert (reply.status, reply.json) == (201, {"size": "large"})


def test_the_trace_tells_what_every_step_did(shop: Shop) -> None:
    world = shop(
        "- require: '{{ true }}'\n- let: {x: 1}\n- respond: {status: 200}\n  when: '{{ x == 1 }}'"
    )
    exchange = world.post("/do", {}).exchange
    told = [item.sentence() for item in decisions(exchange.operation, exchange.trace)]
    assert told[0] == "matched POST /do (post_do)"
    assert told[-1] == "answered 200: its steps say so"
    assert "require: holds" in told


@pytest.mark.parametrize(
    ("steps", "pointer"),
    [
        ("- respond: {body: 1}", "/post/x-mock/steps/0"),
        (
            "- respond: {example: large}",
            "/post/responses/201/content/application~1json/examples/large",
        ),
        ("- let: {x: 1}", "/post/responses/201/content/application~1json/examples/small"),
    ],
)
def test_the_trace_tells_where_the_answer_stands(shop: Shop, steps: str, pointer: str) -> None:
    source = decisions(None, shop(steps).post("/do", {}).exchange.trace)[-1].source()

    assert source is not None
    assert source.pointer.startswith(f"/paths/~1do{pointer}")


SEVERAL = HEAD.replace(
    "              schema: {type: object, properties: {size: {type: string}}}\n",
    "              schema: &size {type: object, properties: {size: {type: string}}}\n",
).replace(
    "                large: {value: {size: large}}\n",
    "                large: {value: {size: large}}\n"
    "            application/xml: {schema: *size}\n"
    "            text/csv: {schema: {type: string}}\n",
)


@pytest.mark.parametrize(
    ("accept", "content_type", "body"),
    [
        ("", "application/json", b'{"size":"s"}'),
        ("application/xml", "application/xml", b"<size>s</size>"),
        ("application/json;q=0.5, application/*", "application/xml", b"<size>s</size>"),
        ("text/csv", "application/json", b'{"size":"s"}'),
        ("application/pdf", "application/json", b'{"size":"s"}'),
    ],
)
def test_steps_answer_in_the_media_type_that_a_client_takes(
    serve: Callable[..., World], tmp_path: Path, accept: str, content_type: str, body: bytes
) -> None:
    (tmp_path / "records.yaml").write_text(RECORDS)
    reply = serve(SEVERAL + "          - respond: {body: {size: s}}\n").post(
        "/do", {}, accept=accept
    )

    assert reply.header("content-type") == content_type
    assert body in reply.exchange.answer.body
    assert reply.header("vary") == "Accept"


def test_steps_answer_xml_where_they_name_it(serve: Callable[..., World], tmp_path: Path) -> None:
    (tmp_path / "records.yaml").write_text(RECORDS)
    step = "          - respond: {body: {size: s}, content_type: application/xml}\n"
    reply = serve(SEVERAL + step).post("/do", {}, accept="application/json")

    assert b"<size>s</size>" in reply.exchange.answer.body
    assert reply.header("vary") is None


def test_a_text_of_steps_is_sent_as_the_text_that_is_documented(
    serve: Callable[..., World], tmp_path: Path
) -> None:
    (tmp_path / "records.yaml").write_text(RECORDS)
    world = serve(SEVERAL + "          - respond: {body: 'a,b'}\n")

    assert world.post("/do", {}, accept="text/csv").exchange.answer.body == b"a,b"
    assert world.post("/do", {}).json == "a,b"


def test_a_message_whose_time_is_null_is_a_failure_and_is_not_sent_now(shop: Shop) -> None:
    world = shop("""
- send: {channel: sms, to: "1", text: t, at: "{{ body.when }}"}
""")
    reply = world.post("/do", {})
    assert reply.status == 500
    assert "`at` is null" in reply.json["detail"]
    assert world.messages("shop") == []


@pytest.mark.parametrize("when", ["2026-03-11T08:30:00Z", True, 1.5])
def test_a_message_whose_time_is_no_instant_is_a_failure(shop: Shop, when: object) -> None:
    world = shop("""
- send: {channel: sms, to: "1", text: t, at: "{{ body.when }}"}
""")
    reply = world.post("/do", {"when": when})
    assert reply.status == 500
    assert "`at` must be an instant" in reply.json["detail"]


def test_a_message_at_the_end_of_the_calendar_can_be_shown(shop: Shop) -> None:
    world = shop("""
- send: {channel: sms, to: "1", text: t, at: "{{ instant(body.when) }}", delivered_after: PT5S}
""")
    world.post("/do", {"when": "9999-12-31T23:59:59Z"})
    assert world.messages("shop")[0]["send_at"] == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("status", "shown"), [("1000", "1000"), ("99", "99"), ('"abc"', "abc"), ("null", None)]
)
def test_a_status_from_a_request_that_is_none_is_a_failure_of_the_document(
    shop: Shop, status: str, shown: str | None
) -> None:
    world = shop("""
- respond: {status: "{{ body.status }}", body: x}
""")
    reply = world.send(
        "POST",
        "/do",
        b'{"status": %s}' % status.encode(),
        {"content-type": "application/json"},
    )
    if shown is None:
        assert reply.status == 201
        return
    assert (reply.status, reply.json["title"]) == (500, "A document of the mock failed")
    assert "the expression '{{ body.status }}' of the document failed at" in reply.json["detail"]
    assert "from 200 to 599" in reply.json["detail"]
    assert shown in reply.json["detail"]


@pytest.mark.parametrize(
    ("steps", "quoted"),
    [
        ('- let: {a: "{{ 1 }}", b: "{{ duration(body.é) }}"}', "{{ duration(body.é) }}"),
        ('- require: "{{ lower(body.n) }}"', "{{ lower(body.n) }}"),
        ('- respond: {body: {"ü": "x {{ body.é }}", b: "{{ body.n + \'\' }}"}}', "body.n"),
        ("- let: {a: \"{{ matches(body.long, 'a') }}\"}", "{{ matches(body.long, 'a') }}"),
        ("- list: {in: items, matching: '{{ item.price < body.é }}', as: l}", "item.price"),
        ("- find: {in: items, where: {id: a}, as: i}\n  when: '{{ -body.é }}'", "{{ -body.é }}"),
    ],
)
def test_an_expression_that_fails_is_quoted_with_its_place(
    shop: Shop, steps: str, quoted: str
) -> None:
    if "body.n +" in steps:
        steps = steps.replace("body.n + ''", "body.n + body.é")
    reply = shop(steps).post("/do", {"é": "text", "n": 5, "long": "b" * 20_000})
    assert reply.status == 500
    assert quoted in reply.json["detail"]
    assert "of the document failed at" in reply.json["detail"]
    assert "shop.yaml:" in reply.json["detail"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("- update: {in: items, where: {id: a}, record: '{{ body.value }}'}", "must be a map"),
        ("- list: {in: items, sort: '{{ body.value }}', as: l}", "sort must be"),
        ("- list: {in: items, sort: ['{{ body.value }}'], as: l}", "sort must be"),
        (
            "- send: {channel: sms, to: x, text: a LINK, link_at: LINK, link: '{{ body.value }}'}",
            "link must be text",
        ),
    ],
)
@pytest.mark.parametrize("value", [5, True, [1], [["a"]], [{"a": 1}]])
def test_a_value_of_a_wrong_type_is_the_documents_fault(
    shop: Shop, steps: str, message: str, value: object
) -> None:
    reply = shop(steps).post("/do", {"value": value})

    assert (reply.status, reply.json["title"]) == (500, "A document of the mock failed")
    assert message in reply.json["detail"]


@pytest.mark.parametrize("value", ["text", None])
def test_a_whole_record_that_is_no_map_is_the_documents_fault(shop: Shop, value: object) -> None:
    world = shop("- update: {in: items, where: {id: a}, record: '{{ body.value }}'}")

    reply = world.post("/do", {"value": value})

    assert (reply.status, reply.json["title"]) == (500, "A document of the mock failed")


def test_a_map_as_sort_is_the_documents_fault(shop: Shop) -> None:
    reply = shop("- list: {in: items, sort: {name: asc}, as: l}").post("/do", {})

    assert (reply.status, reply.json["title"]) == (500, "A document of the mock failed")


def test_without_a_link_the_marker_stays(shop: Shop) -> None:
    world = shop("- send: {channel: sms, to: x, text: a LINK, link_at: LINK, link: null}")
    world.post("/do", {})

    assert [message["text"] for message in world.messages("shop")] == ["a LINK"]
