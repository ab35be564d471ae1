"""Record a history through `create_app`, as clients do, and play it with other documents."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner, Result

import mockserver
from mockserver.base.time import SECOND, Instant
from mockserver.cli import main
from tests.conftest import ROOT, START

PARTOO = "/partoo/v2/review_booster"
BUSINESS = "5409c35a97bbc544d8e26737"
PHONE = "+33647385968"
KEY = {"x-apikey": "demo-partoo-key"}
SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  name: shop
  collections:
    items: {key: id}
paths:
  /items:
    post:
      operationId: addItem
      responses: {'200': {description: ok}}
      x-mock:
        steps:
          - create: {in: items, as: made, record: {id: "{{ uuid() }}"}}
          - respond: {status: 200, body: {id: "{{ made.id }}"}}
  /items/{id}:
    get:
      operationId: getItem
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok}, '404': {description: none}}
      x-mock:
        steps:
          - find: {in: items, where: {id: "{{ path.id }}"}, as: made}
          - respond: {status: 200, body: {id: "{{ made.id }}"}}
"""


@dataclass
class Recorder:
    """A client of an application whose system clock moves by a second at every reading."""

    documents: Any = ()
    now: Instant = START
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        app = mockserver.create_app(self.documents, clock=self._read, **self.options)
        transport = mockserver.Transport(app)
        self.client = httpx.Client(transport=transport, base_url="http://127.0.0.1:8000")

    def _read(self) -> Instant:
        self.now = Instant(self.now + SECOND)
        return self.now

    def invite(self, last: int = 0, headers: dict[str, str] | None = None) -> int:
        body = {"business_id": BUSINESS, "target_phone": f"+3364738{last:04d}"}
        given = KEY if headers is None else headers
        return self.client.post(f"{PARTOO}/send_invitation", json=body, headers=given).status_code

    def control(self, method: str, path: str, body: Any = None) -> None:
        reply = self.client.request(method, f"/_mock{path}", json=body)
        assert reply.status_code < 300, reply.text

    def save(self, path: Path, query: str = "", change: Callable[[Any], object] = id) -> Path:
        archive = self.client.get(f"/_mock/requests?format=har{query}").json()
        change(archive["log"])
        path.write_text(json.dumps(archive))
        return path


def partoo_with(folder: Path, old: str = "", new: str = "") -> Path:
    """Return the folder of a copy of Partoo's documents in which a text is replaced."""
    for name in ("partoo.yaml", "partoo.overlay.yaml"):
        text = (ROOT / "specs" / name).read_text()
        (folder / "specs").mkdir(exist_ok=True)
        (folder / "specs" / name).write_text(text.replace(old, new) if old else text)
    target = folder / "fixtures" / "partoo"
    if not target.exists():
        target.mkdir(parents=True)
        records = (ROOT / "fixtures" / "partoo" / "records.yaml").read_bytes()
        (target / "records.yaml").write_bytes(records)
    return folder / "specs"


def replay(file: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", str(file), *map(str, arguments)])
