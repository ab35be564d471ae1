import ast

import pytest

from tests.mutation.mutants import mutants


def changes(source: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.before, one.after) for one in mutants(source)]


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("a < b", ["a <= b", "a >= b"]),
        ("a >= b", ["a > b", "a < b"]),
        ("a == b", ["a != b"]),
        ("a is not b", ["a is b"]),
        ("a < b == c", ["a <= b == c", "a >= b == c", "a < b != c"]),
        ("a and b or c", ["(a and b) and c", "a or b"]),
        ("not a", ["a"]),
        ("x = 5", ["6", "4"]),
        ("x = True", ["False"]),
        ("x = 'text'", []),
        ("a if b else c", ["a if not b else c"]),
    ],
)
def test_each_operator_and_constant_has_its_changes(source: str, after: list[str]) -> None:
    found = [ast.unparse(ast.parse(one)) for _, _, one in changes(source)]
    assert found == [ast.unparse(ast.parse(one)) for one in after]


def test_a_return_at_the_end_of_a_branch_is_removed_and_its_condition_turned_round() -> None:
    source = "def f(a):\n    if a:\n        return b\n    return c\n"
    found = [ast.unparse(one.tree) for one in mutants(source)]
    assert found == [
        ast.unparse(ast.parse(source.replace("if a", "if not a"))),
        ast.unparse(ast.parse(source.replace("return b", "pass"))),
    ]


def test_annotations_docstrings_and_decorators_stay() -> None:
    source = '@g(1)\ndef f(a: "Literal[1]" = b) -> d[1]:\n    "Return 1."\n'
    assert changes(source) == []


def test_each_alternative_of_a_regular_expression_is_dropped() -> None:
    source = 'x = re.compile(r"a\\|b|(c|d)|[|]e")'
    patterns = [ast.literal_eval(after[11:-1]) for _, _, after in changes(source)]
    assert patterns == [r"(c|d)|[|]e", r"a\|b|[|]e", r"a\|b|(c|d)"]


def test_a_mutant_differs_from_its_source_in_one_place() -> None:
    source = "x = 1\nif a < b:\n    y = 2\n"
    assert changes(source) == [
        (1, "1", "2"),
        (1, "1", "0"),
        (2, "a < b", "a <= b"),
        (2, "a < b", "a >= b"),
        (3, "2", "3"),
        (3, "2", "1"),
    ]
