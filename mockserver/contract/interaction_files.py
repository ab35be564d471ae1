"""Load interactions from files, and report all problems of them with their places.

`cli/contract_options.py`, `cli/diff_command.py`, `checking.py` and `canned_answers.py` call
`load_interactions`. It reads the given files and folders, or `fixtures/<api>/interactions` by the
document or one folder higher, and returns this API's interactions in order; there may be none. All
problems of all files are raised as one `SpecError`: unreadable files, forms, names that occur
twice, unknown operations, settings or collections, references to answers that are not sent before.
Schemas are not compared here: `checking.py` does. `interaction_folders` lists the default folders.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mockserver.base.errors import SettingsError, SpecError
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.contract.conformance import Contract
from mockserver.contract.interactions import InteractionFile, PlacedInteraction
from mockserver.contract.variables import references
from mockserver.documents.block_validation import read_model
from mockserver.documents.document import require_clean_text
from mockserver.documents.document_files import Files
from mockserver.documents.references import Place
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.setting_values import check_settings
from mockserver.model.api import Api

_SUFFIXES = (".yaml", ".yml", ".json")
_FOLDER = "interactions"


def interaction_folders(api: Api) -> list[Path]:
    """List the existing default folders for the interactions of an API.

    They are `fixtures/<api>/interactions` in the folder of the document and in its parent folder.
    """
    folder, here = Path(api.source.file).resolve().parent, Path.cwd()
    found = [place / "fixtures" / api.name / _FOLDER for place in (folder, folder.parent)]
    return [
        folder.relative_to(here) if folder.is_relative_to(here) else folder
        for folder in found
        if folder.is_dir()
    ]


def _interaction_files(paths: Iterable[Path], files: Files) -> list[Path]:
    """List the files that paths name; a folder stands for the JSON and YAML files in it."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [file for file in files.listed(path) if file.suffix.lower() in _SUFFIXES]
        else:
            found.append(path)
    return found


def load_interactions(
    api: Api, paths: Sequence[Path] = (), files: Files | None = None
) -> list[PlacedInteraction]:
    """Load the interactions of an API.

    Args:
        api: The API.
        paths: Files and folders; without any, the default folders of the API.
        files: Reads the files, and records their paths for reloading.

    Raises:
        SpecError: With all problems of the files.
    """
    problems: list[SpecProblem] = []
    loaded: list[_File] = []
    files = files or Files()
    for path in _interaction_files(paths or interaction_folders(api), files):
        try:
            loaded.append(_read(path, files, problems))
        except SpecError as error:
            problems += error.problems
    own = [file for file in loaded if file.model.api in (None, api.name)]
    found = [placed for file in own for placed in file.interactions()]
    problems += _InteractionCheck(api, found).problems()
    if problems:
        raise SpecError(problems)
    return found


@dataclass(frozen=True, slots=True)
class _File:
    model: InteractionFile
    place: Place

    def interactions(self) -> Iterator[PlacedInteraction]:
        group = self.place.document.file if self.model.sandbox == "shared" else ""
        for index, interaction in enumerate(self.model.interactions):
            source = self.place.descend("interactions", index).source
            yield PlacedInteraction(interaction, source, group)


def _read(path: Path, files: Files, problems: list[SpecProblem]) -> _File:
    document = require_clean_text(files.read(path.resolve(), str(path)))
    place = Place(document, "", document.value)
    if not isinstance(document.value, dict):
        message, hint = "this is not an interaction file", "begin it with `interactions:`"
        raise SpecError([SpecProblem("MS901", place.source, message, hint)])
    return _File(read_model(InteractionFile, place, problems), place)


class _InteractionCheck:
    """Finds problems between interactions, and between an interaction and its API."""

    def __init__(self, api: Api, found: Sequence[PlacedInteraction]) -> None:
        self._api = api
        self._contract = Contract(api)
        self._found = found
        self._names = [placed.name for placed in found]

    def problems(self) -> Iterator[SpecProblem]:
        """Yield every problem."""
        seen: dict[str, Source] = {}
        for index, placed in enumerate(self._found):
            if placed.name in seen:
                message = f"{placed.name!r} is already the name of the interaction at "
                yield _problem("MS903", placed, message + str(seen[placed.name]), "name")
            seen.setdefault(placed.name, placed.source)
            yield from self._operation(placed)
            yield from self._given(placed)
            yield from self._references(placed, index)

    def _operation(self, placed: PlacedInteraction) -> Iterator[SpecProblem]:
        named, request = placed.interaction.operation, placed.interaction.request
        known = self._contract.operations
        if named is not None and named not in known:
            hint = near(named, known) or f"there are: {', '.join(known)}"
            yield _problem(
                "MS902", placed, f"there is no operation {named!r}", "operation", hint=hint
            )
            return
        found = self._contract.find_operation(request)
        if found is None:
            message = f"{request.method} {request.path} matches no operation of {self._api.name}"
            yield _problem("MS902", placed, message, "request", "path")
        elif named is not None and found.id != named:
            message = f"{request.method} {request.path} is {found.id!r}, not {named!r}"
            yield _problem("MS902", placed, message, "operation")

    def _given(self, placed: PlacedInteraction) -> Iterator[SpecProblem]:
        given = placed.interaction.given
        try:
            check_settings(self._api, given.settings)
        except SettingsError as error:
            yield _problem("MS904", placed, str(error), "given", "settings")
        collections: Mapping[str, object] = {**self._api.collections, **BUILT_IN}
        for name in given.records:
            if name not in collections:
                message = f"{self._api.name} has no collection {name!r}"
                hint = near(name, collections)
                yield _problem("MS904", placed, message, "given", "records", name, hint=hint)
        for index, name in enumerate(given.after):
            if name not in self._names or name == placed.name:
                hint = near(name, self._names)
                message = f"there is no other interaction {name!r}"
                yield _problem("MS905", placed, message, "given", "after", index, hint=hint)

    def _references(self, placed: PlacedInteraction, index: int) -> Iterator[SpecProblem]:
        """Check that each reference is to the answer of an earlier interaction."""
        before = set(placed.interaction.given.after)
        if placed.group:
            earlier = self._found[:index]
            before |= {other.name for other in earlier if other.group == placed.group}
        request = placed.interaction.request.model_dump(by_alias=True)
        for name in references(request):
            if name not in before:
                message = f"refers to the answer to {name!r}, which is not sent before it"
                hint = near(name, before) or "add its name to given.after"
                yield _problem("MS905", placed, message, "request", hint=hint)


def _problem(
    code: str, placed: PlacedInteraction, message: str, *keys: str | int, hint: str = ""
) -> SpecProblem:
    return SpecProblem(code, placed.source.child(*keys), message, hint)
