"""Write texts of the expression language, in which inferred behaviour is expressed.

In: names and JSON values. Out: texts; `literal` returns a value in which text that looks like an
expression is escaped. Callers: the modules of this package that write steps or records. Nothing is
parsed or evaluated here.
"""

import json
import keyword

from mockserver.base.json import JsonValue


def template(expression: str) -> str:
    """Write an expression as a value of a document: `{{ expression }}`."""
    return f"{{{{ {expression} }}}}"


def member(container: str, name: str) -> str:
    """Write the access to a member of a map."""
    if name.isidentifier() and name.isascii() and not keyword.iskeyword(name):
        return f"{container}.{name}"
    return f"{container}[{quoted(name)}]"


def quoted(text: str) -> str:
    """Write a string as a constant of an expression."""
    return json.dumps(text, ensure_ascii=False)


def mapping(members: dict[str, str]) -> str:
    """Write a map literal, with an expression for each member."""
    return "{" + ", ".join(f"{quoted(name)}: {value}" for name, value in members.items()) + "}"


def names(listed: list[str]) -> str:
    """Write names as further arguments of a call, each with a comma before it."""
    return "".join(f", {quoted(name)}" for name in listed)


def literal(value: JsonValue) -> JsonValue:
    """Write a value as data of a document: strings that contain `{{` are escaped."""
    if isinstance(value, dict):
        return {str(name): literal(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [literal(item) for item in value]
    return template(quoted(value)) if isinstance(value, str) and "{{" in value else value


def constant(value: JsonValue) -> str:
    """Write any JSON value as a constant of an expression."""
    if isinstance(value, dict):
        return mapping({str(name): constant(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return "[" + ", ".join(map(constant, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
