"""The steps of an operation as one Python function: built at load, run for every request.

Each step is a few lines of Python in which some names stand for syntax trees: its expressions, and
itself. The names that expressions see become local variables; a step is found again by the line
that its code is given. No text of a document becomes Python but through `expressions`.
"""

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.language.expressions import GLOBALS, SCOPE, WORLD
from mockserver.model.steps import Program, Step

Part = ast.expr | list[ast.stmt]
_LOCAL = "n_"


def code(source: str, line: int, **parts: Part) -> list[ast.stmt]:
    """Read Python in which the names of `parts` stand for expressions, or for statements."""
    module = ast.parse(source)
    for node in ast.walk(module):
        _place(node, line)
    for part in parts.values():
        if isinstance(part, ast.expr):
            for node in ast.walk(part):
                _place(node, line)
    filled = _Fill(parts).visit(module)
    assert isinstance(filled, ast.Module)
    return filled.body


def _place(node: ast.AST, line: int) -> None:
    if isinstance(node, ast.expr | ast.stmt | ast.excepthandler | ast.arg):
        node.lineno = node.end_lineno = line
        node.col_offset = node.end_col_offset = 0


class _Fill(ast.NodeTransformer):
    """Puts parts where their names stand."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self._parts = parts

    def visit_Name(self, node: ast.Name) -> ast.AST:
        part = self._parts.get(node.id)
        return part if isinstance(part, ast.expr) else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        part = self._parts.get(node.value.id) if isinstance(node.value, ast.Name) else None
        return part if isinstance(part, list) else self.generic_visit(node)


def local(name: str) -> ast.expr:
    """Return the variable that a name of the document becomes, to be assigned."""
    return ast.Name(_LOCAL + name, ast.Store())


def variable(name: str) -> ast.expr:
    """Return the variable that a name of the document becomes, to be read."""
    return ast.Name(_LOCAL + name, ast.Load())


def write_back(names: Iterable[str], line: int) -> list[ast.stmt]:
    """Put variables into the scope, for those who look there."""
    known = sorted(names)
    if not known:
        return code("pass", line)
    members = ast.Dict(
        [ast.Constant(name) for name in known],
        [variable(name) for name in known],
    )
    return code("_s.update(members)", line, members=members)


class _Locals(ast.NodeTransformer):
    """Turns members of the scope into variables."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if not isinstance(node.value, ast.Name) or node.value.id != SCOPE:
            return self.generic_visit(node)
        assert isinstance(node.slice, ast.Constant)
        name = str(node.slice.value)
        if name == WORLD:
            return ast.copy_location(ast.Name("run", ast.Load()), node)
        self.used.add(name)
        return ast.copy_location(variable(name), node)


_FRAME = """
def program(run, _s):
    append = run.exchange.trace.append
    beginning
    try:
        body
    except:
        ending
        raise
"""


def assemble(
    steps: tuple[Step, ...],
    body: list[ast.stmt],
    bound: Iterable[str],
    constants: Mapping[str, Any],
) -> Program | None:
    """Make the function; `steps` are those whose lines the statements carry, in order."""
    if not body:
        return None
    names = _Locals()
    body = [names.visit(statement) for statement in body]
    beginning = [
        *(code("name = None", 1, name=local(name))[0] for name in sorted(bound)),
        *(
            code("name = _s[key]", 1, name=local(name), key=ast.Constant(name))[0]
            for name in sorted(names.used.difference(bound))
        ),
    ]
    ending = write_back(bound, 1)
    tree = ast.Module(code(_FRAME, 1, beginning=beginning, body=body, ending=ending), [])
    space: dict[str, Any] = {**GLOBALS, **constants}
    # Safe: the tree was built here, of our own lines and of rebuilt expressions.
    exec(compile(tree, "<steps>", "exec"), space)  # noqa: S102
    return Program(space["program"], steps)
