"""The expression language: `{{ … }}` in documents, compiled to functions at load.

An expression is parsed with Python's grammar, checked against a whitelist and rebuilt as new
syntax in which every name is a key of the scope. What comes from a request is never parsed.
"""

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, cast

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, equal
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.language import operators
from mockserver.language.functions import FUNCTIONS, check_pattern
from mockserver.model.scope import Template

LONGEST_EXPRESSION = 2_000
SCOPE = "_s"
"""The variable that holds the scope."""
WORLD = "_world"
"""The member of the scope whose methods are the sandbox's functions."""

WORLD_FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "uuid": (0, 0),
    "object_id": (0, 0),
    "token": (0, 1),
    "sequence": (1, 1),
    "count": (1, 1),
    "next_key": (1, 1),
    "request_url": (0, 2),
    "message_status": (1, 1),
}
"""Functions that need the sandbox, with the least and most arguments they take."""

_OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operators.add,
    ast.Sub: operators.subtract,
    ast.Mult: operators.multiply,
    ast.Div: operators.divide,
    ast.FloorDiv: operators.floor_divide,
    ast.Mod: operators.modulo,
}
GLOBALS: Mapping[str, Any] = {
    "__builtins__": {},
    "_nothing": MappingProxyType({}),
    "_get": operators.get,
    "_join": operators.join,
    "_equal": equal,
    "_in": operators.is_in,
    "_less": operators.less,
    "_at_most": operators.at_most,
    "_negate": operators.negate,
    **{f"_{kind.__name__}": call for kind, call in _OPERATORS.items()},
    **{f"_f_{name}": function.call for name, function in FUNCTIONS.items()},
}
"""What the code of expressions may call, and nothing else."""
_CONSTANTS: Mapping[str, JsonValue] = {"true": True, "false": False, "null": None}


@dataclass(slots=True)
class Known:
    """The names that may stand in an expression."""

    names: set[str]
    members: Mapping[str, Iterable[str]] = field(default_factory=dict)
    """For a name whose members are all known (`settings`, `path`): what they are."""
    maps: set[str] = field(default_factory=set)
    """Names whose values are always maps or null, so that a field is one look-up."""
    functions: Mapping[str, tuple[int, int]] = field(default_factory=lambda: WORLD_FUNCTIONS)
    """The sandbox's functions that can be called here."""

    def with_names(self, *more: str) -> "Known":
        """Return a copy that knows more names."""
        names, maps = self.names | set(more), set(self.maps)
        return Known(names, self.members, maps, self.functions)


class BadExpression(Exception):  # noqa: N818 - turned into a SpecProblem before it leaves
    """Why an expression is not acceptable, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def compile_template(
    value: JsonValue, source: Source, known: Known, problems: list[SpecProblem]
) -> Template:
    """Compile a JSON value whose texts may hold expressions; what is wrong goes to `problems`."""
    constants: dict[str, Any] = {}
    tree = build_tree(value, source, known, problems, constants)
    return _function(tree, constants)


def compile_expression(
    text: JsonValue, source: Source, known: Known, problems: list[SpecProblem]
) -> Template:
    """Compile a text that has to be one `{{ … }}`."""
    check_expression(text, source, problems)
    return compile_template(text, source, known, problems)


def check_expression(text: JsonValue, source: Source, problems: list[SpecProblem]) -> None:
    """Note a problem unless a text is one `{{ … }}`."""
    if not isinstance(text, str) or not is_expression(text):
        problems.append(
            SpecProblem(source, f"an expression was expected here: {text!r}", "write {{ … }}")
        )


def has_expressions(value: JsonValue) -> bool:
    """Tell whether any text in a JSON value holds an expression."""
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(has_expressions(member) for member in value.values())
    return isinstance(value, list) and any(has_expressions(item) for item in value)


def is_expression(text: str) -> bool:
    """Tell whether a text is one expression and nothing else."""
    try:
        parts = list(_split(text))
    except BadExpression:
        return True
    return len(parts) == 1 and isinstance(parts[0], ast.expr)


def _function(tree: ast.expr, constants: Mapping[str, Any]) -> Template:
    if isinstance(tree, ast.Name | ast.Constant):
        value = tree.value if isinstance(tree, ast.Constant) else constants[tree.id]
        return lambda _scope: value
    arguments = ast.arguments([], [ast.arg(SCOPE)], None, [], [], None, [])
    module = ast.Expression(ast.Lambda(arguments, tree))
    ast.fix_missing_locations(module)
    code = compile(module, "<expression>", "eval")
    # Safe: the tree was built here, of whitelisted nodes whose names are keys of the scope.
    return cast(Template, eval(code, {**GLOBALS, **constants}))  # noqa: S307


def build_tree(
    value: JsonValue,
    source: Source,
    known: Known,
    problems: list[SpecProblem],
    constants: dict[str, Any],
) -> ast.expr:
    """Build the syntax of a template; what has no expressions becomes a constant with a name."""
    if not has_expressions(value):
        return constant(value, constants)
    if isinstance(value, dict):
        members = [
            build_tree(member, source.child(key), known, problems, constants)
            for key, member in value.items()
        ]
        return ast.Dict([ast.Constant(key) for key in value], members)
    if isinstance(value, list):
        items = [
            build_tree(item, source.child(index), known, problems, constants)
            for index, item in enumerate(value)
        ]
        return ast.List(items, ast.Load())
    try:
        return _text(value, known)
    except BadExpression as error:
        problems.append(SpecProblem(source, f"{error} in {shorten(value)!r}", error.hint))
    except RecursionError:
        problems.append(SpecProblem(source, "the expression is nested too deeply"))
    return ast.Constant(None)


def constant(value: Any, constants: dict[str, Any]) -> ast.expr:  # noqa: ANN401 - of any type
    """Give a value a name that generated code can use."""
    if value is None or isinstance(value, str | bool | int):
        return ast.Constant(value)
    name = f"_k{len(constants)}"
    constants[name] = value
    return ast.Name(name, ast.Load())


def shorten(text: str, most: int = 80) -> str:
    """Cut a text for a message."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(text: str, known: Known) -> ast.expr:
    parts = [
        _Rebuild(known).visit(part) if isinstance(part, ast.expr) else ast.Constant(part)
        for part in _split(text)
    ]
    return parts[0] if len(parts) == 1 else _call("_join", *parts)


def _split(text: str) -> Iterator[str | ast.expr]:
    """Cut a text into plain pieces and parsed expressions."""
    position = 0
    while (start := text.find("{{", position)) >= 0:
        if start > position:
            yield text[position:start]
        tree, position = _parse_until_close(text, start + 2)
        yield tree
    if position < len(text):
        yield text[position:]


def _parse_until_close(text: str, start: int) -> tuple[ast.expr, int]:
    """Parse up to the first `}}` that completes an expression; braces may stand inside it."""
    end = text.find("}}", start)
    if end < 0:
        raise BadExpression("`{{` is never closed", "close it with `}}`")
    first_error: SyntaxError | None = None
    while end >= 0:
        code = text[start:end].strip()
        if len(code) > LONGEST_EXPRESSION:
            raise BadExpression("the expression is too long")
        try:
            return ast.parse(code, mode="eval").body, end + 2
        except SyntaxError as error:
            first_error = first_error or error
        except (RecursionError, MemoryError, ValueError):
            raise BadExpression("the expression is nested too deeply or not text") from None
        end = text.find("}}", end + 1)
    raise BadExpression(f"this is not an expression ({first_error.msg if first_error else ''})")


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _item(container: ast.expr, key: str) -> ast.expr:
    return ast.Subscript(container, ast.Constant(key), ast.Load())


def _scoped(name: str) -> ast.expr:
    return _item(ast.Name(SCOPE, ast.Load()), name)


class _Rebuild(ast.NodeVisitor):
    """Rebuilds a parsed expression of whitelisted nodes; anything else is a BadExpression."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def generic_visit(self, node: ast.AST) -> ast.expr:
        kind = type(node).__name__
        raise BadExpression(
            f"{kind} is not part of the expression language",
            "use names, fields, comparisons, and/or/not, `a if b else c` and functions",
        )

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if node.value is not None and not isinstance(node.value, str | int | float):
            raise BadExpression("only text, numbers, true, false and null are constants")
        return ast.Constant(node.value)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._known.names:
            return _scoped(node.id)
        if node.id in _CONSTANTS:
            return ast.Constant(_CONSTANTS[node.id])
        choices = [*self._known.names, *_CONSTANTS]
        raise BadExpression(f"{node.id!r} is not defined here", near(node.id, choices))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._member(node.value, node.attr)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return self._member(node.value, node.slice.value)
        return _call("_get", self.visit(node.value), self.visit(node.slice))

    def _member(self, container: ast.expr, key: str) -> ast.expr:
        name = container.id if isinstance(container, ast.Name) else ""
        rebuilt = self.visit(container)
        if name in self._known.maps:
            whole = ast.BoolOp(ast.Or(), [rebuilt, ast.Name("_nothing", ast.Load())])
            return ast.Call(ast.Attribute(whole, "get", ast.Load()), [ast.Constant(key)], [])
        if name not in self._known.members:
            return _call("_get", rebuilt, ast.Constant(key))
        if key not in (members := list(self._known.members[name])):
            raise BadExpression(f"{name!r} has no {key!r}", near(key, members))
        return _item(rebuilt, key)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return ast.BoolOp(node.op, [self.visit(value) for value in node.values])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not):
            return ast.UnaryOp(ast.Not(), self.visit(node.operand))
        if isinstance(node.op, ast.USub):
            return _call("_negate", self.visit(node.operand))
        return self.generic_visit(node.op)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if type(node.op) not in _OPERATORS:
            return self.generic_visit(node.op)
        name = f"_{type(node.op).__name__}"
        return _call(name, self.visit(node.left), self.visit(node.right))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return ast.IfExp(self.visit(node.test), self.visit(node.body), self.visit(node.orelse))

    def visit_List(self, node: ast.List) -> ast.expr:
        return ast.List([self.visit(item) for item in node.elts], ast.Load())

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        return ast.List([self.visit(item) for item in node.elts], ast.Load())

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        for key in node.keys:
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise BadExpression("the keys of a map are constant texts")
        return ast.Dict(node.keys, [self.visit(value) for value in node.values])

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        sides = [self.visit(side) for side in (node.left, *node.comparators)]
        pairs = [
            _comparison(operator, left, right)
            for operator, left, right in zip(node.ops, sides, sides[1:], strict=False)
        ]
        return pairs[0] if len(pairs) == 1 else ast.BoolOp(ast.And(), pairs)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not isinstance(node.func, ast.Name):
            raise BadExpression("only functions can be called, not fields")
        if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            raise BadExpression("functions take plain arguments, in order")
        name, arguments = node.func.id, [self.visit(item) for item in node.args]
        if name in self._known.functions:
            _check_count(name, len(arguments), *self._known.functions[name])
            return ast.Call(ast.Attribute(_scoped(WORLD), name, ast.Load()), arguments, [])
        if name not in FUNCTIONS:
            hint = near(name, [*FUNCTIONS, *self._known.functions])
            raise BadExpression(f"there is no function {name!r}", hint)
        _check_call(name, arguments)
        if name == "matches":
            _check_pattern(arguments[1])
        return _call(f"_f_{name}", *arguments)


def _comparison(operator: ast.cmpop, left: ast.expr, right: ast.expr) -> ast.expr:
    if isinstance(operator, ast.Is | ast.IsNot):
        raise BadExpression("`is` is not part of the expression language", "use ==")
    if isinstance(operator, ast.Gt | ast.GtE):
        left, right = right, left
    compared = _COMPARISONS[type(operator)](left, right)
    negated = isinstance(operator, ast.NotEq | ast.NotIn)
    return ast.UnaryOp(ast.Not(), compared) if negated else compared


def _equality(left: ast.expr, right: ast.expr) -> ast.expr:
    """Compare directly where one side is a text or null, which no other type can equal."""
    plain = any(
        isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, str))
        for side in (left, right)
    )
    return ast.Compare(left, [ast.Eq()], [right]) if plain else _call("_equal", left, right)


_COMPARISONS: Mapping[type[ast.cmpop], Callable[[ast.expr, ast.expr], ast.expr]] = {
    ast.Eq: _equality,
    ast.NotEq: _equality,
    ast.In: partial(_call, "_in"),
    ast.NotIn: partial(_call, "_in"),
    ast.Lt: partial(_call, "_less"),
    ast.Gt: partial(_call, "_less"),
    ast.LtE: partial(_call, "_at_most"),
    ast.GtE: partial(_call, "_at_most"),
}


def _check_count(name: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise BadExpression(f"{name}() takes {wanted} arguments, not {count}")


def _check_pattern(pattern: ast.expr) -> None:
    """Refuse a constant that no request could make a pattern of."""
    if not isinstance(pattern, ast.Constant):
        return
    try:
        check_pattern(pattern.value)
    except ExpressionError as error:
        raise BadExpression(str(error)) from None


def _check_call(name: str, arguments: list[ast.expr]) -> None:
    signature = inspect.signature(FUNCTIONS[name].call)
    parameters = signature.parameters.values()
    variadic = any(item.kind is item.VAR_POSITIONAL for item in parameters)
    positional = [item for item in parameters if item.kind is not item.VAR_POSITIONAL]
    least = sum(item.default is item.empty for item in positional)
    _check_count(name, len(arguments), least, 1000 if variadic else len(positional))
