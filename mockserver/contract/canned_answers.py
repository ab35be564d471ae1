"""Add the expected answers of interactions to a document as named examples, for `serve --canned`.

`cli/serve_command.py` passes `with_canned_answers` to the server's loading, which calls it for each
API, also at a reload. It reads the API's default interaction files and returns another `Api`, in
which a client requests an answer with `Prefer: example=NAME`. Left out are answers without JSON,
with a status that the document does not describe, or whose response has only other media types than
application/json. An invalid interaction raises `SpecError`.
"""

from collections.abc import Iterable
from dataclasses import replace

from mockserver.base.http import media_type
from mockserver.contract.conformance import Contract
from mockserver.contract.interaction_files import load_interactions
from mockserver.documents.document_files import Files
from mockserver.engine.documented_answers import response_for
from mockserver.model.api import Api, Operation
from mockserver.model.contents import DocumentedResponse, Example, ResponseMedia

_JSON = "application/json"


def with_canned_answers(api: Api, files: Files | None = None) -> Api:
    """Add the answers of an API's interactions to the examples of its operations.

    Args:
        api: The API.
        files: Reads the interaction files, and records their paths for reloading.

    Raises:
        SpecError: If an interaction is invalid.
    """
    contract = Contract(api)
    found: dict[tuple[str, str], list[Example]] = {}
    for placed in load_interactions(api, files=files):
        operation = contract.operation_of(placed.interaction)
        answer = placed.interaction.answer
        documented = response_for(operation, answer.status)
        if documented is not None and answer.has_json:
            example = Example(placed.name, answer.json_body)
            found.setdefault((operation.id, documented.status), []).append(example)
    return replace(api, operations=tuple(_with_examples(one, found) for one in api.operations))


def _with_examples(operation: Operation, found: dict[tuple[str, str], list[Example]]) -> Operation:
    responses = tuple(
        _response_with_examples(one, found.get((operation.id, one.status), ()))
        for one in operation.responses
    )
    return replace(operation, responses=responses)


def _response_with_examples(
    response: DocumentedResponse, added: Iterable[Example]
) -> DocumentedResponse:
    examples = tuple(added)
    if not examples:
        return response
    media = tuple(_media_with_examples(one, examples) for one in response.media)
    return replace(response, media=media or (ResponseMedia(_JSON, examples, None),))


def _media_with_examples(media: ResponseMedia, added: tuple[Example, ...]) -> ResponseMedia:
    if media_type(media.media_type).name != _JSON:
        return media
    return replace(media, examples=(*media.examples, *added))
