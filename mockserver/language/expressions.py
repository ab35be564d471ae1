"""Compile the expressions `{{ … }}` of documents to Python, when a document is loaded.

A value of a document goes in, with the names that it can use (`KnownNames`). A `Template` (a Python
function of the scope) comes out of `compile_template`; the text of Python code comes out of
`TemplateWriter`, for a program (`programs.py`). Errors in expressions are added to a list of
problems, and never raised. Callers: `verbs/step_context.py` for steps, `openapi/policies.py` for
the rest of `x-mock`. `kinds_of_value` and `constants_of_value` tell verbs what a value can be.

Rules of this module:

- An expression is parsed with Python's own grammar, when its document is loaded. The content of a
  request is never parsed or compiled as an expression.
- The parsed syntax is checked against a whitelist and written again as Python text. Anything that
  is not on the list is an error in the document.
- In this text, a name is a key of the scope or a local variable of a program (a `NameWriter`
  decides), a constant is its `repr`, and every function that is called is in `GLOBALS`, or is a
  function of the sandbox from `KnownNames.functions`. The code has no built-ins, and no attribute
  except these functions and `get` of a map, so it can use nothing else.
- The result is text, not a syntax tree, so that people can read a program exactly as it runs.
"""

import ast
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.language import operators
from mockserver.language.functions import FUNCTIONS, check_pattern
from mockserver.language.kind_checks import KindReader, KnownKinds, constants_of
from mockserver.language.kinds import ANY, TEXT, Kinds, kinds_of
from mockserver.model.failed_expressions import WRITTEN, WrittenCode, WrittenExpression
from mockserver.model.scope import Template

LONGEST_EXPRESSION = 2_000
_DEEPEST_TEMPLATE = 50
"""The maximum number of nested maps and lists around an expression."""
_DEEPEST_EXPRESSION = 120
"""The maximum depth of an expression: with `_DEEPEST_TEMPLATE`, it is below the 200 nested brackets
that Python can parse."""
WORLD = "_world"
"""The name in the scope of the object whose methods are the functions of the sandbox."""

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
"""The functions of the sandbox, with their minimum and maximum number of arguments."""

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
    "_equal": operators.equals,
    "_in": operators.is_in,
    "_less": operators.less,
    "_at_most": operators.at_most,
    "_negate": operators.negate,
    "_status": operators.check_status,
    **{f"_{call.__name__}": call for call in _OPERATORS.values()},
    **{f"_f_{name}": function.call for name, function in FUNCTIONS.items()},
}
"""The operators and functions that the code of expressions can call."""
_CONSTANTS: Mapping[str, JsonValue] = {"true": True, "false": False, "null": None}
_LARGEST_LITERAL = 10**18

NameWriter = Callable[[str], str]
"""A function that returns the Python code of a name in an expression."""


def scope_member(name: str) -> str:
    """Return the code that reads a name from the scope `_s`."""
    return f"_s[{name!r}]"


class _CompositeCode(str):
    """Code that needs parentheses inside another expression."""

    __slots__ = ()


def parenthesized(text: str) -> str:
    """Return code, with parentheses if it needs them inside another expression."""
    return f"({text})" if isinstance(text, _CompositeCode) else text


@dataclass(slots=True)
class KnownNames:
    """The names and functions that an expression can use."""

    names: set[str]
    members: Mapping[str, Iterable[str]] = field(default_factory=dict)
    """The members of names whose members are all known, such as `settings` and `path`."""
    maps: set[str] = field(default_factory=set)
    """Names whose values are always maps or null, so that a field needs no check of the type."""
    functions: Mapping[str, tuple[int, int]] = field(default_factory=lambda: WORLD_FUNCTIONS)
    """The functions of the sandbox, like `WORLD_FUNCTIONS`."""
    kinds: KnownKinds = field(default_factory=KnownKinds)
    """The kinds of the names and members, as far as they are known."""

    def with_names(self, *more: str) -> "KnownNames":
        """Return a copy with more names."""
        names, maps = self.names | set(more), set(self.maps)
        kept = {name: one for name, one in self.kinds.names.items() if name not in more}
        kinds = KnownKinds(kept, self.kinds.members)
        return KnownNames(names, self.members, maps, self.functions, kinds)


class _BadExpression(Exception):  # noqa: N818 - turned into a SpecProblem before it leaves
    """An expression is invalid; the exception has a message and a hint."""

    def __init__(self, message: str, hint: str = "", *, code: str = "MS602") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


def compile_template(
    value: JsonValue, source: Source, known: KnownNames, problems: list[SpecProblem]
) -> Template:
    """Compile a JSON value whose texts may contain expressions; add errors to `problems`."""
    writer = TemplateWriter(known, problems, {}, scope_member)
    text = f"lambda _s: {writer.write(value, source)}"
    written = WrittenCode(text, tuple(writer.written))
    # Safe: the text was written here, of whitelisted syntax whose names are keys of the scope.
    code = compile(text, "<expression>", "eval")
    return cast(Template, eval(code, {**GLOBALS, **writer.constants, WRITTEN: written}))  # noqa: S307


def compile_expression(
    text: JsonValue, source: Source, known: KnownNames, problems: list[SpecProblem]
) -> Template:
    """Compile a text that must be one `{{ … }}`; add errors to `problems`."""
    check_expression(text, source, problems)
    return compile_template(text, source, known, problems)


def check_expression(text: JsonValue, source: Source, problems: list[SpecProblem]) -> None:
    """Add a problem unless a text is one `{{ … }}`."""
    if not isinstance(text, str) or not _is_expression(text):
        problems.append(
            SpecProblem(
                "MS601", source, f"an expression was expected here: {text!r}", "write {{ … }}"
            )
        )


def has_expressions(value: JsonValue) -> bool:
    """Return True if any text in a JSON value contains an expression."""
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(has_expressions(member) for member in value.values())
    return isinstance(value, list) and any(has_expressions(item) for item in value)


def _is_expression(text: str) -> bool:
    """Return True if a text is one expression and nothing else, valid or not."""
    try:
        parts = list(_split_text(text))
    except _BadExpression:
        return True
    return len(parts) == 1 and isinstance(parts[0], ast.expr)


@dataclass(slots=True)
class TemplateWriter:
    """Writes the Python code of JSON values whose texts may contain expressions."""

    known: KnownNames
    problems: list[SpecProblem]
    constants: dict[str, Any]
    """The values that the code uses by name."""
    write_name: NameWriter
    written: list[WrittenExpression] = field(default_factory=list)
    """The texts with expressions that were written, and their code."""

    def write(self, value: JsonValue, source: Source, depth: int = 0) -> str:
        """Return the code of a value; for an invalid one, add a problem and return `None`."""
        if not has_expressions(value):
            return self.constant(value)
        if depth > _DEEPEST_TEMPLATE:
            return self._add_problem("MS605", source, "the expression is nested too deeply")
        if isinstance(value, dict):
            return self.members(value, source, depth + 1)
        if isinstance(value, list):
            items = [self.write(item, source.child(i), depth + 1) for i, item in enumerate(value)]
            return f"[{', '.join(items)}]"
        return self._text_code(value, source)

    def members(self, values: Mapping[str, JsonValue], source: Source, depth: int = 0) -> str:
        """Return the code that builds a new map, even if it contains no expression."""
        members = [
            f"{key!r}: {self.write(member, source.child(key), depth)}"
            for key, member in values.items()
        ]
        return f"{{{', '.join(members)}}}"

    def constant(self, value: Any) -> str:  # noqa: ANN401 - of any type
        """Return a value as a literal if it has a short one, otherwise the name of a constant."""
        if value is None or isinstance(value, str | bool):
            return repr(value)
        if type(value) is int and abs(value) < _LARGEST_LITERAL:
            return repr(value)
        name = f"_k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _add_problem(self, code: str, source: Source, message: str, hint: str = "") -> str:
        self.problems.append(SpecProblem(code, source, message, hint))
        return "None"

    def _text_code(self, text: str, source: Source) -> str:
        try:
            parts = list(_split_text(text))
            code = self._parts_code(parts)
            self._check_kinds(parts, text, source)
        except _BadExpression as error:
            return self._add_problem(
                error.code, source, f"{error} in {_shorten(text)!r}", error.hint
            )
        except RecursionError:
            return self._add_problem("MS605", source, "the expression is nested too deeply")
        self.written.append(WrittenExpression(code, text, source))
        return code

    def _parts_code(self, parts: Iterable[str | ast.expr]) -> str:
        writer = _ExpressionWriter(self.known, self.write_name)
        codes = [writer.visit(part) if isinstance(part, ast.expr) else repr(part) for part in parts]
        return codes[0] if len(codes) == 1 else _call("_join", *codes)

    def _check_kinds(self, parts: Iterable[str | ast.expr], text: str, source: Source) -> None:
        """Add a problem for each argument or operand that always fails."""
        reader = KindReader(self.known.kinds)
        for part in parts:
            if isinstance(part, ast.expr):
                reader.read(part)
        for message, hint in reader.mismatches:
            self._add_problem("MS606", source, f"{message} in {_shorten(text)!r}", hint)


def kinds_of_value(value: JsonValue, known: KnownNames) -> Kinds:
    """Return the kinds that a value of a document can have, whose texts may be expressions."""
    if not isinstance(value, str) or "{{" not in value:
        return kinds_of(value)
    try:
        parts = list(_split_text(value))
        if len(parts) != 1 or isinstance(parts[0], str):
            return TEXT
        return KindReader(known.kinds).read(parts[0])
    except (_BadExpression, RecursionError):
        return ANY


def constants_of_value(value: JsonValue) -> list[JsonValue]:
    """Return the constants that a value can be: itself, or those of an expression's branches."""
    if not isinstance(value, str) or "{{" not in value:
        return [value]
    try:
        parts = list(_split_text(value))
    except _BadExpression:
        return []
    [first, *rest] = parts
    return [] if rest or isinstance(first, str) else [*constants_of(first)]


def _shorten(text: str, most: int = 80) -> str:
    """Return a text, cut to a maximum length for a message."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _split_text(text: str) -> Iterator[str | ast.expr]:
    """Yield the plain parts and the parsed expressions of a text, in order."""
    position = 0
    while (start := text.find("{{", position)) >= 0:
        if start > position:
            yield text[position:start]
        tree, position = _parse_until_close(text, start + 2)
        yield tree
    if position < len(text):
        yield text[position:]


def _parse_until_close(text: str, start: int) -> tuple[ast.expr, int]:
    """Parse up to the first `}}` that completes an expression, which may itself contain braces.

    Return the expression, and the position after the `}}`.
    """
    end = text.find("}}", start)
    if end < 0:
        raise _BadExpression("`{{` is not closed", "close it with `}}`")
    first_error: SyntaxError | None = None
    while end >= 0:
        code = text[start:end].strip()
        if len(code) > LONGEST_EXPRESSION:
            raise _BadExpression("the expression is too long", code="MS605")
        try:
            return ast.parse(code, mode="eval").body, end + 2
        except SyntaxError as error:
            first_error = first_error or error
        except (RecursionError, MemoryError, ValueError):
            raise _BadExpression("the expression is nested too deeply or not text") from None
        end = text.find("}}", end + 1)
    raise _BadExpression(f"this is not an expression ({first_error.msg if first_error else ''})")


def _call(name: str, *arguments: str) -> str:
    return f"{name}({', '.join(arguments)})"


class _ExpressionWriter(ast.NodeVisitor):
    """Writes the code of a parsed expression; raises _BadExpression for what is not allowed."""

    def __init__(self, known: KnownNames, write_name: NameWriter) -> None:
        self._known = known
        self._write_name = write_name
        self._depth = 0

    def visit(self, node: ast.AST) -> str:
        """Return the code of a node and of those below it."""
        if self._depth == _DEEPEST_EXPRESSION:
            raise _BadExpression("the expression is nested too deeply", code="MS605")
        self._depth += 1
        code: str = super().visit(node)
        self._depth -= 1
        return code

    def generic_visit(self, node: ast.AST) -> str:
        kind = type(node).__name__
        raise _BadExpression(
            f"{kind} is not part of the expression language",
            "use names, fields, comparisons, and/or/not, `a if b else c` and functions",
        )

    def visit_Constant(self, node: ast.Constant) -> str:
        if node.value is not None and not isinstance(node.value, str | int | float):
            raise _BadExpression("only text, numbers, true, false and null are constants")
        if isinstance(node.value, float) and math.isinf(node.value):
            return "1e999"
        return repr(node.value)

    def visit_Name(self, node: ast.Name) -> str:
        if node.id in self._known.names:
            return self._write_name(node.id)
        if node.id in _CONSTANTS:
            return repr(_CONSTANTS[node.id])
        choices = [*self._known.names, *_CONSTANTS]
        raise _BadExpression(
            f"{node.id!r} is not defined here", near(node.id, choices), code="MS603"
        )

    def visit_Attribute(self, node: ast.Attribute) -> str:
        return self._member(node.value, node.attr)

    def visit_Subscript(self, node: ast.Subscript) -> str:
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return self._member(node.value, node.slice.value)
        return _call("_get", self.visit(node.value), self.visit(node.slice))

    def _member(self, container: ast.expr, key: str) -> str:
        name = container.id if isinstance(container, ast.Name) else ""
        code = self.visit(container)
        if name in self._known.maps:
            return f"({code} or _nothing).get({key!r})"
        if name not in self._known.members:
            return _call("_get", code, repr(key))
        if key not in (members := list(self._known.members[name])):
            raise _BadExpression(f"{name!r} has no {key!r}", near(key, members), code="MS603")
        return f"{code}[{key!r}]"

    def visit_BoolOp(self, node: ast.BoolOp) -> str:
        word = " and " if isinstance(node.op, ast.And) else " or "
        return _CompositeCode(word.join(parenthesized(self.visit(value)) for value in node.values))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> str:
        if isinstance(node.op, ast.Not):
            return _CompositeCode(f"not {parenthesized(self.visit(node.operand))}")
        if isinstance(node.op, ast.USub):
            return _call("_negate", self.visit(node.operand))
        return self.generic_visit(node.op)

    def visit_BinOp(self, node: ast.BinOp) -> str:
        operator = _OPERATORS.get(type(node.op))
        if operator is None:
            return self.generic_visit(node.op)
        return _call(f"_{operator.__name__}", self.visit(node.left), self.visit(node.right))

    def visit_IfExp(self, node: ast.IfExp) -> str:
        parts = (node.body, node.test, node.orelse)
        body, test, other = (parenthesized(self.visit(part)) for part in parts)
        return _CompositeCode(f"{body} if {test} else {other}")

    def visit_List(self, node: ast.List | ast.Tuple) -> str:
        return f"[{', '.join(self.visit(item) for item in node.elts)}]"

    def visit_Tuple(self, node: ast.Tuple) -> str:
        return self.visit_List(node)

    def visit_Dict(self, node: ast.Dict) -> str:
        members = []
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise _BadExpression("the keys of a map are constant texts")
            members.append(f"{key.value!r}: {self.visit(value)}")
        return f"{{{', '.join(members)}}}"

    def visit_Compare(self, node: ast.Compare) -> str:
        sides = [self.visit(side) for side in (node.left, *node.comparators)]
        nodes = (node.left, *node.comparators)
        pairs = [
            _comparison(node.ops[i], sides[i : i + 2], any(map(_is_text_or_null, nodes[i : i + 2])))
            for i in range(len(node.ops))
        ]
        return (
            pairs[0] if len(pairs) == 1 else _CompositeCode(" and ".join(map(parenthesized, pairs)))
        )

    def visit_Call(self, node: ast.Call) -> str:
        if not isinstance(node.func, ast.Name):
            raise _BadExpression("only functions can be called, not fields")
        if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            raise _BadExpression("functions take plain arguments, in order")
        name, arguments = node.func.id, [self.visit(item) for item in node.args]
        if name in self._known.functions:
            _check_argument_count(name, len(arguments), *self._known.functions[name])
            return _call(f"{self._write_name(WORLD)}.{name}", *arguments)
        if name not in FUNCTIONS:
            hint = near(name, [*FUNCTIONS, *self._known.functions])
            raise _BadExpression(f"there is no function {name!r}", hint, code="MS604")
        _check_arguments(name, len(arguments))
        if name == "matches":
            _check_pattern(node.args[1])
        return _call(f"_f_{name}", *arguments)


def _is_text_or_null(node: ast.expr) -> bool:
    """Return True if a node is a text or null, which equal only values of their own type."""
    if isinstance(node, ast.Name):
        return node.id == "null"
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str))


def _comparison(operator: ast.cmpop, sides: list[str], is_plain: bool) -> str:  # noqa: FBT001 - of the two sides
    left, right = sides
    if isinstance(operator, ast.Is | ast.IsNot):
        raise _BadExpression("`is` is not part of the expression language", "use ==")
    if isinstance(operator, ast.Gt | ast.GtE):
        left, right = right, left
    compared = _call(_COMPARISONS[type(operator)], left, right)
    if isinstance(operator, ast.Eq | ast.NotEq) and is_plain:
        sign = "==" if isinstance(operator, ast.Eq) else "!="
        return _CompositeCode(f"{parenthesized(left)} {sign} {parenthesized(right)}")
    is_negated = isinstance(operator, ast.NotEq | ast.NotIn)
    return _CompositeCode(f"not {compared}") if is_negated else compared


_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "_equal",
    ast.NotEq: "_equal",
    ast.In: "_in",
    ast.NotIn: "_in",
    ast.Lt: "_less",
    ast.Gt: "_less",
    ast.LtE: "_at_most",
    ast.GtE: "_at_most",
}


def _check_argument_count(name: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise _BadExpression(f"{name}() takes {wanted} arguments, not {count}", code="MS604")


def _check_pattern(pattern: ast.expr) -> None:
    """Raise _BadExpression if a constant pattern is not a regular expression."""
    if not isinstance(pattern, ast.Constant):
        return
    try:
        check_pattern(pattern.value)
    except ExpressionError as error:
        raise _BadExpression(str(error), code="MS604") from None


def _check_arguments(name: str, count: int) -> None:
    signature = inspect.signature(FUNCTIONS[name].call)
    parameters = signature.parameters.values()
    variadic = any(item.kind is item.VAR_POSITIONAL for item in parameters)
    positional = [item for item in parameters if item.kind is not item.VAR_POSITIONAL]
    least = sum(item.default is item.empty for item in positional)
    _check_argument_count(name, count, least, 1000 if variadic else len(positional))
