"""The steps of an operation as one Python function: written at load, run for every request.

Rules of this module:

- A program is Python text. It is written once, when its document is loaded, from the templates of
  the verbs and the expressions of the steps, compiled, and called for every request with the run
  and its scope. `mockserver routes --program OPERATION` prints it.
- No text of a document becomes Python but through `expressions`; templates come from verbs only.
- The names that expressions see are local variables of the program: each is read from the scope
  once, at the start, or bound by a step. They are written back into the scope (`_s.update`) only
  where a template is evaluated outside the program, and when a step refuses.
- Every line belongs to a step. A step that raised is found again by the line of the traceback, so
  no step needs a handler of its own; tracebacks show the lines of the program.
"""

import keyword
import linecache
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.language.expressions import GLOBALS, WORLD, scope_member
from mockserver.model.steps import Program, Step

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BLOCK = re.compile(r"( *)\{(\w+)\}")
_OWN_NAMES = re.compile(r"_.*|n_.*|step_\d+|run|append|program")
"""Names that the program uses itself."""
_INDENT = "        "


class Line(NamedTuple):
    """A line of a program, and the number of the step it belongs to, from 1."""

    step: int
    text: str


Block = list[Line]


def write_block(step: int, template: str, parts: Mapping[str, str | Block]) -> Block:
    """Write lines of a step.

    Args:
        step: Its number, from 1.
        template: Python in which `{name}` stands for an expression, or alone on a line for a block.
        parts: What the placeholders stand for.
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
    """Return the variable that a name of the document becomes."""
    if name == WORLD:
        return "run"
    assert name.isidentifier()
    is_taken = keyword.iskeyword(name) or _OWN_NAMES.fullmatch(name)
    return f"n_{name}" if is_taken else name


def write_scope(names: Iterable[str], step: int) -> Block:
    """Write the lines that put variables into the scope, for those who look there."""
    members = ", ".join(f"{name!r}: {variable_name(name)}" for name in sorted(names))
    return [Line(step, f"_s.update({{{members}}})")] if members else []


def assemble(
    name: str,
    steps: tuple[Step, ...],
    body: Block,
    names: tuple[Iterable[str], Iterable[str]],
    constants: Mapping[str, Any],
) -> Program | None:
    """Compile a program; None if there are no steps.

    Args:
        name: What tracebacks call it: the API and the operation.
        steps: In the order of their numbers.
        body: The lines of all steps.
        names: Those that the steps bind, and those that they read.
        constants: What the lines refer to by name.
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
    return _compiled(f"{name}.steps", steps, lines, constants)


def _compiled(
    file: str, steps: tuple[Step, ...], lines: Block, constants: Mapping[str, Any]
) -> Program:
    text = "\n".join(line.text for line in lines) + "\n"
    program = Program(file, text, steps, tuple(line.step for line in lines))
    # Tracebacks read lines from the loader of a module when they are first printed (linecache).
    linecache.cache.pop(file, None)
    space: dict[str, Any] = {**GLOBALS, **constants, "__name__": file, "__loader__": program}
    # Safe: the text was written here, of templates of verbs and of rebuilt expressions.
    exec(compile(text, file, "exec"), space)  # noqa: S102
    program.function = space["program"]
    return program


def annotated_lines(program: Program) -> Iterator[str]:
    """Yield the lines of a program for people: each step begins with its verb and place."""
    yield f"# {program.file}: {len(program.steps)} steps"
    before = 0
    for number, text in zip(program.lines, program.text.splitlines(), strict=True):
        if number and number != before:
            step = program.steps[number - 1]
            indent = text[: len(text) - len(text.lstrip())]
            yield f"{indent}# step {number}: {step.verb}  {step.source}"
        before = number or before
        yield text
