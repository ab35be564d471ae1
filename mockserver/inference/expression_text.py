"""How inferred behaviour is written: expressions from names, values and schemas."""

import json
import keyword

from mockserver.base.json import JsonValue


def said(expression: str) -> str:
    """Write an expression as a value of a document."""
    return f"{{{{ {expression} }}}}"


def member(container: str, name: str) -> str:
    """Write the look-up of a member."""
    if name.isidentifier() and name.isascii() and not keyword.iskeyword(name):
        return f"{container}.{name}"
    return f"{container}[{quoted(name)}]"


def quoted(text: str) -> str:
    """Write a text as a constant of an expression."""
    return json.dumps(text, ensure_ascii=False)


def mapping(members: dict[str, str]) -> str:
    """Write a map of expressions, as an expression."""
    return "{" + ", ".join(f"{quoted(name)}: {value}" for name, value in members.items()) + "}"


def names(given: list[str]) -> str:
    """Write names as the further arguments of a call."""
    return "".join(f", {quoted(name)}" for name in given)


def literal(value: JsonValue) -> JsonValue:
    """Write a value in which nothing is an expression, whatever its texts hold."""
    if isinstance(value, dict):
        return {str(name): literal(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [literal(item) for item in value]
    return said(quoted(value)) if isinstance(value, str) and "{{" in value else value


def constant(value: JsonValue) -> str:
    """Write a value as a constant of an expression."""
    if isinstance(value, dict):
        return mapping({str(name): constant(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return "[" + ", ".join(map(constant, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
