"""Path parameters whose pattern has a slash: they match several segments."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import World

PATTERNS = {
    "/v1/{name}": "^projects/[^/]+$",
    "/v1/{name}:cancel": "^projects/[^/]+/jobs/.*$",
    "/v1/{parent}/jobs": "^projects/[^/]+$",
    "/v1/{plain}/items/{item}": "^[^/]+$",
    "/v1/files/{path}": "^[a-z/]+$",
    "/v1/projects/special": "",
}


def google(serve: Callable[..., World]) -> World:
    paths = {}
    for path, pattern in PATTERNS.items():
        names = [part.partition("}")[0] for part in path.split("{")[1:]]
        text = {"type": "string", "pattern": pattern}
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": text} for name in names
        ]
        step = {"respond": {"status": 200, "body": {"path": path, "values": "{{ path }}"}}}
        operation = {"parameters": parameters, "responses": {"200": {"description": "ok"}}}
        paths[path] = {"get": {**operation, "x-mock": {"steps": [step]}}}
    head = {"openapi": "3.0.3", "info": {"title": "Jobs", "version": "1"}}
    return serve(json.dumps({**head, "paths": paths}))


@pytest.mark.parametrize(
    ("path", "template", "values"),
    [
        ("/v1/projects/p", "/v1/{name}", {"name": "projects/p"}),
        ("/v1/projects%2Fp", "/v1/{name}", {"name": "projects/p"}),
        ("/v1/projects/a%20b", "/v1/{name}", {"name": "projects/a b"}),
        ("/v1/projects/p/jobs/j/k:cancel", "/v1/{name}:cancel", {"name": "projects/p/jobs/j/k"}),
        ("/v1/projects/p/jobs", "/v1/{parent}/jobs", {"parent": "projects/p"}),
        ("/v1/x/items/y", "/v1/{plain}/items/{item}", {"plain": "x", "item": "y"}),
        ("/v1/files/a/b/c", "/v1/files/{path}", {"path": "a/b/c"}),
        ("/v1/files/a", "/v1/files/{path}", {"path": "a"}),
        ("/v1/projects/special", "/v1/projects/special", {}),
    ],
)
def test_a_parameter_with_a_slash_in_its_pattern_matches_several_segments(
    serve: Callable[..., World], path: str, template: str, values: dict[str, str]
) -> None:
    sent = google(serve).get(path)

    assert sent.status == 200
    assert sent.json == {"path": template, "values": {**sent.json["values"], **values}}


@pytest.mark.parametrize(
    "path", ["/v1/other/p", "/v1/projects/p/q", "/v1/x/y/items/z", "/v1/files/A/B", "/v1/projects/"]
)
def test_a_value_that_does_not_match_the_pattern_is_not_found(
    serve: Callable[..., World], path: str
) -> None:
    assert google(serve).get(path).status == 404


def test_another_method_of_such_a_path_is_not_allowed(serve: Callable[..., World]) -> None:
    assert google(serve).post("/v1/projects/p").status == 405


def test_a_long_path_is_compared_within_a_bound(serve: Callable[..., World]) -> None:
    world = google(serve)

    assert world.get("/v1/" + "projects/" * 800 + ":cancel").status == 404
    assert world.get("/v1/" + "/jobs" * 1_500).status == 404
