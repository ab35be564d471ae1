from pathlib import Path

import pytest

from mockserver.base.errors import SpecError
from mockserver.language.functions import FUNCTIONS, Function
from mockserver.openapi.compiler import load_apis

HEAD = """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
x-mock:
  collections: {orders: {}}
  settings:
    d: {type: duration, default: PT1M}
    n: {type: integer, default: 5}
    s: {type: string, default: text}
    b: {type: boolean, default: true}
paths:
  /a:
    post:
      responses: {"200": {description: ok}}
      x-mock:
        steps:
"""


def problems(folder: Path, steps: str) -> list[str]:
    """Return the problems of a document with these steps, without the file's name."""
    path = folder / "shop.yaml"
    path.write_text(HEAD + "".join(f"          {line}\n" for line in steps.strip().splitlines()))
    try:
        load_apis([path])
    except SpecError as error:
        return [str(problem).partition("shop.yaml:")[2] for problem in error.problems]
    return []


def expression_problems(folder: Path, expression: str) -> list[str]:
    return problems(folder, f'- let: {{x: "{{{{ {expression} }}}}"}}')


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("duration(settings.d)", "duration() takes text as `iso_text`, but `settings.d` is a dur"),
        ("duration(now)", "`now` is an instant"),
        ("seconds(settings.d)", "leave out seconds()"),
        ("hours(settings.s)", "hours() takes a number as `amount`, but `settings.s` is text"),
        ("iso(settings.d)", "iso() takes an instant or a number as `instant`"),
        ("iso(settings.s)", "convert the text with instant()"),
        ("iso(now, 'http')", "iso() has no `style` 'http'; it has: plain, seconds"),
        ("iso(now, 'milisseconds')", "did you mean 'milliseconds'?"),
        ("iso(now, 'date' if body.a else 'dat')", "iso() has no `style` 'dat'"),
        ("iso(now, 5)", "iso() takes text as `style`, but `5` is a number"),
        ("instant(settings.b)", "`settings.b` is a boolean"),
        ("instant('yesterday')", "is not an RFC 3339 instant"),
        ("duration('1 day')", "is not a duration such as PT1M"),
        ("lower(settings.n)", "convert it with text()"),
        ("matches(settings.n, 'a')", "matches() takes text as `value`"),
        ("matches(body.x, settings.n)", "`pattern`"),
        ("replace(body.x, 'a', 5)", "`new`"),
        ("join(settings.s, ',')", "join() takes a list as `items`"),
        ("merge(body.x, [1])", "merge() takes a map as `right`"),
        ("pick(body, 'a', 5)", "pick() takes text as `names`"),
        ("length(now)", "length() takes"),
        ("round(settings.s)", "round() takes a number as `value`"),
        ("round(1.5, 20)", "0 to 9 digits"),
        ("max(settings.b, 1)", "max() takes"),
        ("e164(body.x, null, 'no')", "e164() takes a boolean as `fictional`"),
        ("token('x')", "token() takes a number as `length`"),
        ("sequence(5)", "sequence() takes text as `name`"),
        ("count(null)", "count() takes text"),
        ("settings.s + 1", "`+` takes numbers, but `settings.s` is text"),
        ("'a' + body.x", "join texts as"),
        ("-settings.s", "`-` takes numbers"),
        ("settings.n / 0", "division by zero"),
        ("now < '2030-01-01T00:00:00Z'", "convert the text with instant()"),
        ("settings.b > 1", "cannot order a boolean and a number"),
        ("settings.n if duration(settings.d) else 1", "leave out duration()"),
        ("[{'a': duration(settings.d)}]", "leave out duration()"),
        ("lower(iso(now) if body.x else 5) or lower(settings.n)", "`settings.n`"),
        ("iso(now + settings.d - now)", "is a duration"),
        ("lower(default(body.x.y, 5) and 6)", ""),
    ],
)
def test_an_argument_that_always_fails_is_an_error_of_the_document(
    tmp_path: Path, expression: str, message: str
) -> None:
    found = expression_problems(tmp_path, expression)
    if not message:
        assert found == []
        return
    assert len(found) == 1
    assert found[0].startswith("16:19: /paths/~1a/post/x-mock/steps/0/let/x: ")
    assert message in found[0]


@pytest.mark.parametrize(
    "expression",
    [
        "duration(settings.s)",
        "duration(body.x)",
        "iso(now + settings.d)",
        "iso(now - duration('PT1M'), 'date')",
        "iso(settings.n)",
        "iso(instant(body.x))",
        "iso(default(instant(body.x), now), 'epoch')",
        "iso(max(now, instant(body.x)))",
        "instant(iso(now))",
        "seconds(settings.n * 2)",
        "seconds(settings.d / 1000000)",
        "hours(body.x or 0)",
        "now < instant(body.x)",
        "now - instant(body.x) < settings.d",
        "lower(null)",
        "lower(body.x if body.y else 5)",
        "settings.n > null",
        "-settings.n + settings.d",
        "join(split(settings.s, ','), '')",
        "length(merge(null, {'a': 1}))",
        "minutes(number(body.x))",
        "round(settings.n / 3, 2) < 5",
        "e164(body.x, 'US', settings.b)",
        "token(settings.n)",
    ],
)
def test_an_argument_that_can_fit_is_no_error(tmp_path: Path, expression: str) -> None:
    assert expression_problems(tmp_path, expression) == []


def test_all_arguments_that_fail_are_reported_at_once(tmp_path: Path) -> None:
    steps = """
- let:
    x: "{{ duration(settings.d) + hours(settings.s) }}"
    y: "{{ iso(now, 'http') }} and {{ lower(settings.n) }}"
- respond: {body: {a: "{{ upper(5) }}"}}
"""
    assert len(problems(tmp_path, steps)) == 5


def test_the_kind_of_a_bound_value_is_known_later(tmp_path: Path) -> None:
    steps = """
- let: {span: "{{ duration('PT5M') }}", other: "{{ body.a }}"}
- let: {a: "{{ duration(span) }}", b: "{{ duration(other) }}"}
"""
    (found,) = problems(tmp_path, steps)
    assert "`span` is a duration" in found


def test_a_name_that_is_bound_twice_has_both_kinds(tmp_path: Path) -> None:
    steps = """
- let: {x: "{{ settings.d }}"}
- let: {x: "{{ settings.s }}"}
  when: "{{ body.a }}"
- let: {y: "{{ duration(x) }}"}
"""
    assert problems(tmp_path, steps) == []


@pytest.mark.parametrize(
    "status", ["99", "100", "199", "600", "'abc'", "{{ 1000 }}", "{{ 'abc' }}", "{{ 200.5 }}"]
)
def test_a_status_that_is_none_is_an_error_of_the_document(tmp_path: Path, status: str) -> None:
    quoted = f'"{status}"' if "{{" in status else status
    (found,) = problems(tmp_path, f"- respond: {{status: {quoted}, body: 1}}")
    assert "steps/0/respond/status: a status is a whole number from 200 to 599, not" in found


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("true", "from 200 to 599"),
        ("[200]", "from 200 to 599"),
        ("{{ 201 if body.a else 99 }}", "not 99"),
        ("{{ now }}", "an instant"),
        ("{{ settings.b }}", "a boolean"),
    ],
)
def test_a_branch_or_a_kind_that_is_no_status_is_an_error(
    tmp_path: Path, status: str, message: str
) -> None:
    quoted = f'"{status}"' if "{{" in status else status
    (found,) = problems(tmp_path, f"- respond: {{status: {quoted}}}")
    assert message in found


@pytest.mark.parametrize("status", ["200", "'204'", "599", "null", "{{ body.a }}", "{{ 201 }}"])
def test_a_status_that_can_be_one_is_no_error(tmp_path: Path, status: str) -> None:
    quoted = f'"{status}"' if "{{" in status else status
    assert problems(tmp_path, f"- respond: {{status: {quoted}}}") == []


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ('cooldown: {name: c, subject: a, period: "{{ settings.s }}"}', "a duration"),
        ('take: {quota: q, subject: a, limit: "{{ settings.s }}"}', "a number was expected here"),
        ("take: {quota: q, subject: a, limit: ten}", "a number was expected here"),
        ('take: {quota: q, subject: a, limit: 1, anchor: "{{ settings.d }}"}', "an instant"),
        ('list: {in: orders, limit: "{{ settings.s }}", as: found}', "a number was expected"),
        ('each: {of: "{{ settings.s }}", as: x, steps: []}', "a list was expected here"),
        ('send: {channel: sms, to: a, text: b, at: "{{ settings.s }}"}', "an instant"),
        ('send: {channel: sms, to: a, text: b, sent_after: "{{ now }}"}', "a duration"),
    ],
)
def test_a_field_of_a_step_whose_value_never_fits_is_an_error(
    tmp_path: Path, step: str, message: str
) -> None:
    (found,) = problems(tmp_path, f"- {step}")
    assert message in found


HUGE = "1" + "0" * 400


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (r"sha256_base64url('\\ud800')", "half of a surrogate pair"),
        (r"matches('\\ud800', 'a')", "half of a surrogate pair"),
        (r"matches('a', '\\ud800')", "is not a pattern that matches() can use"),
        (f"seconds({HUGE})", "the number is too large"),
        (f"round(-{HUGE}, 2)", "the number is too large"),
        ("number(-'a')", "`-` takes numbers, but `'a'` is text"),
        ("number(-true)", "`-` takes numbers"),
    ],
)
def test_a_constant_that_a_function_cannot_read_is_a_problem(
    tmp_path: Path, expression: str, message: str
) -> None:
    [problem] = expression_problems(tmp_path, expression)
    assert message in problem


def test_a_function_that_breaks_for_its_constants_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(value: str) -> str:
        raise OverflowError(value)

    monkeypatch.setitem(FUNCTIONS, "lower", Function("lower", broken))
    [problem] = expression_problems(tmp_path, "lower('a')")
    assert "lower() fails for these values" in problem
