"""Fixtures whose records depend on settings: in the greeting, and in the control API."""

from pathlib import Path

import pytest

from mockserver.server.greeting import greeting
from mockserver.server.sources import Sources, open_engine
from tests.conftest import World
from tests.control_client import client_of

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
x-mock:
  settings: {first: {type: string, default: DEFAULT}}
  collections: {things: {}}
  principals: {Key: {in: things}}
  records:
    things: [{id: "{{ settings.first }}"}, {id: a}]
components:
  securitySchemes:
    Key: {type: apiKey, in: header, name: x-key}
security: [{Key: []}]
paths:
  /things:
    get:
      responses: {"200": {description: ok}}
"""


def served(folder: Path, default: str, first: str | None = None) -> World:
    path = folder / "shop.yaml"
    path.write_text(DOCUMENT.replace("DEFAULT", default))
    changed = {} if first is None else {"shop": {"first": first}}
    return World(open_engine(Sources([path], settings=changed)), prefix="/shop")


def test_the_greeting_has_the_records_of_the_given_settings(tmp_path: Path) -> None:
    world = served(tmp_path, "b", "given")
    text = greeting(world.engine, "http://127.0.0.1:8000", world.now, control=True)
    assert "x-key: given" in text


def test_the_greeting_needs_no_records_of_the_defaults(tmp_path: Path) -> None:
    world = served(tmp_path, "a", "given")
    text = greeting(world.engine, "http://127.0.0.1:8000", world.now, control=True)
    assert "x-key: given" in text


@pytest.mark.anyio
async def test_a_setting_that_is_changed_later_does_not_change_the_first_records(
    tmp_path: Path,
) -> None:
    async with client_of(served(tmp_path, "b")) as client:
        changed = await client.patch("/_mock/settings/shop", json={"first": "a"})
        reply = await client.get("/_mock/records/shop/things")
    assert changed.status_code == 200
    assert [record["id"] for record in reply.json()["records"]] == ["b", "a"]
