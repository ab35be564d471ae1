"""All problems of `x-mock` are reported at once, and none that only follows from another one."""

from pathlib import Path

import pytest

from mockserver.base.errors import SpecError
from mockserver.openapi.compiler import load_apis

TOP = 'openapi: 3.1.0\ninfo: {title: Shop, version: "1"}\n'
PATH = """\
paths:
  /a:
    get:
      responses: {"200": {description: ok}}
"""


def problems(folder: Path, document: str = "", operation: str = "") -> list[str]:
    path = folder / "shop.yaml"
    own = "".join(f"      {line}\n" for line in operation.strip().splitlines())
    path.write_text(TOP + document + PATH + own)
    try:
        load_apis([path])
    except SpecError as error:
        return [f"{one.source.pointer} {one.message} ({one.hint})" for one in error.problems]
    return []


def test_the_steps_beside_an_unknown_verb_are_checked(tmp_path: Path) -> None:
    steps = """
x-mock:
  steps:
    - creat: {in: nowhere, record: {id: 1}, as: made}
    - respond: {body: "{{ bdy.x }} {{ made.id }}"}
    - find: {in: nothere, where: {id: 1}, as: t}
      otherwise: nope
"""
    found = problems(tmp_path, operation=steps)
    texts = ("'creat' is not known here", "'nowhere'", "'bdy'", "'nothere'", "'nope'")
    assert len(found) == len(texts)
    for text in texts:
        assert any(text in one for one in found), text


def test_a_step_that_means_nothing_does_not_make_its_names_unknown(tmp_path: Path) -> None:
    steps = """
x-mock:
  steps:
    - abracadabra: {as: made}
    - list: {as: found}
    - respond: {body: "{{ made.id }} {{ found.items }} {{ fund }}"}
"""
    found = problems(tmp_path, operation=steps)
    assert len(found) == 3
    assert "'abracadabra' is not known here" in found[0]
    assert "steps/1/list/in Field required" in found[1]
    assert "'fund' is not defined here" in found[2]
    assert "did you mean 'found'?" in found[2]


def test_a_misspelt_part_is_read_so_that_nothing_else_misses_it(tmp_path: Path) -> None:
    document = """\
x-mock:
  colections: {things: {key: id}}
  setings: {n: {type: integer, default: 1}}
  erors: {odd: {status: 418}}
"""
    steps = """
x-mock:
  steps:
    - find: {in: things, where: {id: "{{ settings.n }}"}, as: t}
      otherwise: odd
"""
    assert problems(tmp_path, document, steps) == [
        "/x-mock/colections 'colections' is not known here (did you mean 'collections'?)",
        "/x-mock/setings 'setings' is not known here (did you mean 'settings'?)",
        "/x-mock/erors 'erors' is not known here (did you mean 'errors'?)",
    ]


def test_a_part_that_is_invalid_does_not_make_its_names_unknown(tmp_path: Path) -> None:
    document = """\
x-mock:
  collections: {things: {key: 5}}
  settings: {n: {type: integer, default: x}, m: {type: intger}}
  errors: {odd: {status: 99}}
"""
    steps = """
x-mock:
  steps:
    - find: {in: things, where: {id: "{{ settings.n + settings.m }}"}, as: t}
      otherwise: odd
"""
    found = problems(tmp_path, document, steps)
    assert [one.split(" ")[0] for one in found] == [
        "/x-mock/collections/things/key",
        "/x-mock/settings/m/type",
        "/x-mock/errors/odd/status",
    ]
    assert "did you mean 'integer'?" in found[1]


def test_the_rest_of_a_step_with_a_misspelt_key_is_checked(tmp_path: Path) -> None:
    steps = """
x-mock:
  steps:
    - take: {quota: q, subjct: "{{ boddy }}", limit: 1, as: left}
      whn: "{{ tru }}"
    - respond: {bdy: "{{ left.used }}", status: 99}
"""
    found = problems(tmp_path, operation=steps)
    assert len(found) == 6
    for text in ("'subject'", "'boddy'", "'when'", "'tru'", "'body'", "not 99"):
        assert any(text in one for one in found), (text, found)


@pytest.mark.parametrize(
    ("block", "pointer", "meant"),
    [
        ("settings: {n: {type: integer, default: 1, minimun: 1}}", "settings/n/minimun", "minimum"),
        ("collections: {a: {kee: id}}", "collections/a/kee", "key"),
        ("collections: {a: {indxed: [x]}}", "collections/a/indxed", "indexed"),
        ("errors: {odd: {status: 418, boddy: 1}}", "errors/odd/boddy", "body"),
        (
            "limits: [{name: a, limit: 1, window: PT1M, hedders: none}]",
            "limits/0/hedders",
            "headers",
        ),
        (
            "limits: [{name: a, limit: 1, window: PT1M, otherwise: {error: invalid, mesage: x}}]",
            "limits/0/otherwise/mesage",
            "message",
        ),
        (
            "test_values: [{at: '{{ path }}', values: {x: {description: d, dely: PT1S}}}]",
            "test_values/0/values/x/dely",
            "delay",
        ),
        ("pages: [{path: /p, title: t, step: []}]", "pages/0/step", "steps"),
        ("fixture: [a.yaml]", "fixture", "fixtures"),
        ("record: {}", "record", "records"),
        ("webhooks: {}", "webhooks", ""),
    ],
)
def test_every_unknown_key_of_a_document_gets_a_did_you_mean(
    tmp_path: Path, block: str, pointer: str, meant: str
) -> None:
    found = problems(tmp_path, f"x-mock:\n  {block}\n")
    (one,) = [one for one in found if "is not known here" in one]
    assert one.startswith(f"/x-mock/{pointer} ")
    assert (f"did you mean {meant!r}?" if meant else "known are: ") in one


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("requir: [{that: '{{ true }}'}]", "require"),
        ("requires: [{that: '{{ true }}'}]", "require"),
        ("require: [{tht: '{{ true }}'}]", "that"),
        ("scopess: x", "scopes"),
    ],
)
def test_every_unknown_key_of_principals_gets_a_did_you_mean(
    tmp_path: Path, key: str, meant: str
) -> None:
    document = f"""\
components: {{securitySchemes: {{K: {{type: apiKey, in: header, name: k}}}}}}
x-mock:
  collections: {{keys: {{}}}}
  principals: {{K: {{in: keys, {key}}}}}
"""
    one, *others = problems(tmp_path, document)
    assert others == []
    assert f"did you mean {meant!r}?" in one


@pytest.mark.parametrize(
    ("step", "meant"),
    [
        ("respond: {statuss: 200}", "status"),
        ("find: {in: things, wher: {id: 1}, as: t}", "where"),
        ("list: {in: things, as: t, limt: 5}", "limit"),
        ("cooldown: {name: c, subject: a, perod: P1D}", "period"),
        ("send: {channel: sms, to: a, text: b, delivered_aftr: PT1S}", "delivered_after"),
        ("each: {of: '{{ [] }}', as: x, stps: []}", "steps"),
        ("each: {of: '{{ [] }}', as: x, steps: [{respond: {bdy: 1}}]}", "body"),
        ("require: '{{ true }}'\n      otherwse: invalid", "otherwise"),
        ("require: '{{ true }}'\n      otherwise: {eror: invalid}", "error"),
    ],
)
def test_every_unknown_key_of_a_step_gets_a_did_you_mean(
    tmp_path: Path, step: str, meant: str
) -> None:
    document = "x-mock: {collections: {things: {}}}\n"
    (one,) = problems(tmp_path, document, f"x-mock:\n  steps:\n    - {step}\n")
    assert f"did you mean {meant!r}?" in one
