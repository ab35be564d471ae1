from collections.abc import Callable

import pytest

from mockserver.engine.pipeline import Engine
from tests.conftest import World

PATHS = [
    "/users/me",
    "/users/{id}",
    "/users/{id}/posts",
    "/users/{id}/posts/{post}",
    "/users/me/posts/latest",
    "/files/{name}.json",
    "/files/{name}",
    "/files/{a}-{b}.json",
    "/mixed/{a}-{b}",
    "/mixed/{id}.json",
    "/things(id={id})",
    "/é{id}",
    "/caf%C3%A9",
    "/",
]


@pytest.fixture
def shop(serve: Callable[[str], World]) -> World:
    head = "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\n"
    servers = "servers: [{url: https://shop.example/v1}]\npaths:\n"
    paths = "".join(
        f"  '{path}':\n    get:\n      responses: {{'200': {{description: ok}}}}\n"
        f"      x-mock: {{steps: [{{respond: {{body: ['{path}', '{{{{ path }}}}']}}}}]}}\n"
        for path in PATHS
    )
    return serve(head + servers + paths)


@pytest.mark.parametrize(
    ("path", "template", "values"),
    [
        ("/users/me", "/users/me", {}),
        ("/users/7", "/users/{id}", {"id": "7"}),
        ("/users/me/posts", "/users/{id}/posts", {"id": "me"}),
        ("/users/me/posts/latest", "/users/me/posts/latest", {}),
        ("/users/me/posts/1", "/users/{id}/posts/{post}", {"id": "me", "post": "1"}),
        ("/users/a%2Fb", "/users/{id}", {"id": "a/b"}),
        ("/users/%6De", "/users/me", {}),
        ("/files/a.json", "/files/{name}.json", {"name": "a"}),
        ("/files/a.txt", "/files/{name}", {"name": "a.txt"}),
        ("/files/a-b.json", "/files/{a}-{b}.json", {"a": "a", "b": "b"}),
        ("/mixed/x-y.json", "/mixed/{id}.json", {"id": "x-y"}),
        ("/mixed/x-y.xml", "/mixed/{a}-{b}", {"a": "x", "b": "y.xml"}),
        ("/things(id=a)", "/things(id={id})", {"id": "a"}),
        ("/things%28id%3Da%2Fb%29", "/things(id={id})", {"id": "a/b"}),
        ("/%c3%A9a", "/é{id}", {"id": "a"}),
        ("/", "/", {}),
    ],
)
def test_the_most_literal_path_matches(
    shop: World, path: str, template: str, values: dict[str, str]
) -> None:
    reply = shop.get(f"/v1{path}")
    assert (reply.status, reply.json) == (200, [template, values])


@pytest.mark.parametrize("path", ["/users", "/users/", "/users/7/", "/users//posts", "/none", "//"])
def test_other_paths_match_nothing(shop: World, path: str) -> None:
    assert shop.get(f"/v1{path}").status == 404


@pytest.mark.parametrize("prefix", ["/shop/v1", "/shop", "/v1", ""])
def test_a_lone_document_answers_with_and_without_its_prefixes(shop: World, prefix: str) -> None:
    alone = World(shop.engine)
    assert alone.get(f"{prefix}/users/me").status == (404 if prefix == "/shop" else 200)


def test_a_lone_document_named_like_a_path_of_it_answers_there(
    serve: Callable[..., World],
) -> None:
    get = "{get: {responses: {'200': {description: ok, content: {text/plain: {example: it}}}}}}"
    served = serve(
        "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\npaths:\n  /shop: " + get + "\n"
    )
    alone = World(served.engine)
    assert [alone.get(path).status for path in ("/shop", "/shop/shop", "/other")] == [200, 200, 404]


def test_a_host_name_leads_to_its_api(shop: World) -> None:
    elsewhere = World(Engine(shop.engine.apis.values(), shop.engine.sandboxes))
    assert elsewhere.get("/v1/users/me", host="shop.example").status == 200


@pytest.mark.parametrize("port", ["", ":80", ":8000"])
def test_a_port_makes_no_difference_to_where_a_host_name_leads(
    serve: Callable[..., World], port: str
) -> None:
    head = "openapi: 3.1.0\ninfo: {title: A, version: '1'}\nx-mock: {name: %s}\nservers: [%s]\n"
    paths = "paths: {/%s: {get: {responses: {'200': {description: ok}}}}}\n"
    first = serve(head % ("a", "{url: https://a.example}") + paths % "b/things").engine
    second = serve(head % ("b", "{url: /}") + paths % "things").engine
    both = Engine([*first.apis.values(), *second.apis.values()], first.sandboxes)
    reply = World(both).get("/b/things", host=f"a.example{port}")

    assert reply.exchange.api is first.apis["a"]
