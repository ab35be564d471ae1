"""Small changes of a module's code, each of which a test should notice."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
"""The operators in place of each: its edge moved, and the comparison turned round."""
_SHOWN = 70
_ANNOTATIONS = ("annotation", "returns", "decorator_list", "type_params")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change."""

    first_line: int
    """The first line of the changed statement."""
    line: int
    last_line: int
    before: str
    after: str
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, and the way to it from the root: fields and indexes."""

    node: ast.AST
    way: tuple[tuple[str, int | None], ...]
    statement: ast.stmt
    """The statement that contains it."""


def mutants(source: str) -> Iterator[Mutant]:
    """Yield all mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    found = [
        (place, replacement)
        for place in _places(tree, (), None)
        for replacement in _replacements(place.node)
    ]
    for place, replacement in sorted(found, key=lambda one: _line(one[0].node)):
        changed = copy.deepcopy(tree)
        _put(changed, place.way, ast.copy_location(replacement, place.node))
        yield Mutant(
            place.statement.lineno,
            _line(place.node),
            getattr(place.node, "end_lineno", None) or place.statement.lineno,
            *_shown(place.node, replacement),
            ast.fix_missing_locations(changed),
        )


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _shown(node: ast.AST, replacement: ast.AST) -> tuple[str, str]:
    """Return the first parts of two codes that differ."""
    before, after = (" ".join(ast.unparse(one).split()) for one in (node, replacement))
    same = zip(before, after, strict=False)
    start = next((at for at, pair in enumerate(same) if pair[0] != pair[1]), len(after))
    start = max(0, start - _SHOWN // 2) if len(before) > _SHOWN else 0
    return before[start : start + _SHOWN], after[start : start + _SHOWN]


def _places(
    node: ast.AST, way: tuple[tuple[str, int | None], ...], statement: ast.stmt | None
) -> Iterator[_Place]:
    """Yield the places below a node, except those of annotations and docstrings."""
    for name, value in ast.iter_fields(node):
        if name in _ANNOTATIONS:
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if not isinstance(child, ast.AST) or _is_text(child):
                continue
            below = child if isinstance(child, ast.stmt) else statement
            place = (*way, (name, index))
            if below is not None:
                yield _Place(child, place, below)
            yield from _places(child, place, below)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _put(tree: ast.AST, way: tuple[tuple[str, int | None], ...], node: ast.AST) -> None:
    parent: ast.AST = tree
    for name, index in way[:-1]:
        value = getattr(parent, name)
        parent = value if index is None else value[index]
    name, index = way[-1]
    if index is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that take the place of a node, one in each mutant."""
    match node:
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp(ast.And(), values):
            yield ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(ast.Or(), values):
            yield ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.Constant(bool() | int() as value):
            yield from _constants(value)
        case ast.Call(ast.Attribute(ast.Name("re"), "compile"), [ast.Constant(str() as text), *_]):
            yield from _patterns(node, text)
        case ast.If() | ast.IfExp() | ast.While():
            yield from _branches(node)
        case _:
            pass


def _constants(value: bool | int) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    else:
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            operators = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield ast.Compare(node.left, operators, node.comparators)


def _branches(node: ast.If | ast.IfExp | ast.While) -> Iterator[ast.AST]:
    """Turn a plain condition round, and remove the return or the raise of a branch."""
    if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
        changed = copy.copy(node)
        changed.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        yield changed
    if isinstance(node, ast.If) and not node.orelse:
        *others, last = node.body
        if isinstance(last, ast.Return | ast.Raise | ast.Continue):
            without = copy.copy(node)
            without.body = [*others, ast.copy_location(ast.Pass(), last)]
            yield without


def _patterns(node: ast.Call, text: str) -> Iterator[ast.AST]:
    """Drop each alternative of a regular expression."""
    alternatives = _alternatives(text)
    if len(alternatives) == 1:
        return
    for index in range(len(alternatives)):
        rest = "|".join(alternatives[:index] + alternatives[index + 1 :])
        yield ast.Call(node.func, [ast.Constant(rest), *node.args[1:]], node.keywords)


def _alternatives(text: str) -> list[str]:
    """Split a regular expression at the bars outside of groups and classes."""
    parts, depth, is_class, position = [""], 0, False, 0
    while position < len(text):
        taken = text[position : position + (2 if text[position] == "\\" else 1)]
        is_class = taken == "[" or (is_class and taken != "]")
        depth += 0 if is_class else (taken == "(") - (taken == ")")
        if taken == "|" and not depth and not is_class:
            parts.append("")
        else:
            parts[-1] += taken
        position += len(taken)
    return parts
