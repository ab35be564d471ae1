from pathlib import Path

from mockserver.base.json import JsonValue
from mockserver.openapi.compiler import load_apis

ROOT = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock: {name: shop}
paths:
  /items:
    get:
      x-mock: {steps: [{respond: {status: 200}}]}
      parameters: [{$ref: 'parts/more.yaml#/limit'}]
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Item'}
              example: {$ref: nowhere, x-mock: kept}
components:
  schemas:
    Item:
      properties: {next: {$ref: '#/components/schemas/Item'}, kind: {$ref: 'parts/more.yaml#/a~1b'}}
    Plain: {type: string}
"""
MORE = """
limit: {name: limit, in: query, schema: {$ref: '#/number'}}
number: {type: integer}
a/b: {anyOf: [{$ref: '#/a~1b'}, {$ref: '../shop.yaml#/components/schemas/Plain'},
  {$ref: more2.yaml}]}
"""


def bundled(folder: Path) -> dict[str, JsonValue]:
    (folder / "parts").mkdir()
    (folder / "shop.yaml").write_text(ROOT)
    (folder / "parts" / "more.yaml").write_text(MORE)
    (folder / "parts" / "more2.yaml").write_text("type: boolean\n")
    [api] = load_apis([folder / "shop.yaml"])
    return api.document()


def test_references_between_files_stay_within_the_document(tmp_path: Path) -> None:
    document = bundled(tmp_path)
    get = document["paths"]["/items"]["get"]
    assert get["parameters"] == [{"$ref": "#/x-files/more.yaml/limit"}]
    assert document["components"]["schemas"]["Item"]["properties"] == {
        "next": {"$ref": "#/components/schemas/Item"},
        "kind": {"$ref": "#/x-files/more.yaml/a~1b"},
    }
    files = document["x-files"]
    assert files["more.yaml"]["limit"]["schema"] == {"$ref": "#/x-files/more.yaml/number"}
    assert files["more.yaml"]["a/b"]["anyOf"] == [
        {"$ref": "#/x-files/more.yaml/a~1b"},
        {"$ref": "#/components/schemas/Plain"},
        {"$ref": "#/x-files/more2.yaml"},
    ]
    assert files["more2.yaml"] == {"type": "boolean"}


def test_behaviour_is_left_out_and_data_is_left_alone(tmp_path: Path) -> None:
    document = bundled(tmp_path)
    get = document["paths"]["/items"]["get"]
    assert "x-mock" not in document
    assert "x-mock" not in get
    media = get["responses"]["200"]["content"]["application/json"]
    assert media["example"] == {"$ref": "nowhere", "x-mock": "kept"}
