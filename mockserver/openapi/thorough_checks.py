"""Check a whole document for what is doubtful, although serving does not need it.

`compiler.py` calls `thorough_problems` for `check` and `--strict`, after the compilation. Out come
warnings and notes of `unknown_keys.py` (also for values and examples inside schemas), of
`secret_texts.py` (for every text of the document and the files it refers to) and of
`policy_checks.py`, and warnings for paths with `.` or `..` as a segment. What lies at a place of a
known problem is left out. Examples of media types and parameters are checked in `schemas/`. Nothing
is changed.
"""

from collections.abc import Iterator, Sequence

from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place, References
from mockserver.model.api import Api
from mockserver.openapi.policy_checks import doubtful_policies
from mockserver.openapi.secret_texts import secrets_in
from mockserver.openapi.unknown_keys import unknown_keys

_DOTS = frozenset((".", ".."))


def thorough_problems(
    whole: Place, version: str, references: References, api: Api, known: Sequence[SpecProblem]
) -> Iterator[SpecProblem]:
    """Yield what is doubtful in a document, except at the places of `known` problems.

    Args:
        whole: The document, converted to OpenAPI 3.
        version: Its version before conversion.
        references: Follows its references, and knows the files that were read.
        api: What it was compiled to.
        known: The problems that were found before.
    """
    places = {(problem.source.file, problem.source.pointer) for problem in known}
    unknown = list(unknown_keys(whole, version, references))  # reads files of unused parts, too
    main = whole.document.original or whole.document
    others = [one for one in references.documents() if one.file != main.file]
    for problem in (
        *unknown,
        *secrets_in([main, *others]),
        *doubtful_policies(whole, api),
        *_dotted_paths(api),
    ):
        if (problem.source.file, problem.source.pointer) not in places:
            yield problem


def _dotted_paths(api: Api) -> Iterator[SpecProblem]:
    """Yield a warning for each operation whose path clients change before they send it."""
    for operation in api.operations:
        if not _DOTS.isdisjoint(operation.path.split("/")):
            message = f"clients resolve the dots in {operation.path[:80]!r}, and never send it"
            yield warning("MS129", operation.source, message, "write the path without them")
