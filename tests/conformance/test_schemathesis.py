"""Schemathesis against the control API and the five APIs, each from its own document.

Every check is on; what is left out or allowed besides stands in EXCLUSIONS, with its reason.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import schemathesis
from schemathesis.config import SchemathesisConfig

from mockserver.base.asgi import AsgiScope, Receive, Send
from mockserver.control.api_views import credentials
from mockserver.control.control_app import CALLS, control_app
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.openapi.compiler import load_apis
from mockserver.server.application import App
from tests.conftest import ROOT, World

EXAMPLES = 15
"""Generated requests for each operation and kind of data, besides those of the boundaries."""
APIS = load_apis([ROOT / "specs"], BUILT_IN)
HOST = {"Host": "127.0.0.1:8000"}


ACCEPTED = "positive_data_acceptance"


class Exclusion(NamedTuple):
    """What an operation may answer although its schema alone would not let it."""

    api: str
    operations: tuple[str, ...]
    check: str
    statuses: tuple[int, ...]
    """Allowed besides the others; none turns the operation off."""
    reason: str


EXCLUSIONS = (
    Exclusion("control", ("listen",), "", (), "its answer never ends; see test_events.py"),
    Exclusion(
        "control", ("moveClock",), ACCEPTED, (422,), "a clock goes neither back nor past 9999"
    ),
    Exclusion(
        "control",
        ("listMessages",),
        ACCEPTED,
        (422,),
        "an API that is named has to exist, so that a misspelt name does not pass for no messages",
    ),
    Exclusion("control", ("changeSettings",), ACCEPTED, (422,), "each API has settings of its own"),
    Exclusion(
        "control",
        ("addRecord", "putRecord"),
        ACCEPTED,
        (422,),
        "each collection has a key, and the built-in ones fields, of its own",
    ),
    Exclusion(
        "control",
        ("restoreState",),
        ACCEPTED,
        (422,),
        "the APIs, settings and collections of a snapshot have to exist",
    ),
    Exclusion(
        "control",
        ("listRequests", "listHistory"),
        ACCEPTED,
        (422,),
        "RFC 3339 has instants that no clock here shows, and names of a filter have to exist",
    ),
    Exclusion(
        "control", ("makeSandbox",), ACCEPTED, (422,), "`at` is an entry of the sandbox in `from`"
    ),
    Exclusion(
        "control",
        ("replayRequest",),
        ACCEPTED,
        (422,),
        "methods, paths and headers have a syntax, and the path stays in the sandbox",
    ),
    Exclusion(
        "control",
        ("addFault",),
        ACCEPTED,
        (422,),
        "what a fault hits has to exist, and its parts have to go together",
    ),
    Exclusion(
        "control", ("verifyRequests",), ACCEPTED, (422,), "`$regex` has to be a regular expression"
    ),
    Exclusion(
        "cloutly",
        ("sendReviewInvite",),
        ACCEPTED,
        (400,),
        "an e-mail address or a phone number is needed, at the top or in `channel`, and a real one",
    ),
    Exclusion(
        "cloutly-marketplace",
        ("sendReviewInvite", "sendVendorReviewInvite"),
        ACCEPTED,
        (400,),
        "an e-mail address or a phone number is needed, and a real one",
    ),
    Exclusion(
        "walr",
        ("sendQuickSample",),
        ACCEPTED,
        (400,),
        "the vendor's schema lets the recipients be null, but an invite needs some, each with the "
        "campaign's mandatory variable",
    ),
    Exclusion("walr", ("getToken",), ACCEPTED, (400,), "a form's member may stand in it only once"),
    Exclusion(
        "justanudge",
        ("sendReviewRequest",),
        ACCEPTED,
        (400,),
        "an e-mail address or a phone number is needed, and a real one",
    ),
    Exclusion(
        "justanudge",
        ("authorize",),
        ACCEPTED,
        (400,),
        "the client and its redirect address have to be registered (RFC 6749, section 4.1.2.1)",
    ),
    Exclusion(
        "justanudge", ("revoke",), ACCEPTED, (400,), "a form's member may stand in it only once"
    ),
    Exclusion(
        "partoo",
        ("sendReviewInvitation",),
        ACCEPTED,
        (400,),
        "the vendor's document does not say what a phone number and a text have to be like",
    ),
    Exclusion(
        "partoo",
        ("searchReviewInvitation", "getReviewInvitationStatus"),
        ACCEPTED,
        (400,),
        "the vendor's document neither asks for the id nor bounds the numbers",
    ),
)


def config_of(name: str, world: World) -> SchemathesisConfig:
    operations: list[dict[str, Any]] = []
    for one in EXCLUSIONS:
        if one.api == name:
            given: dict[str, Any] = {"include-operation-id": list(one.operations)}
            if one.statuses:
                expected = ["2xx", "3xx", 401, 403, 404, 409, 429, *one.statuses]
                given["checks"] = {one.check: {"expected-statuses": expected}}
            else:
                given["enabled"] = False
            operations.append(given)
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "generation": {
                "deterministic": True,
                "max-examples": EXAMPLES,
                "no-shrink": True,
                "allow-x00": False,
            },
            "headers": HOST,
            "auth": {"openapi": auth_of(name, world)} if name != "control" else {},
            "operations": operations,
        }
    )


def auth_of(name: str, world: World) -> dict[str, dict[str, str]]:
    """Give every security scheme the first credential of the fixtures."""
    found = credentials(world.engine.apis[name], world.sandbox())
    return {
        one["scheme"]: {"api_key" if one["kind"] == "apiKey" else "bearer": one["value"]}
        for one in reversed(found)
    }


def fresh(world: World) -> Callable[[AsgiScope, Receive, Send], Any]:
    """Serve a world in which nothing has happened yet, with each request again."""
    control = control_app(world.engine, lambda: world.now)
    app = App(world.engine, control=lambda: control, clock=lambda: world.now)

    async def serving(scope: AsgiScope, receive: Receive, send: Send) -> None:
        for name in world.engine.sandboxes.names():
            world.engine.sandboxes.delete(name)
        await app(scope, receive, send)

    return serving


Test = Callable[[Any], None]


def conforms(name: str) -> Callable[[Test], Test]:
    """Make a test of every operation of a document."""
    world = World(Engine(APIS, Sandboxes({api.name: api for api in APIS})))
    path = "openapi.json" if name == "control" else f"apis/{name}/openapi.json"
    schema = schemathesis.openapi.from_asgi(
        f"/_mock/{path}", fresh(world), config=config_of(name, world), headers=HOST
    )
    made: Callable[[Test], Test] = schema.parametrize()
    return made


@conforms("control")
def test_the_control_api_does_what_its_document_says(case: Any) -> None:
    case.call_and_validate()


@conforms("cloutly")
def test_cloutly_does_what_its_document_says(case: Any) -> None:
    case.call_and_validate()


@conforms("cloutly-marketplace")
def test_cloutly_marketplace_does_what_its_document_says(case: Any) -> None:
    case.call_and_validate()


@conforms("justanudge")
def test_just_a_nudge_does_what_its_document_says(case: Any) -> None:
    case.call_and_validate()


@conforms("partoo")
def test_partoo_does_what_its_document_says(case: Any) -> None:
    case.call_and_validate()


@conforms("walr")
def test_walr_does_what_its_document_says(case: Any) -> None:
    case.call_and_validate()


def test_every_exclusion_is_about_an_operation_that_there_is() -> None:
    known = {(api.name, one.id) for api in APIS for one in api.operations}
    known |= {("control", call.id) for call in CALLS}
    named = [(one.api, operation) for one in EXCLUSIONS for operation in one.operations]
    assert set(named) <= known
    assert len(set(named)) == len(named)
