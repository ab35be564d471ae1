from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from mockserver.cli import main
from mockserver.contract.document_changes import changes, load_version

SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: 'https://shop.example/v1'}]
security: [{Key: []}]
paths:
  /items:
    get:
      operationId: listItems
      parameters:
        - {name: kind, in: query, schema: {type: string, enum: [a, b]}}
      responses:
        '200':
          description: All
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Item'}}
        '404': {description: None}
    put:
      operationId: putItem
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties:
                name: {type: string, maxLength: 10}
                note: {type: [string, 'null']}
      responses: {'204': {description: Stored}}
components:
  securitySchemes:
    Key: {type: apiKey, in: header, name: x-key}
    Token: {type: http, scheme: bearer}
  schemas:
    Item:
      type: object
      required: [id]
      properties:
        id: {type: integer, minimum: 1}
        state: {type: string, enum: [new, old]}
        parent: {$ref: '#/components/schemas/Item'}
"""
GET, PUT = "GET /items", "PUT /items"
ITEM = f"{GET} answer 200/*"
INTERACTIONS = """\
interactions:
  - name: List
    request: {method: GET, path: /items}
    answer: {status: 200, json: [{id: 1, state: new}]}
  - {name: Put, request: {method: PUT, path: /items, json: {name: pen}}, answer: {status: 204}}
"""


def write(folder: Path, name: str, old: str = "", new: str = "") -> Path:
    assert old in SHOP
    place = folder / name
    place.mkdir(exist_ok=True)
    (place / "shop.yaml").write_text(SHOP.replace(old, new) if old else SHOP)
    return place / "shop.yaml"


@pytest.mark.parametrize(
    ("old", "new", "where", "message", "breaking"),
    [
        ("    put:", "    post:", PUT, "the operation was removed", True),
        ("    put:", "    post:", "POST /items", "the operation is new", False),
        ("v1'}]", "v2'}]", "servers", "the base path /v1 was removed", True),
        ("operationId: putItem", "deprecated: true", PUT, "is deprecated now", False),
        ("[{Key: []}]", "[{Token: []}]", GET, "security was Key, is Token", True),
        (
            "[{Key: []}]",
            "[{Key: []}, {Token: []}]",
            GET,
            "security was Key, is Key or Token",
            False,
        ),
        ("{name: kind,", "{name: sort,", f"{GET} query kind", "was removed", True),
        ("{name: kind,", "{name: sort,", f"{GET} query sort", "is new", False),
        (
            "name: kind,",
            "name: kind, required: true,",
            f"{GET} query kind",
            "is required now",
            True,
        ),
        ("enum: [a, b]", "enum: [a]", f"{GET} query kind", 'can no longer be "b"', True),
        ("enum: [a, b]", "enum: [a, b, c]", f"{GET} query kind", 'can be "c" now', False),
        ("enum: [new, old]", "enum: [new]", f"{ITEM}/state", 'can no longer be "old"', False),
        ("enum: [new, old]", "enum: [new, old, x]", f"{ITEM}/state", 'can be "x" now', True),
        (", enum: [new, old]", "", f"{ITEM}/state", "is no longer limited to an enumeration", True),
        ("'404': {desc", "'410': {desc", f"{GET} answer 404", "was removed", True),
        ("'404': {desc", "'410': {desc", f"{GET} answer 410", "is new", False),
        (
            "application/json:\n              s",
            "text/csv:\n              s",
            f"{GET} answer 200",
            "the media type application/json was removed",
            True,
        ),
        (
            "requestBody:\n",
            "requestBody:\n        required: true\n",
            f"{PUT} request",
            "is required now",
            True,
        ),
        (
            "required: [name]",
            "required: [name, note]",
            f"{PUT} request/note",
            "is required now",
            True,
        ),
        ("required: [name]", "required: []", f"{PUT} request/name", "is no longer required", False),
        ("maxLength: 10", "maxLength: 5", f"{PUT} request/name", "maxLength was 10, is 5", True),
        ("maxLength: 10", "maxLength: 50", f"{PUT} request/name", "maxLength was 10, is 50", False),
        (
            "maxLength: 10",
            "minLength: 1",
            f"{PUT} request/name",
            "minLength was not given, is 1",
            True,
        ),
        (
            "maxLength: 10",
            "pattern: x",
            f"{PUT} request/name",
            'pattern was not given, is "x"',
            True,
        ),
        (
            "[string, 'null']",
            "string",
            f"{PUT} request/note",
            "type was null or string, is string",
            True,
        ),
        (
            "name: {type: string,",
            "name: {type: [string, 'null'],",
            f"{PUT} request/name",
            "type was string, is null or string",
            False,
        ),
        (
            "id: {type: integer,",
            "id: {type: string,",
            f"{ITEM}/id",
            "type was integer, is string",
            True,
        ),
        (
            "id: {type: integer,",
            "id: {type: number,",
            f"{ITEM}/id",
            "type was integer, is number",
            True,
        ),
        ("minimum: 1", "minimum: 0", f"{ITEM}/id", "minimum was 1, is 0", True),
        ("required: [id]", "required: []", f"{ITEM}/id", "is no longer required", True),
        ("required: [id]", "required: [id, state]", f"{ITEM}/state", "is required now", False),
        ("state: {type", "status: {type", f"{ITEM}/state", "was removed", True),
        ("state: {type", "status: {type", f"{ITEM}/status", "is new", False),
    ],
)
def test_a_change_is_told_and_judged(
    tmp_path: Path, old: str, new: str, where: str, message: str, breaking: bool
) -> None:
    before, after = write(tmp_path, "old"), write(tmp_path, "new", old, new)
    found = changes(load_version(before), load_version(after))
    told = {(change.where, change.message): change.breaking for change in found}
    assert told.get((where, message)) is breaking, told


SWAGGER = """\
swagger: '2.0'
info: {title: Shop, version: '1'}
basePath: /v1
produces: [application/json]
paths:
  /items:
    get:
      parameters:
        - {name: kind, in: query, type: string, enum: [a, b]}
      responses:
        '200': {description: All, schema: {type: array, items: {$ref: '#/definitions/Item'}}}
definitions:
  Item: {type: object, properties: {state: {type: string, enum: [new, old]}}}
"""
LATEST = """\
openapi: 3.2.0
info: {title: Shop, version: '1'}
servers: [{url: 'https://{host}/{stage}', variables: {stage: {default: v1, enum: [v1, v2]}}}]
paths:
  /items:
    parameters: [{name: kind, in: query, schema: {type: string}}]
    query: {responses: {'204': {description: None}}}
    additionalOperations:
      COPY: {responses: {'204': {description: None}}}
"""


@pytest.mark.parametrize(
    ("text", "old", "new", "where", "message"),
    [
        (SWAGGER, "[a, b]", "[a]", f"{GET} query kind", 'can no longer be "b"'),
        (SWAGGER, "[new, old]", "[new, old, x]", f"{ITEM}/state", 'can be "x" now'),
        (SWAGGER, "basePath: /v1", "basePath: /v2", "servers", "the base path /v1 was removed"),
        (
            SWAGGER,
            "json]",
            "xml]",
            f"{GET} answer 200",
            "the media type application/json was removed",
        ),
        (LATEST, "      COPY", "      MOVE", "COPY /items", "the operation was removed"),
        (LATEST, "type: string", "type: integer", "QUERY /items query kind", "type was string"),
        (LATEST, "enum: [v1, v2]", "enum: [v1]", "servers", "the base path /v2 was removed"),
    ],
)
def test_documents_of_every_version_are_compared(
    tmp_path: Path, text: str, old: str, new: str, where: str, message: str
) -> None:
    assert old in text
    sides = []
    for name, content in (("old", text), ("new", text.replace(old, new))):
        (tmp_path / f"{name}.yaml").write_text(content)
        sides.append(load_version(tmp_path / f"{name}.yaml"))
    found = [one for one in changes(*sides) if one.breaking]
    assert (where, True) in {(one.where, one.message.startswith(message)) for one in found}
    assert all(one.source.file.endswith("new.yaml") for one in found)


def test_the_same_document_has_no_changes(tmp_path: Path) -> None:
    side = load_version(write(tmp_path, "old"))
    assert changes(side, side) == []


def diff(folder: Path, old: str = "", new: str = "", *options: str) -> Result:
    before, after = write(folder, "old"), write(folder, "new", old, new)
    place = folder / "old" / "fixtures" / "shop" / "interactions"
    place.mkdir(parents=True)
    (place / "one.yaml").write_text(INTERACTIONS)
    return CliRunner().invoke(main, ["diff", str(before), str(after), *options])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("state: {type", "status: {type", "interaction 'List': the answer's /*/state is no longer"),
        (
            "                name: {type",
            "                title: {type",
            "'Put': the request's /name",
        ),
        ("    put:", "    post:", "interaction 'Put': its operation was removed"),
        ("enum: [new, old]", "enum: [old]", "interaction 'List': 0.state must be one of"),
        ("required: [name]", "required: [name, note]", "interaction 'Put': note is required"),
        ("'204':", "'200':", "interaction 'Put': putItem documents no status 204"),
    ],
)
def test_interactions_that_break_are_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    result = diff(tmp_path, old, new)
    assert result.exit_code == 1
    assert told in result.output


def test_without_a_breaking_change_it_ends_well(tmp_path: Path) -> None:
    result = diff(tmp_path, "maxLength: 10", "maxLength: 50")
    assert result.exit_code == 0
    assert "1 change, 0 breaking; 0 interactions break" in result.output


def test_the_report_as_json_names_the_place(tmp_path: Path) -> None:
    result = diff(tmp_path, "maxLength: 10", "maxLength: 5", "--format", "json")
    report: Any = orjson.loads(result.output)
    (change,) = report["changes"]
    assert change["breaking"] is True
    assert change["source"].startswith(str(tmp_path / "new" / "shop.yaml:"))


@pytest.mark.parametrize("missing", ["old", "new"])
def test_a_document_that_cannot_be_read_is_bad_input(tmp_path: Path, missing: str) -> None:
    write(tmp_path, "old")
    write(tmp_path, "new")
    (tmp_path / missing / "shop.yaml").unlink()
    paths = [str(tmp_path / name / "shop.yaml") for name in ("old", "new")]
    result = CliRunner().invoke(main, ["diff", *paths])
    assert result.exit_code == 2
    assert "cannot be read" in result.output


def test_a_folder_of_several_documents_is_no_side(tmp_path: Path) -> None:
    write(tmp_path, "old")
    (tmp_path / "old" / "other.yaml").write_text(SHOP)
    path = str(tmp_path / "old")
    assert CliRunner().invoke(main, ["diff", path, path]).exit_code == 2
