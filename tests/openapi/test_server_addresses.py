from typing import Any

import pytest

from mockserver.base.problems import SpecProblem
from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.openapi.server_addresses import MOST_SERVERS, compile_servers


def compiled(servers: Any) -> tuple[list[str], list[str]]:
    """Return the addresses of servers, and what is said about them."""
    problems: list[SpecProblem] = []
    place = Place(Document("d.yaml", None, servers, dict), "", servers)
    found = compile_servers(place, problems)
    return [server.host + server.path for server in found], [item.message for item in problems]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://A.test/v1/", "a.test/v1"),
        ("//a.test:8080", "a.test:8080"),
        ("https://me@a.test", "a.test"),
        ("/v1", "/v1"),
        ("v1/v2", "/v1/v2"),
        ("./v1", "/v1"),
        ("../v1", "/v1"),
        (".", ""),
        ("/", ""),
        ("", ""),
    ],
)
def test_a_url_is_a_host_and_a_path(url: str, address: str) -> None:
    assert compiled([{"url": url}]) == ([address], [])


def test_variables_take_all_their_values_the_defaults_first() -> None:
    variables = {"a": {"default": "y", "enum": ["x", "y"]}, "b": {"default": 2}}
    assert compiled([{"url": "/{a}/{b}", "variables": variables}]) == (["/y/2", "/x/2"], [])


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ({}, "a server needs a `url`"),
        ({"url": 5}, "a server needs a `url`"),
        ({"url": "http://[a"}, "'http://[a' is not a valid URL"),
        ({"url": "/{a}", "variables": {"a": {}}}, "a server variable needs a `default`"),
        ("nothing", "a server needs a `url`"),
    ],
)
def test_what_is_no_server_is_told(server: Any, told: str) -> None:
    assert compiled([server])[1] == [told]


@pytest.mark.parametrize("url", ["https://a.test/{v}", "/{v}", "not a path"])
def test_a_path_that_no_request_can_have_is_not_served(url: str) -> None:
    assert compiled([{"url": url}, {"url": "/v1"}]) == (["/v1"], [f"{url!r} is not a valid URL"])


def test_the_addresses_of_a_list_are_bounded() -> None:
    names = "abcdefghij"
    variables = {name: {"default": "0", "enum": list("0123456789")} for name in names}
    url = "".join(f"/{{{name}}}" for name in names)
    found, problems = compiled([{"url": url, "variables": variables}, {"url": "/last"}])
    assert len(found) == MOST_SERVERS
    assert len(problems) == 2
