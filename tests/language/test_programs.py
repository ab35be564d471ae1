import re
import traceback

import pytest

from mockserver.base.places import Source
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.language.programs import annotated_lines, assemble, variable_name, write_block
from mockserver.model.steps import Otherwise, Program, Step
from mockserver.openapi.compiler import load_apis
from tests.conftest import ROOT


def step(verb: str) -> Step:
    return Step(verb=verb, source=Source("a.yaml", "/x"), otherwise=Otherwise("invalid"))


def program_of(template: str, **constants: object) -> Program:
    made = assemble(
        "api/op",
        (step("let"), step("fail")),
        write_block(2, template, {}),
        (["a"], ["body"]),
        constants,
    )
    assert made is not None
    return made


def test_a_failing_step_is_found_by_its_line() -> None:
    program = program_of("a = body\nfail()", fail=lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError) as caught:
        program.function(FakeRun(), {"body": 1})

    assert program.step_of(caught.value) is program.steps[1]


def test_tracebacks_show_the_lines_of_a_program() -> None:
    program = program_of("a = body\nfail(a)", fail=lambda value: value / 0)

    with pytest.raises(ZeroDivisionError) as caught:
        program.function(FakeRun(), {"body": 1})

    text = "".join(traceback.format_exception(caught.value))
    assert re.search(r'File "api/op.steps", line \d+, in program\n    fail\(a\)\n', text)


def test_what_was_bound_is_in_the_scope_of_a_program_that_failed() -> None:
    program = program_of("a = body\nfail()", fail=lambda: 1 / 0)
    scope: dict[str, object] = {"body": 7}

    with pytest.raises(ZeroDivisionError):
        program.function(FakeRun(), scope)

    assert scope == {"body": 7, "a": 7}


def test_text_of_a_document_is_never_a_placeholder() -> None:
    lines = write_block(1, "a = {value}", {"value": "'{step} {value}'"})

    assert [line.text for line in lines] == ["a = '{step} {value}'"]


@pytest.mark.parametrize(
    ("name", "variable"),
    [("body", "body"), ("run", "n_run"), ("class", "n_class"), ("_x", "n__x"), ("n_a", "n_n_a"),
     ("step_3", "n_step_3"), ("_world", "run")],
)  # fmt: skip
def test_names_of_documents_are_no_names_of_the_program(name: str, variable: str) -> None:
    assert variable_name(name) == variable


def test_a_program_is_printed_with_its_steps() -> None:
    specs = ROOT / "specs"
    (api,) = load_apis([specs / "partoo.yaml", specs / "partoo.overlay.yaml"], BUILT_IN)
    operation = next(one for one in api.operations if one.id == "getReviewInvitationStatus")
    assert operation.program is not None

    printed = "\n".join(annotated_lines(operation.program)) + "\n"

    without_places = re.sub(r"(# step \d+: \w+)  \S+", r"\1", printed)
    assert without_places == (ROOT / "tests" / "language" / "program.golden").read_text()


class FakeExchange:
    def __init__(self) -> None:
        self.trace: list[object] = []


class FakeRun:
    def __init__(self) -> None:
        self.exchange = FakeExchange()
