"""Realistic changes of a document are told as what they are, in each direction, with no others."""

from pathlib import Path

import pytest

from mockserver.contract.document_changes import changes, load_version
from mockserver.contract.schema_changes import SchemaChanges

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
components:
  securitySchemes:
    Key: {type: apiKey, in: header, name: X-Key}
    Auth: {type: oauth2, flows: {}}
  schemas:
    Base: {type: object, required: [id], properties: {id: {type: integer}}}
    Cat: {type: object, properties: {lives: {type: integer}}}
    Dog: {type: object, properties: {tricks: {type: integer}}}
    Thing: SCHEMA
"""
BOTH = """\
paths:
  /things:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
"""
OPERATION = """\
paths:
  /things/{id}:
    get:
      security: [{Key: []}]
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: tags, in: query, schema: {type: array, items: {type: string}}}
        - {name: filter, in: query, content: {application/json: {schema: {type: boolean}}}}
      responses:
        '200':
          description: ok
          headers: {X-Total: {required: true, schema: {type: integer}}}
          content: {application/json: {schema: {type: integer}}}
        '404': {description: none}
"""
BASE = "{type: object, required: [id], properties: {id: {type: integer}}}"
A, CAT, DOG = (f"{{$ref: '#/components/schemas/{one}'}}" for one in ("Base", "Cat", "Dog"))
THING = "{type: object, required: [a], properties: {a: {type: string, %s: true}}}"


def told(folder: Path, name: str, old: str, new: str) -> list[str]:
    sides = []
    for version, text in (("old", old), ("new", new)):
        (folder / f"{version}.yaml").write_text(text)
        sides.append(load_version(folder / f"{version}.yaml"))
    return [
        f"{'BREAKS' if one.breaking else 'ok'} {place.removeprefix(name).strip()}: {one.message}"
        for one in changes(*sides)
        for place in (one.where,)
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (BASE, f"{{allOf: [{A}]}}", []),
        (
            BASE,
            f"{{allOf: [{A}, {{properties: {{a: {{type: string}}}}}}]}}",
            ["ok answer 200/a: is new", "ok request/a: is new"],
        ),
        ("{anyOf: [{type: string}, {type: 'null'}]}", "{type: [string, 'null']}", []),
        ("{enum: [a, b]}", "{type: string, enum: [a, b]}", []),
        ("{properties: {}}", "{type: object, properties: {}}", []),
        (
            "{const: a}",
            "{enum: [a, b]}",
            ['BREAKS answer 200: can be "b" now', 'ok request: can be "b" now'],
        ),
        ("{type: object}", THING % "readOnly", ["ok answer 200/a: is new and required"]),
        ("{type: object}", THING % "writeOnly", ["BREAKS request/a: is new and required"]),
        (THING % "deprecated", THING % "readOnly", ["ok request/a: is read-only now"]),
        (f"{{oneOf: [{CAT}, {DOG}]}}", f"{{oneOf: [{DOG}, {CAT}]}}", []),
        (
            f"{{oneOf: [{CAT}, {DOG}]}}",
            f"{{oneOf: [{A}, {CAT}, {DOG}]}}",
            ["BREAKS answer 200: can be Base now", "ok request: can be Base now"],
        ),
        (
            CAT,
            f"{{oneOf: [{CAT}, {DOG}]}}",
            ["BREAKS answer 200: can be Dog now", "ok request: can be Dog now"],
        ),
        (
            "{type: object}",
            "{type: object, additionalProperties: false}",
            [
                "BREAKS request: additional members are no longer allowed",
                "ok answer 200: additional members are no longer allowed",
            ],
        ),
        (
            "{additionalProperties: {type: integer}}",
            "{additionalProperties: {type: string}}",
            [f"BREAKS {one}/*: type was integer, is string" for one in ("answer 200", "request")],
        ),
        (
            "{type: integer, format: int32}",
            "{type: integer, format: int64}",
            [
                'BREAKS answer 200: format was "int32", is "int64"',
                'ok request: format was "int32", is "int64"',
            ],
        ),
        (
            "{type: string, default: a}",
            "{type: string, default: b}",
            ['BREAKS request: default was "a", is "b"'],
        ),
    ],
)
def test_a_change_of_a_schema_is_judged_for_each_direction(
    tmp_path: Path, old: str, new: str, expected: list[str]
) -> None:
    document = DOCUMENT + BOTH
    sides = document.replace("SCHEMA", old), document.replace("SCHEMA", new)
    found = told(tmp_path, "POST /things", *sides)
    assert found == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[{Key: []}]", "[]", ["ok : security was Key, is none"]),
        ("[{Key: []}]", "[Key]", []),
        ("[{Key: []}]", "{Key: []}", []),
        ("[{Key: []}]", "[{}]", ["ok : security was Key, is none"]),
        (
            "[{Key: []}]",
            "[{Key: [], Auth: [a]}]",
            ["BREAKS : security was Key, is Auth (a) and Key"],
        ),
        ("[{Key: []}]", "[{Key: []}, {Auth: []}]", ["ok : security was Key, is Auth or Key"]),
        ("name: X-Key", "name: x-key", []),
        (
            "in: header, name: X-Key",
            "in: query, name: Key",
            ["BREAKS security Key: was apiKey header x-key, is apiKey query Key"],
        ),
        ("{X-Total:", "{X-TOTAL:", []),
        (
            "{X-Total: {required: true,",
            "{X-Total: {",
            ["BREAKS answer 200 header x-total: is no longer required"],
        ),
        (
            "X-Total",
            "X-Count",
            [
                "BREAKS answer 200 header x-total: was removed",
                "ok answer 200 header x-count: is new",
            ],
        ),
        (
            "{X-Total: {required: true, schema: {type: integer}}}",
            "{X-Total: {required: true, schema: {type: string}}}",
            ["BREAKS answer 200 header x-total: type was integer, is string"],
        ),
        (
            "name: tags, in: query,",
            "name: tags, in: query, explode: false,",
            ["BREAKS query tags: style was form exploded, is form"],
        ),
        ("{type: boolean}", "{type: string}", ["BREAKS query filter: type was boolean, is string"]),
        (
            "{application/json: {schema: {type: i",
            "{Application/JSON;charset=utf-8: {schema: {type: i",
            [],
        ),
        (
            "content: {application/json: {schema: {type: i",
            "content: {text/csv: {}, application/json: {schema: {type: i",
            ["ok answer 200: the media type text/csv is new"],
        ),
        ("'404'", "4XX", ["ok answer 4XX: is new"]),
        (
            "      parameters:\n",
            "      servers: [{url: /v2}]\n      parameters:\n",
            ["BREAKS : the base path / was removed"],
        ),
    ],
)
def test_a_change_of_an_operation_is_judged(
    tmp_path: Path, old: str, new: str, expected: list[str]
) -> None:
    document = DOCUMENT.replace("SCHEMA", "{}") + OPERATION
    assert old in document
    found = told(tmp_path, "GET /things/{id}", document, document.replace(old, new))
    assert found == expected


def test_a_path_parameter_with_another_name_is_the_same_one(tmp_path: Path) -> None:
    old = DOCUMENT.replace("SCHEMA", "{}") + OPERATION
    new = old.replace("{id}", "{key}").replace("name: id", "name: key")
    assert told(tmp_path, "GET /things/{id}", old, new) == ["ok path id: was renamed to key"]


def test_asking_for_a_credential_where_none_was_asked_for_breaks_clients(tmp_path: Path) -> None:
    new = DOCUMENT.replace("SCHEMA", "{}") + OPERATION
    found = told(tmp_path, "GET /things/{id}", new.replace("[{Key: []}]", "[]"), new)
    assert found == ["BREAKS : security was none, is Key"]


def test_definitions_that_all_refer_to_each_other_are_compared_in_no_time(tmp_path: Path) -> None:
    names = [f"S{number}" for number in range(12)]
    members = ", ".join(f"{one}: {{$ref: '#/components/schemas/{one}'}}" for one in names)
    definitions = "".join(f"    {one}: {{properties: {{{members}}}}}\n" for one in names)
    old = DOCUMENT.replace("SCHEMA", "{$ref: '#/components/schemas/S0'}") + definitions + BOTH
    new = old.replace(
        f"S11: {{properties: {{{members}", f"S11: {{properties: {{new: {{}}, {members}"
    )
    found = told(tmp_path, "POST /things", old, new)
    assert "ok answer 200/S11/new: is new" in found
    assert len(found) == 16


def test_a_definition_is_reported_at_its_first_places_in_the_document(tmp_path: Path) -> None:
    names = [f"m{number * 5 % 12:02}" for number in range(12)]
    members = ", ".join(f"{one}: {CAT}" for one in names)
    old = DOCUMENT.replace("SCHEMA", f"{{properties: {{{members}}}}}") + BOTH
    new = old.replace("lives: {type: integer}", "lives: {type: string}")
    found = told(tmp_path, "POST /things", old, new)
    message = "type was integer, is string"
    first = sorted(names[:8])
    assert found == [
        f"BREAKS {part}/{one}/lives: {message}"
        for part in ("answer 200", "request")
        for one in first
    ]


def test_changes_of_members_come_in_the_order_of_the_document(tmp_path: Path) -> None:
    names = [f"m{number * 5 % 12:02}" for number in range(12)]
    old, new = (
        load_version(thing_with(tmp_path / f"{prefixes}.yaml", needed, prefixes, names))
        for prefixes, needed in (("ab", ""), ("bc", "bd"))
    )
    thing = ("components", "schemas", "Thing")
    found = SchemaChanges(old, new, is_request=True).between(
        old.root.descend(*thing), new.root.descend(*thing), ""
    )
    assert [one.where for one in found] == [f"/{prefix}{one}" for prefix in "abcd" for one in names]


def thing_with(path: Path, required: str, prefixes: str, names: list[str]) -> Path:
    """Write a document whose `Thing` has members with these prefixes; return its path."""
    members = ", ".join(f"{prefix}{one}: {{}}" for prefix in prefixes for one in names)
    needed = ", ".join(f"{prefix}{one}" for prefix in required for one in names)
    schema = f"{{properties: {{{members}}}, required: [{needed}]}}"
    path.write_text(DOCUMENT.replace("SCHEMA", schema) + BOTH)
    return path
