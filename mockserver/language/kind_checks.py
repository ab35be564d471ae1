"""Check the kinds of arguments and operands in expressions, when a document is loaded.

`expressions.py` gives a parsed expression to a `KindReader`, with the kinds of names (`KnownKinds`,
from `verbs/step_context.py` and `openapi/policies.py`). `read` returns the kinds that its value can
have; `mismatches` has what fails whatever the request is, and becomes problems (MS606). A function
whose arguments are all constants is called to find out. What cannot be known is any kind, and is
checked at request time. `constants_of` yields the constants that an expression can result in.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.base.problems import near
from mockserver.language.functions import FUNCTIONS
from mockserver.language.kinds import (
    ANY,
    BOOLEAN,
    DURATION,
    INSTANT,
    LIST,
    MAP,
    NULL,
    NUMBER,
    NUMERIC,
    TEXT,
    Kinds,
    Signature,
    kinds_of,
    signature_of,
)

_CONSTANTS: Mapping[str, JsonValue] = {"true": True, "false": False, "null": None}
_SLOW = frozenset(("e164",))
"""Functions that are not called with constants at load, because they import large tables."""
_WORLD_SIGNATURES: Mapping[str, Signature] = {
    "uuid": Signature((), None, TEXT),
    "object_id": Signature((), None, TEXT),
    "token": Signature((("length", NUMBER),), None, TEXT),
    "sequence": Signature((("name", TEXT),), None, NUMBER),
    "count": Signature((("collection", TEXT),), None, NUMBER),
    "next_key": Signature((("collection", TEXT),), None, NUMBER),
    "request_url": Signature((("name", TEXT | NULL), ("value", ANY)), None, TEXT),
    "message_status": Signature((("id", ANY),), None, TEXT | NULL),
}
"""The declared kinds of the functions of the sandbox."""


@dataclass(frozen=True, slots=True)
class KnownKinds:
    """The kinds of names, and of members of names; those that are not listed are of any kind."""

    names: Mapping[str, Kinds] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, Kinds]] = field(default_factory=dict)


class KindMismatch(NamedTuple):
    """A part of an expression that always fails."""

    message: str
    hint: str = ""


def constants_of(node: ast.expr) -> Iterator[JsonValue]:
    """Yield the constants that an expression can result in: itself, or its branches."""
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in _CONSTANTS:
        yield _CONSTANTS[node.id]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from (-one for one in constants_of(node.operand) if kinds_of(one) == NUMBER)
    elif isinstance(node, ast.IfExp):
        yield from constants_of(node.body)
        yield from constants_of(node.orelse)
    elif isinstance(node, ast.BoolOp):
        yield from constants_of(node.values[-1])


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    is_name = isinstance(node, ast.Name) and node.id in _CONSTANTS
    return is_name or isinstance(node, ast.Constant)


class KindReader:
    """Finds the kinds of expressions; adds what always fails to `mismatches`."""

    def __init__(self, known: KnownKinds) -> None:
        self._known = known
        self.mismatches: list[KindMismatch] = []

    def read(self, node: ast.expr) -> Kinds:
        """Return the kinds that an expression can have."""
        method = getattr(self, f"_read_{type(node).__name__.lower()}", None)
        if method is not None:
            found: Kinds = method(node)
            return found
        self._read_children(node)
        return ANY

    def _read_children(self, node: ast.expr) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.read(child)

    def _read_constant(self, node: ast.Constant) -> Kinds:
        return kinds_of(node.value)

    def _read_name(self, node: ast.Name) -> Kinds:
        if node.id in self._known.names:
            return self._known.names[node.id]
        return kinds_of(_CONSTANTS[node.id]) if node.id in _CONSTANTS else ANY

    def _read_attribute(self, node: ast.Attribute) -> Kinds:
        return self._member(node.value, node.attr)

    def _read_subscript(self, node: ast.Subscript) -> Kinds:
        self.read(node.slice)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return self._member(node.value, node.slice.value)
        self.read(node.value)
        return ANY

    def _member(self, container: ast.expr, key: str) -> Kinds:
        self.read(container)
        if not isinstance(container, ast.Name):
            return ANY
        return self._known.members.get(container.id, {}).get(key, ANY)

    def _read_list(self, node: ast.List | ast.Tuple) -> Kinds:
        self._read_children(node)
        return LIST

    _read_tuple = _read_list

    def _read_dict(self, node: ast.Dict) -> Kinds:
        self._read_children(node)
        return MAP

    def _read_ifexp(self, node: ast.IfExp) -> Kinds:
        self.read(node.test)
        return self.read(node.body) | self.read(node.orelse)

    def _read_boolop(self, node: ast.BoolOp) -> Kinds:
        found = [self.read(value) for value in node.values]
        kinds = found[-1]
        for one in found[:-1]:
            kinds |= one
        return kinds

    def _read_unaryop(self, node: ast.UnaryOp) -> Kinds:
        operand = self.read(node.operand)
        if isinstance(node.op, ast.Not):
            return BOOLEAN
        self._check_number(node.operand, operand, "-")
        return operand if NUMERIC.accepts(operand) else NUMERIC

    def _read_binop(self, node: ast.BinOp) -> Kinds:
        left, right = self.read(node.left), self.read(node.right)
        sign = _SIGNS.get(type(node.op), "")
        self._check_number(node.left, left, sign)
        self._check_number(node.right, right, sign)
        if sign in _DIVISIONS and isinstance(node.right, ast.Constant) and node.right.value == 0:
            self._add("division by zero")
        return _RESULTS.get((left, sign, right), NUMERIC)

    def _check_number(self, node: ast.expr, given: Kinds, sign: str) -> None:
        if not NUMERIC.accepts(given):
            hint = "join texts as {{ a }}{{ b }}" if sign == "+" and given == TEXT else ""
            self._add(f"`{sign}` takes numbers, but {_shown(node)} is {given}", hint)

    def _read_compare(self, node: ast.Compare) -> Kinds:
        nodes = [node.left, *node.comparators]
        sides = [self.read(one) for one in nodes]
        for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
            if isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                self._check_order(left, right)
        return BOOLEAN

    def _check_order(self, left: Kinds, right: Kinds) -> None:
        if NULL in (left, right) or any(
            one.accepts(left) and one.accepts(right) for one in (TEXT, NUMERIC)
        ):
            return
        pair = {left, right}
        call = "instant" if INSTANT in pair else "duration" if DURATION in pair else "number"
        hint = f"convert the text with {call}()" if TEXT in pair else ""
        self._add(f"cannot order {left} and {right}", hint)

    def _read_call(self, node: ast.Call) -> Kinds:
        arguments = [self.read(one) for one in node.args]
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in FUNCTIONS:
            signature = signature_of(FUNCTIONS[name].call)
        elif name in _WORLD_SIGNATURES:
            signature = _WORLD_SIGNATURES[name]
        else:
            return ANY
        before = len(self.mismatches)
        for index, given in enumerate(arguments):
            self._check_argument(name, node.args[index], given, signature.parameter(index))
        if len(self.mismatches) == before:
            self._check_constants(name, node.args)
        if name == "default" and len(arguments) == 2:  # noqa: PLR2004 - value and fallback
            return Kinds(arguments[0].names - NULL.names) | arguments[1]
        if name in ("min", "max") and len(arguments) == 2:  # noqa: PLR2004 - two values
            return arguments[0] | arguments[1]
        return signature.result

    def _check_argument(
        self, name: str, node: ast.expr, given: Kinds, parameter: tuple[str, Kinds]
    ) -> None:
        label, wanted = parameter
        if not wanted.accepts(given):
            hint = _hint(name, wanted, given)
            message = f"{name}() takes {wanted} as `{label}`, but {_shown(node)} is {given}"
            self._add(message, hint)
            return
        for one in constants_of(node) if wanted.choices else ():
            if isinstance(one, str) and one not in wanted.choices:
                known = ", ".join(wanted.choices)
                self._add(
                    f"{name}() has no `{label}` {one!r}; it has: {known}", near(one, wanted.choices)
                )

    def _check_constants(self, name: str, nodes: list[ast.expr]) -> None:
        """Call a function whose arguments are all constants, and report its failure."""
        if name not in FUNCTIONS or name in _SLOW or not all(map(_is_constant, nodes)):
            return
        arguments = [constant for one in nodes for constant in constants_of(one)]
        if len(arguments) < len(nodes):
            return  # the minus of a value that is no number, which was reported
        try:
            FUNCTIONS[name].call(*arguments)
        except ExpressionError as error:
            self._add(str(error))
        except Exception as error:  # noqa: BLE001 - no document may stop the check of the others
            self._add(f"{name}() fails for these values: {type(error).__name__}")

    def _add(self, message: str, hint: str = "") -> None:
        self.mismatches.append(KindMismatch(message, hint))


_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
_DIVISIONS = ("/", "//", "%")
_RESULTS: Mapping[tuple[Kinds, str, Kinds], Kinds] = {
    (NUMBER, "+", NUMBER): NUMBER,
    (NUMBER, "-", NUMBER): NUMBER,
    (NUMBER, "*", NUMBER): NUMBER,
    (NUMBER, "/", NUMBER): NUMBER,
    (NUMBER, "//", NUMBER): NUMBER,
    (NUMBER, "%", NUMBER): NUMBER,
    (INSTANT, "+", DURATION): INSTANT,
    (DURATION, "+", INSTANT): INSTANT,
    (INSTANT, "-", DURATION): INSTANT,
    (INSTANT, "-", INSTANT): DURATION,
    (DURATION, "+", DURATION): DURATION,
    (DURATION, "-", DURATION): DURATION,
    (DURATION, "*", NUMBER): DURATION,
    (NUMBER, "*", DURATION): DURATION,
}
"""Results of arithmetic that are known exactly; all others are a number of some kind."""


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return f"`{text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + '…'}`"


_LONGEST_SHOWN = 60


def _hint(name: str, wanted: Kinds, given: Kinds) -> str:
    """Return advice for an argument of a wrong kind."""
    if given == DURATION and name in ("duration", "seconds", "minutes", "hours", "days", "weeks"):
        return f"it is a duration already: leave out {name}()"
    if given == INSTANT and name == "instant":
        return "it is an instant already: leave out instant()"
    if given == TEXT and "instant" in wanted.names:
        return "convert the text with instant()"
    if wanted.accepts(TEXT) and NUMERIC.accepts(given):
        return "convert it with text()"
    return "convert the text with number()" if given == TEXT and wanted.accepts(NUMBER) else ""
