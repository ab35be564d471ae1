"""Other formats that are given as documents are recognised by name."""

import json
from pathlib import Path

import pytest

from mockserver.base.errors import SpecError
from mockserver.openapi.compiler import load_apis

POSTMAN = {"info": {"_postman_id": "a", "name": "n"}, "item": []}
GRAPHQL = "type Query {\n  shop(id: ID!): [Shop!]!\n}\n"
PROTO = '// a\n/* b */\nsyntax = "proto3";\nmessage A { string b = 1; }\n'
WSDL = '<?xml version="1.0"?>\n<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"/>\n'


@pytest.mark.parametrize(
    ("file", "content", "name", "hint"),
    [
        ("a.json", json.dumps(POSTMAN), "a Postman collection", "--from postman"),
        ("a.har", '{"log": {"version": "1.2", "entries": []}}', "HTTP Archive", "--from har"),
        ("a.json", '{"log": {"entries": []}}', "HTTP Archive", "--from har"),
        ("a.json", '{"consumer": {}, "provider": {}}', "a Pact file", "--from pact"),
        ("a.yaml", "asyncapi: 3.0.0\n", "an AsyncAPI document", "not served"),
        ("a.yaml", "arazzo: 1.0.0\n", "an Arazzo document", "not served"),
        ("a.graphql", GRAPHQL, "a GraphQL schema", "not served"),
        ("a.txt", f'# c\n"""\nd\n"""\n{GRAPHQL}', "a GraphQL schema", "not served"),
        ("a.json", '{"data": {"__schema": {}}}', "a GraphQL schema", "not served"),
        ("a.proto", PROTO, "Protocol Buffers", "not served"),
        ("a.txt", PROTO, "Protocol Buffers", "not served"),
        ("a.wsdl", WSDL, "a WSDL document", "not served"),
        ("a.xml", WSDL, "a WSDL document", "not served"),
        ("a.xml", WSDL.partition("\n")[2], "a WSDL document", "not served"),
        ("a.yaml", "<!DOCTYPE html>\n<html></html>\n", "an XML or HTML document", "not served"),
        ("a.yaml", "#%RAML 1.0\ntitle: a\n", "a RAML document", "not served"),
        ("a.txt", "FORMAT: 1A\n\n# a\n", "an API Blueprint", "not served"),
    ],
)
def test_another_format_is_named_with_what_to_do(
    tmp_path: Path, file: str, content: str, name: str, hint: str
) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(SpecError) as caught:
        load_apis([tmp_path / file])
    [problem] = caught.value.problems
    assert problem.code == "MS015"
    assert name in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize("content", ["a: 1\n", "text\n", "- a\n", "", "typed: a\n", "enum: a\n"])
def test_what_is_no_known_format_is_only_not_openapi(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.yaml").write_text(content)
    with pytest.raises(SpecError, match="not an OpenAPI document"):
        load_apis([tmp_path / "a.yaml"])


@pytest.mark.parametrize("content", ["/* */ " * 3000, "/*" * 5000, '"""' * 3000, "<" * 10_000])
def test_a_hostile_text_is_refused_soon(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.txt").write_text(content)
    with pytest.raises(SpecError):
        load_apis([tmp_path / "a.txt"])
