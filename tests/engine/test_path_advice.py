"""What a path without an operation probably means."""

from collections.abc import Callable

import pytest

from tests.conftest import World

Serve = Callable[..., World]
OPERATION = "{responses: {'200': {description: d}}}"


def document(paths: str, server: str = "/v1") -> str:
    return (
        "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\n"
        f"servers: [{{url: 'https://shop.example{server}'}}]\npaths:\n{paths}"
    )


def path(template: str, *methods: str) -> str:
    names = template.split("{")[1:]
    declared = ", ".join(
        f"{{name: {name.partition('}')[0]}, in: path, required: true, schema: {{}}}}"
        for name in names
    )
    operations = ", ".join(f"{method}: {OPERATION}" for method in methods)
    return f"  {template}: {{parameters: [{declared}], {operations}}}\n"


SHOP = document(
    path("/orders", "get", "post")
    + path("/orders/{id}", "get", "delete")
    + path("/orders/{id}/refunds", "post")
    + path("/customers/{id}", "get")
    + path("/{anything}", "put")
)


def advice(world: World, method: str, path: str) -> str:
    reply = world.at("").send(method, path)
    assert reply.status in (404, 405)
    return reply.header("mock-why") or ""


@pytest.mark.parametrize(
    ("method", "sent", "meant"),
    [
        ("GET", "/shop/v1/order", "PUT /shop/v1/{anything}"),  # of that path, another method
        ("GET", "/shop/v1/orders/5/", "GET /shop/v1/orders/{id}? (leave out the slash"),
        ("GET", "/shop/v1/v1/orders/5", "GET /shop/v1/orders/{id}? (the server path /v1 is there"),
        ("GET", "/shop/v1/ordrs/5", "GET /shop/v1/orders/{id}?"),
        ("POST", "/shop/v1/orders/5/refund", "POST /shop/v1/orders/{id}/refunds?"),
        ("GET", "/shop/v1/costumers/5", "GET /shop/v1/customers/{id}?"),
        ("DELETE", "/shop/v1/orders", "GET /shop/v1/orders?"),
        ("DELETE", "/shop/v1/Orders/5", "DELETE /shop/v1/orders/{id}? (paths are case-sensitive)"),
        ("GET", "/~ci/shop/v1/ordrs/5", "GET /~ci/shop/v1/orders/{id}?"),
        ("GET", "/%7Eci/shop/v1/ordrs/5", "GET /%7Eci/shop/v1/orders/{id}?"),
    ],
)
def test_the_nearest_operation_is_named(serve: Serve, method: str, sent: str, meant: str) -> None:
    assert f"did you mean {meant}" in advice(serve(SHOP), method, sent)


def test_an_encoded_tilde_chooses_a_sandbox_as_well(serve: Serve) -> None:
    world = serve(SHOP).at("")

    assert world.get("/%7Eci/shop/v1/orders").exchange.sandbox == "ci"
    assert world.get("/%7eci/shop/v1/orders").status == 200


def test_nothing_is_invented_where_nothing_is_similar(serve: Serve) -> None:
    world = serve(document(path("/orders", "get")))

    found = advice(world, "GET", "/shop/v1/zzzzzzzzzzzzzzzzzzzzzzzz")

    assert "did you mean" not in found
    assert found.endswith("it has, for example, GET /shop/v1/orders")


def test_a_server_path_is_not_guessed_where_there_is_none(serve: Serve) -> None:
    world = serve(document(path("/orders", "get"), server=""))

    assert "did you mean GET /shop/orders?" in advice(world, "GET", "/shop/order")


def test_one_of_a_thousand_operations_is_found(serve: Serve) -> None:
    many = "".join(path(f"/things{number}/{{id}}/parts", "get") for number in range(1_000))
    world = serve(document(many + path("/invoices/{id}/lines", "get")))

    found = advice(world, "GET", "/shop/v1/invocies/5/lines")

    assert "did you mean GET /shop/v1/invoices/{id}/lines?" in found


@pytest.mark.parametrize("sent", ["/" * 5_000, "/shop" * 2_000, "/~" * 3_000, "/a//b/~/c?" * 900])
def test_any_path_gets_a_bounded_line(serve: Serve, sent: str) -> None:
    reply = serve(SHOP).at("").get(sent)

    assert reply.status in (400, 404, 405)
    assert len(reply.header("mock-why") or "") <= 400
