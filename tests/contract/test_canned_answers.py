import pytest

from mockserver.contract.canned_answers import with_canned_answers
from mockserver.contract.interaction_files import load_interactions
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from tests.conftest import World


@pytest.mark.parametrize(
    ("name", "status", "field"),
    [
        ("Send with a template", 200, "invitation_id"),
        ("Send without WRITE access", 403, "errors"),
        ("Send for a business that is not there", 404, "errors"),
    ],
)
def test_the_answer_of_an_interaction_is_served_by_its_name(
    bundled: list[Api], name: str, status: int, field: str
) -> None:
    (partoo,) = [with_canned_answers(api) for api in bundled if api.name == "partoo"]
    world = World(Engine([partoo], Sandboxes({"partoo": partoo})), prefix="/partoo/v2")
    wanted = {"prefer": f'example="{name}"', "x-apikey": "demo-partoo-key"}
    body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}
    reply = world.send("POST", "/review_booster/send_invitation", body, wanted)
    answers = {one.name: one.interaction.answer.json_body for one in load_interactions(partoo)}
    assert reply.status == status
    assert reply.json == answers[name]
    assert field in reply.json


def test_what_is_answered_without_asking_stays_as_it_was(bundled: list[Api]) -> None:
    for api in bundled:
        canned = with_canned_answers(api)
        assert [one.id for one in canned.operations] == [one.id for one in api.operations]
        for before, after in zip(api.operations, canned.operations, strict=True):
            assert after.program is before.program
