"""Write the steps of an operation as one Python function, when its document is loaded.

`verbs/step_context.py` writes the lines of a step from the template of its verb, with `write_block`
and `write_scope`. `verbs/step_compiler.py` calls `assemble`, which returns a `Program` with a
compiled function, or None if there are no lines; `engine/run.py` runs it for every request.
`cli/routes_command.py` prints `annotated_lines`.

Rules of this module:

- A program is Python text. It is written and compiled when its document is loaded, from the
  templates of the verbs and the expressions of the steps. It is called for every request, with the
  run (the `World` of that request) and its scope. `mockserver routes --program OPERATION` prints
  it.
- Text of a document becomes Python only through `expressions.py`, and names of a document only
  through `variable_name`. Templates come from verbs only.
- The names in expressions are local variables of the program: each is read from the scope at the
  start, or bound by a step. They are copied to the scope (`_s.update`) only before a verb that can
  evaluate templates during the request, and when a step raises.
- Each line of the steps has the number of its step. When a step raises, the line in the traceback
  identifies it, so that no step needs an exception handler.
"""

import keyword
import linecache
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.language.expressions import GLOBALS, WORLD, scope_member
from mockserver.model.failed_expressions import WRITTEN, WrittenCode, WrittenExpression
from mockserver.model.steps import Program, Step

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BLOCK = re.compile(r"( *)\{(\w+)\}")
_PROGRAM_NAMES = re.compile(r"_.*|n_.*|step_\d+|run|append|program")
"""Names that the program uses itself, and that variables of documents must not have."""
_INDENT = "        "


class Line(NamedTuple):
    """A line of a program, with the number of its step, from 1; 0 if it belongs to no step."""

    step: int
    text: str


Block = list[Line]


def write_block(step: int, template: str, parts: Mapping[str, str | Block]) -> Block:
    """Return the lines of a step, written from a template.

    Args:
        step: The number of the step, from 1.
        template: Python code with placeholders such as `{name}`. A placeholder is replaced by code,
            or, if it is alone on a line, by a block.
        parts: The code or block of each placeholder.
    """
    lines: Block = []
    for text in template.split("\n"):
        found = _BLOCK.fullmatch(text)
        part = parts[found[2]] if found else None
        if found and isinstance(part, list):
            lines += [Line(line.step, found[1] + line.text) for line in part]
        else:
            lines.append(Line(step, _PLACEHOLDER.sub(lambda one: str(parts[one[1]]), text)))
    return lines


def variable_name(name: str) -> str:
    """Return the name of the Python variable for a name of the document."""
    if name == WORLD:
        return "run"
    assert name.isidentifier()
    is_taken = keyword.iskeyword(name) or _PROGRAM_NAMES.fullmatch(name)
    return f"n_{name}" if is_taken else name


def write_scope(names: Iterable[str], step: int) -> Block:
    """Return the line that copies variables to the scope; no line if there are no variables."""
    members = ", ".join(f"{name!r}: {variable_name(name)}" for name in sorted(names))
    return [Line(step, f"_s.update({{{members}}})")] if members else []


def assemble(
    name: str,
    steps: tuple[Step, ...],
    body: Block,
    names: tuple[Iterable[str], Iterable[str]],
    constants: Mapping[str, Any],
    written: Iterable[WrittenExpression] = (),
) -> Program | None:
    """Compile a program; return None if there are no lines.

    Args:
        name: The name in tracebacks: the API and the operation.
        steps: The steps, in the order of their numbers.
        body: The lines of all steps.
        names: The names that the steps bind, and the names that they read.
        constants: The objects that the lines use by name.
        written: The expressions in the lines, to find the one that fails.
    """
    if not body:
        return None
    bound, read = set(names[0]), set(names[1])
    read -= {*bound, WORLD}
    lines = [
        Line(0, "def program(run, _s):"),
        Line(0, "    append = run.exchange.trace.append"),
        *(Line(0, f"    {variable_name(one)} = None") for one in sorted(bound)),
        *(Line(0, f"    {variable_name(one)} = {scope_member(one)}") for one in sorted(read)),
        Line(0, "    try:"),
        *(Line(line.step, _INDENT + line.text) for line in body),
        Line(0, "    except:"),
        *(Line(0, _INDENT + line.text) for line in write_scope(bound, 0)),
        Line(0, "        raise"),
    ]
    text = "\n".join(line.text for line in lines) + "\n"
    constants = {**constants, WRITTEN: WrittenCode(text, tuple(written))}
    program = Program(f"{name}.steps", text, steps, tuple(line.step for line in lines))
    return _compiled(program, constants)


def _compiled(program: Program, constants: Mapping[str, Any]) -> Program:
    # Tracebacks read lines from the loader of a module when they are first printed (linecache).
    linecache.cache.pop(program.file, None)
    names = {"__name__": program.file, "__loader__": program}
    namespace: dict[str, Any] = {**GLOBALS, **constants, **names}
    # Safe: the text was written here, of templates of verbs and of rebuilt expressions.
    exec(compile(program.text, program.file, "exec"), namespace)  # noqa: S102
    program.function = namespace["program"]
    return program


def annotated_lines(program: Program) -> Iterator[str]:
    """Yield the lines of a program, with a comment before each step: its verb and place."""
    yield f"# {program.file}: {len(program.steps)} steps"
    before = 0
    for number, text in zip(program.lines, program.text.splitlines(), strict=True):
        if number and number != before:
            step = program.steps[number - 1]
            indent = text[: len(text) - len(text.lstrip())]
            yield f"{indent}# step {number}: {step.verb}  {step.source}"
        before = number or before
        yield text
