import json
import re
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


def routes(*described: str) -> str:
    """Return a document with operations such as `GET /a/{id} 200`, one for each path."""
    paths = ""
    for text in described:
        method, path, status = text.split(" ")
        answer = f"responses: {{'{status}': {{description: ok}}}}"
        paths += f"  '{path}': {{{method.lower()}: {{{answer}}}}}\n"
    return f"openapi: 3.0.3\ninfo: {{title: Shop, version: '1'}}\npaths:\n{paths}"


SHADOWED = routes(
    "GET /i/{id} 200",
    "POST /i/{type}-{code} 201",
    "PUT /i/{id}:cancel 204",
    "POST /i/search 202",
    "DELETE /{any}/search 204",
)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/i/3d3c1f6e-8a5b-4c2d-a9e7-0f1b2c3d4e5f", 200),
        ("HEAD", "/i/a-b", 200),
        ("POST", "/i/a-b", 201),
        ("GET", "/i/search", 200),
        ("POST", "/i/search", 202),
        ("DELETE", "/i/search", 204),
        ("GET", "/i/a:cancel", 200),
        ("PUT", "/i/a:cancel", 204),
        ("PUT", "/i/a-b:cancel", 204),
        ("POST", "/i/a-b:cancel", 201),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/shop"])
def test_the_most_specific_path_that_has_the_method_answers(
    serve: Callable[..., World], prefix: str, method: str, path: str, status: int
) -> None:
    assert World(serve(SHADOWED).engine).send(method, prefix + path).status == status


@pytest.mark.parametrize("prefix", ["", "/shop"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/i/a-b", "GET, HEAD, OPTIONS, POST"),
        ("/i/search", "DELETE, GET, HEAD, OPTIONS, POST"),
        ("/i/a-b:cancel", "GET, HEAD, OPTIONS, POST, PUT"),
        ("/i/a", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_405_allows_the_methods_of_all_paths_that_match(
    serve: Callable[..., World], prefix: str, path: str, allowed: str
) -> None:
    alone = World(serve(SHADOWED).engine)
    refused = alone.send("PATCH", prefix + path)
    asked = alone.send("OPTIONS", prefix + path)
    assert (refused.status, refused.header("allow")) == (405, allowed)
    assert (asked.status, asked.header("allow")) == (204, allowed)


def test_a_method_below_a_shorter_server_path_is_found(serve: Callable[..., World]) -> None:
    text = routes("PUT /v2/{name} 201", "GET /{name} 200")
    text = text.replace("{put", "{servers: [{url: 'https://a.example'}], put")
    text = text.replace("{get", "{servers: [{url: 'https://a.example/v2'}], get")
    alone = World(serve(text).engine)
    assert [alone.send(method, "/v2/x").status for method in ("GET", "PUT")] == [200, 201]
    assert alone.send("POST", "/v2/x").header("allow") == "GET, HEAD, OPTIONS, PUT"


def test_of_two_apis_at_one_host_the_one_with_the_method_answers(
    serve: Callable[..., World],
) -> None:
    text = "openapi: 3.1.0\ninfo: {title: A, version: '1'}\nx-mock: {name: %s}\n"
    text += "servers: [{url: https://a.example}]\n"
    text += "paths: {/things: {%s: {responses: {'200': {description: ok}}}}}\n"
    first, second = serve(text % ("a", "get")).engine, serve(text % ("b", "post")).engine
    both = World(Engine([*first.apis.values(), *second.apis.values()], first.sandboxes))
    assert (
        both.send("GET", "/things", headers={"host": "a.example"}).exchange.api is first.apis["a"]
    )
    assert (
        both.send("POST", "/things", headers={"host": "a.example"}).exchange.api is second.apis["b"]
    )
    assert both.send("PUT", "/things", headers={"host": "a.example"}).status == 405


def test_servers_of_one_path_leave_the_others_at_those_of_the_document(
    serve: Callable[..., World],
) -> None:
    text = routes("GET /things 200", "GET /things/{id} 200", "GET /v2/login 200")
    text = text.replace("/v2/login': {", "/v2/login': {servers: [{url: 'https://a.example'}], ")
    text += "servers: [{url: 'https://a.example/api/v1'}]\n"
    alone = World(serve(text).engine)
    for path in ("/things", "/things/1", "/v2/login"):
        assert alone.get(path).status == 200, path
    assert alone.get("/api/v1/things").status == alone.get("/shop/api/v1/things").status == 200
    assert alone.get("/shop/v2/login").status == 200
    assert alone.get("/api/v1/v2/login").status == 404


def echo(path: str, method: str = "get", **enums: list[object]) -> str:
    """Return a path item as YAML that answers with its path parameters, some of them enums."""
    names = re.findall(r"{(\w+)}", path)
    schemas = {name: {"enum": enums[name]} if name in enums else {} for name in names}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", **schema}}
        for name, schema in schemas.items()
    ]
    steps = [{"respond": {"body": "{{ path }}"}}]
    operation = {"parameters": parameters, "responses": {"200": {"description": "ok"}}}
    return f"'{path}': " + json.dumps({method: {**operation, "x-mock": {"steps": steps}}})


EXTENSIONS = f"""openapi: 3.1.0
info: {{title: Shop, version: '1'}}
paths:
  {echo("/geo/{position}.{ext}", ext=["json", "xml"])}
  {echo("/free/{name}.{ext}")}
  {echo("/three/{a}-{name}.{ext}")}
  {echo("/profiles/{id}{type}", type=[".json", ".geo.json"])}
  {echo("/profiles/{id}")}
  {echo("/page/{size}{number}", size=["1", "10", "a/b"])}
  {echo("/one/{id}.{ext}", ext=["json"])}
  {echo("/one/{key}.{ext}", "put", ext=["xml"])}
"""


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/geo/52.3,4.9.json", {"position": "52.3,4.9", "ext": "json"}),
        ("/free/a.b.c", {"name": "a.b", "ext": "c"}),
        ("/three/1-2-a.b.c", {"a": "1", "name": "2-a.b", "ext": "c"}),
        ("/profiles/a.b.json", {"id": "a.b", "type": ".json"}),
        ("/profiles/a.geo.json", {"id": "a", "type": ".geo.json"}),
        ("/profiles/a.b", {"id": "a.b"}),
        ("/page/107", {"size": "10", "number": "7"}),
        ("/page/17", {"size": "1", "number": "7"}),
        ("/page/a%2Fb7", {"size": "a/b", "number": "7"}),
    ],
)
def test_a_segment_is_cut_where_an_enum_or_the_last_dot_says(
    serve: Callable[..., World], path: str, values: dict[str, object]
) -> None:
    reply = serve(EXTENSIONS).get(path)
    assert (reply.status, reply.json) == (200, values)


def test_a_text_outside_of_the_enum_of_a_part_of_a_segment_is_refused(
    serve: Callable[..., World],
) -> None:
    served = serve(EXTENSIONS)
    assert served.get("/geo/52.3.pdf").status == 400
    assert [served.send(method, "/one/a.b.xml").status for method in ("GET", "PUT")] == [400, 200]
    assert served.send("POST", "/one/a.json").header("allow") == "GET, HEAD, OPTIONS, PUT"
