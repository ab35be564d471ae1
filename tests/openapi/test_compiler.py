from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.base.errors import SpecError
from mockserver.base.problems import Severity
from mockserver.documents.references import Place
from mockserver.model.api import Api
from mockserver.openapi import paths as paths_module
from mockserver.openapi.compiler import Loader, load_apis

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"
PATHS = "paths:\n  /a:\n    get:\n      responses: {'200': {description: ok}}\n"

Report = Callable[..., list[str]]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Load documents and return what is said about them, without the folder."""

    def reporting(*texts: str, **files: str) -> list[str]:
        for index, text in enumerate(texts):
            (tmp_path / f"d{index}.yaml").write_text(text)
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        paths = [tmp_path / f"d{index}.yaml" for index in range(len(texts))]
        with pytest.raises(SpecError) as caught:
            load_apis(paths, ["messages"], strict=True)
        return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]

    return reporting


def load(tmp_path: Path, text: str) -> Api:
    (tmp_path / "d.yaml").write_text(text)
    return load_apis([tmp_path / "d.yaml"])[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\n", "d0.yaml:1:1: (document): not an OpenAPI document"),
        ("swagger: '1.2'\n", "d0.yaml:1:1: /swagger: OpenAPI '1.2' is not supported"),
        ("openapi: 4.0.0\n", "d0.yaml:1:1: /openapi: OpenAPI '4.0.0' is not supported"),
        (HEAD, "d0.yaml:1:1: /paths: the document has no operations to serve"),
        (
            HEAD + "x-mock:\n  setings: {}\n" + PATHS,
            "d0.yaml:4:3: /x-mock/setings: 'setings' is not known here",
        ),
        (
            HEAD + "x-mock:\n  collections:\n    messages: {}\n" + PATHS,
            "d0.yaml:5:5: /x-mock/collections/messages: 'messages' is the name of a built-in",
        ),
        (
            HEAD + "x-mock:\n  principals:\n    Key: {in: keys}\n" + PATHS,
            "d0.yaml:5:11: /x-mock/principals/Key/in: there is no collection 'keys'",
        ),
        (
            HEAD + "x-mock:\n  fixtures: [../../secret.yaml]\n" + PATHS,
            "d0.yaml:4:14: /x-mock/fixtures/0: '../../secret.yaml' is outside the folders",
        ),
        (
            HEAD + PATHS + "      parameters:\n      - {name: a, in: query, style: matrix}\n",
            "d0.yaml:8:30: /paths/~1a/get/parameters/0/style: a query parameter cannot have the st",
        ),
        (
            HEAD + "security: [{Key: []}]\n" + PATHS,
            "d0.yaml:3:13: /security/0/Key: there is no security scheme 'Key'",
        ),
        (
            HEAD + PATHS.replace("/a:", "a:"),
            "d0.yaml:4:3: /paths/a: the path 'a' does not begin with a slash",
        ),
        (
            HEAD + PATHS + "  /{x}: {get: {responses: {}}}\n  /{y}: {get: {responses: {}}}\n",
            "d0.yaml:8:3: /paths/~1{y}: '/{y}' matches the same requests as '/{x}'",
        ),
    ],
)
def test_problems_of_a_document_have_their_place(report: Report, text: str, told: str) -> None:
    assert any(line.startswith(told) for line in report(text)), report(text)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            "{respond: {body: '{{ bdy }}'}}",
            "'bdy' is not defined here in '{{ bdy }}' (did you mean",
        ),
        ("{require: 'yes'}", "an expression was expected here: 'yes'"),
        ("{require: '{{ lowr(1) }}'}", "there is no function 'lowr'"),
        ("{require: '{{ path.x }}'}", "'path' has no 'x'"),
        ("""{require: "{{ matches(body.a, '(b') }}"}""", "'(b' is not a pattern that matches()"),
        ("{require: '{{ matches(body.a, 5) }}'}", "text was expected, not a number"),
        ("{require: '{{ true }}', otherwise: odd}", "there is no error kind 'odd'"),
        ("{require: '{{ true }}', let: {x: 1}}", "a step must have exactly one verb of"),
        ("{}", "a step must have exactly one verb of"),
        ("{update: {in: a, where: {}}}", "`update` has either set or record"),
        ("{update: {in: a, where: {}, set: {}, record: {}}}", "`update` has either set or record"),
        ("{find: {in: none, as: x}}", "there is no collection 'none'"),
        ("{let: {body: 1}}", "'body' is a reserved name"),
        ("{cooldown: {name: c, subject: s, period: P1M}}", "has years or months"),
        ("{respond: {example: none}}", "no example 'none'"),
        ("{respond: {colour: red}}", "'colour' is not known here"),
    ],
)
def test_problems_of_a_step_have_their_place(report: Report, step: str, told: str) -> None:
    text = HEAD + PATHS + f"      x-mock:\n        steps:\n          - {step}\n"
    lines = report(text)
    assert any(line.startswith("d0.yaml:9:") and told in line for line in lines), lines


def test_a_record_needs_the_key_of_its_collection(report: Report) -> None:
    steps = "{create: {in: a, record: {x: 1}}}, {create: {in: b, record: {x: 1}}}"
    own = "x-mock: {collections: {a: {key: x}, b: {key: sku}}}\n"
    (line,) = report(HEAD + own + PATHS + f"      x-mock: {{steps: [{steps}]}}\n")
    assert "steps/1/create/record: the record has no 'sku', the key of its collection" in line


@pytest.mark.parametrize(
    ("effect", "told"),
    [
        ("{description: d, retry_after: PT1M}", "retry_after goes with error"),
        ("{description: d, error: invalid, retry_after: P1M}", "has years or months"),
        ("{description: d, delay: soon}", "not an ISO 8601 duration"),
    ],
)
def test_problems_of_a_test_value_have_their_place(report: Report, effect: str, told: str) -> None:
    values = f"{{at: '{{{{ query.q }}}}', values: {{a: {effect}}}}}"
    lines = report(HEAD + PATHS + f"      x-mock:\n        test_values:\n          - {values}\n")
    assert any(line.startswith("d0.yaml:9:") and told in line for line in lines), lines


def test_a_name_is_known_only_after_it_is_bound(report: Report) -> None:
    steps = "[{require: '{{ later }}'}, {let: {later: 1}}]"
    lines = report(HEAD + PATHS + f"      x-mock: {{steps: {steps}}}\n")
    assert any("'later' is not defined here" in line for line in lines)


def test_a_bad_schema_is_found_at_load(report: Report) -> None:
    parameter = "{name: q, in: query, schema: {type: strin}}"
    lines = report(HEAD + PATHS + f"      parameters: [{parameter}]\n")
    assert any("/parameters/0/schema/type: not a schema" in line for line in lines), lines


def test_a_reference_that_leads_nowhere_is_found_at_load(report: Report) -> None:
    lines = report(HEAD + PATHS + "      parameters: [{$ref: '#/components/parameters/None'}]\n")
    assert any("there is nothing at '/components/parameters/None'" in line for line in lines)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        (
            "[{name: q, in: query, schema: {}}, {name: q, in: query, schema: {type: integer}}]",
            "/parameters/1: the query parameter 'q' is described twice",
        ),
        ("[{name: q, in: query}]", "/parameters/0: the query parameter 'q' has neither `schema`"),
    ],
)
def test_a_parameter_that_is_described_twice_or_hardly_is_told(
    report: Report, parameters: str, told: str
) -> None:
    lines = report(HEAD + PATHS + f"      parameters: {parameters}\n")

    assert any(told in line for line in lines), lines


def test_two_documents_cannot_have_one_name(report: Report) -> None:
    named = HEAD + "x-mock: {name: same}\n" + PATHS
    assert any("two documents have the name 'same'" in line for line in report(named, named))


def test_all_problems_of_all_documents_come_at_once(report: Report) -> None:
    lines = report(HEAD, HEAD + "x-mock:\n  a: 1\n  b: 2\n" + PATHS)
    assert [line.split(":")[0] for line in lines] == ["d0.yaml", "d1.yaml", "d1.yaml"]


@pytest.mark.parametrize("extends", ["none.yaml", "../d0.yaml", "x" * 5000, "/etc/passwd", "5"])
def test_an_overlay_extends_a_document_beside_it(report: Report, extends: str) -> None:
    overlay = f"overlay: 1.0.0\ninfo: {{title: O, version: '1'}}\nextends: {extends}\nactions: []\n"
    assert any(line.startswith("d0.yaml:3:1: /extends") for line in report(overlay))


def test_a_thousand_operations_compile(tmp_path: Path) -> None:
    paths = "".join(
        f"  /r{n}/{{id}}: {{get: {{operationId: op{n}, responses: {{}}}}}}\n" for n in range(1000)
    )
    assert len(load(tmp_path, HEAD + "paths:\n" + paths).operations) == 1000


def test_an_operation_without_an_id_gets_one(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD + PATHS).operations[0].id == "get_a"


def test_a_document_without_a_name_is_called_by_its_file(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD + PATHS).name == "d"


def test_a_fixture_cannot_call_what_needs_a_request(report: Report) -> None:
    text = HEAD + "x-mock: {fixtures: [records.yaml], collections: {a: {}}}\n" + PATHS
    lines = report(text, records_yaml="a: [{id: \"{{ sequence('x') }}\"}]\n")
    assert any(line.startswith("records.yaml:1:6: /a/0/id: there is no function") for line in lines)


FLAWED = HEAD + PATHS + "    put: {parameters: [{$ref: '#/none'}], responses: {}}\n"
MISFIT = (
    "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    get:\n      responses:\n"
)
MISFIT += "        '200':\n          description: ok\n"
MISFIT += "          content: {application/json: {schema: {type: string}, example: 5}}\n"


def loaded(folder: Path, text: str, *, strict: bool = False, thorough: bool = False) -> Api:
    (folder / "d.yaml").write_text(text)
    return Loader(strict=strict, thorough=thorough).load([folder / "d.yaml"])[0]


def test_what_is_wrong_is_left_out_and_told(tmp_path: Path) -> None:
    api = loaded(tmp_path, FLAWED)
    assert [item.method for item in api.operations] == ["GET", "PUT"]
    [problem] = api.problems
    assert problem.severity is Severity.WARNING
    assert str(problem).startswith(f"{tmp_path}/d.yaml:7:25: warning: /paths/~1a/put/parameters/0")


def test_strict_refuses_what_would_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(tmp_path, FLAWED, strict=True)
    [problem] = caught.value.problems
    assert problem.severity is Severity.ERROR


def test_an_error_is_told_together_with_the_warnings(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(tmp_path, FLAWED + "x-mock: {settings: 5}\n")
    severities = {problem.severity for problem in caught.value.problems}
    assert severities == {Severity.ERROR, Severity.WARNING}


@pytest.mark.parametrize(
    "text",
    [
        FLAWED + "x-mock: {none: 5}\n",
        HEAD + PATHS + "      x-mock: {steps: [{}]}\n",
        "a: [\n",
        "a: 1\n",
        "openapi: 4.0.0\n",
        "- openapi: 3.1.0\n",
        "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nactions: []\nactions: []\n",
    ],
)
def test_what_is_ours_or_no_document_is_refused_in_any_case(tmp_path: Path, text: str) -> None:
    with pytest.raises(SpecError):
        loaded(tmp_path, text)


@pytest.mark.parametrize(("thorough", "count"), [(False, 0), (True, 1)])
def test_examples_are_checked_only_when_asked(tmp_path: Path, thorough: bool, count: int) -> None:
    problems = loaded(tmp_path, MISFIT, thorough=thorough).problems
    assert ["the example does not conform" in item.message for item in problems] == [True] * count


def test_callbacks_and_webhooks_are_listed_as_not_served(tmp_path: Path) -> None:
    text = "      callbacks: {done: {'{$request.query.url}': {post: {responses: {}}}}}\n"
    text += "webhooks:\n  born: {put: {responses: {}}}\n"
    unserved = loaded(tmp_path, HEAD + PATHS + text).unserved
    assert [(item.kind, item.method, item.name, item.source.line) for item in unserved] == [
        ("callback", "POST", "done {$request.query.url}", 7),
        ("webhook", "PUT", "born", 9),
    ]


def test_an_operation_whose_name_is_taken_is_called_by_its_method_and_path(tmp_path: Path) -> None:
    text = HEAD + "paths:\n  /a:\n    get: {operationId: one, responses: {}}\n"
    api = loaded(tmp_path, text + "    put: {operationId: one, responses: {}}\n")
    assert [operation.id for operation in api.operations] == ["one", "put_a"]
    problem = "another operation has the operationId 'one'"
    assert [problem in item.message for item in api.problems] == [True]


@pytest.mark.parametrize("version", ["openapi: 3.1.0", "swagger: '2.0'"])
def test_too_many_paths_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(paths_module, "MOST_PATHS", 3)
    head = f"{version}\ninfo: {{title: T, version: '1'}}\npaths:\n"
    get = "{get: {responses: {'200': {description: ok}}}}"
    assert load(tmp_path, head + "".join(f"  /{n}: {get}\n" for n in range(3))).operations
    with pytest.raises(SpecError, match="more than 3 paths \\(split the document\\)"):
        load(tmp_path, head + "".join(f"  /{n}: {get}\n" for n in range(4)))


def test_too_many_operations_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths_module, "MOST_OPERATIONS", 3)
    operation = "{responses: {'200': {description: ok}}}"
    item = f"{{get: {operation}, put: {operation}}}"
    with pytest.raises(SpecError, match="more than 3 operations"):
        load(tmp_path, f"{HEAD}paths:\n  /a: {item}\n  /b: {item}\n")


def test_path_items_cost_only_what_they_contain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str | int] = []
    child = Place.child

    def counting(self: Place, key: str | int) -> Place:
        looked_up.append(key)
        return child(self, key)

    monkeypatch.setattr(Place, "child", counting)
    load(tmp_path, f"{HEAD}paths:\n" + "".join(f"  /{n}: {{}}\n" for n in range(1_000)))
    assert len(looked_up) < 5_000
