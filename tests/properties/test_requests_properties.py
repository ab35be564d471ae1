"""Whatever is sent, the bundled APIs answer it themselves, and a refusal changes nothing."""

import copy
from typing import Any
from urllib.parse import quote

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import World

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
PHONES = st.sampled_from(["+33647385968", "+447911123456", "+12125551234", "0", "+4412321321321"])
ODD: list[object] = ["a@example.com", "", "5", 0, 1, -1, 1e308, "2026-01-01T00:00:00Z"]
VALUES = JSON | PHONES | st.sampled_from(ODD)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
FIELDS = ["grant_type", "client_id", "client_secret", "code", "refresh_token", "scope"]
KNOWN = ["authorization_code", "refresh_token", "demo-nudge-client", "demo-nudge-secret"]
SENDS: dict[str, dict[str, Any]] = {
    "/cloutly/api/v1/send-review-invite": {
        "firstName": "A",
        "businessId": "44271176-7053-4534-ad6f-b38d132d341e",
        "campaignId": "2c07094a-ed58-4cf2-9595-cf1b1d303d9d",
        "email": "a@example.com",
        "phoneNumber": "+447911123456",
        "channel": {"email": "a@example.com", "phoneNumber": "+447911123456"},
        "inviteDelayDays": 1,
        "source": "s",
    },
    "/cloutly-marketplace/api/v2/vendors/44271176-7053-4534-ad6f-b38d132d341e/send-review-invite": {
        "firstName": "A",
        "channel": {"email": "a@example.com", "phoneNumber": "+447911123456"},
        "inviteDelayHours": 1,
        "products": [{"title": "x"}],
    },
    "/partoo/v2/review_booster/send_invitation": {
        "business_id": "5409c35a97bbc544d8e26737",
        "target_phone": "+33647385968",
        "target_name": "A B",
        "template_id": 31,
        "invite_content": "@link",
        "force": "True",
    },
    "/justanudge/api/zapier/send-review-request": {
        "first_name": "A",
        "email": "a@example.com",
        "mobile_phone_number": "+12125551234",
        "delay_hours": 1,
        "metadata": {},
    },
    "/walr/survey/projects/demo-project/surveys/demo-survey/send-quick-sample": {
        "campaignId": "demo-sms-campaign",
        "recipients": [{"variables": {"phone": "+4740612345"}}],
        "sendTimeUtc": "2026-03-11T08:30:00Z",
    },
}
CREDENTIALS = {
    "cloutly": {"x-api-key": "demo-cloutly-key"},
    "cloutly-marketplace": {"x-api-key": "demo-marketplace-key"},
    "partoo": {"x-apikey": "demo-partoo-key"},
    "justanudge": {"authorization": "Bearer demo-nudge-token"},
    "walr": {"authorization": "Bearer demo-walr-token"},
}
GENTLE = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def api_of(path: str) -> str:
    return path.split("/")[1]


def state(world: World, api: str) -> dict[str, list[Any]]:
    store = world.sandbox().store(api)
    kept = [one for one in store if one.spec.name != "rate_limits"]
    return copy.deepcopy({one.spec.name: list(one) for one in kept})


@GENTLE
@given(path=st.sampled_from(sorted(SENDS)), data=st.data())
def test_a_body_with_anything_in_it_is_answered_by_the_api(
    world: World, path: str, data: st.DataObject
) -> None:
    body = dict(SENDS[path])
    for key in data.draw(st.lists(st.sampled_from(sorted(body)), max_size=3)):
        if data.draw(st.booleans()):
            body[key] = data.draw(VALUES)
        else:
            body.pop(key, None)
    content = orjson.dumps(body, default=str) if _is_small(body) else b"{}"
    before = state(world, api_of(path))
    headers = {**CREDENTIALS[api_of(path)], "content-type": "application/json"}
    reply = world.send("POST", path, content, headers)
    assert reply.status < 500, reply.text
    if reply.status >= 400:
        assert state(world, api_of(path)) == before


def _is_small(value: object) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


@GENTLE
@given(
    path=st.sampled_from(sorted(SENDS)),
    content=st.binary(max_size=200) | JSON.map(repr).map(str.encode),
)
def test_a_body_of_any_bytes_is_answered_by_the_api(
    world: World, path: str, content: bytes
) -> None:
    headers = {**CREDENTIALS[api_of(path)], "content-type": "application/json"}
    assert 400 <= world.send("POST", path, content, headers).status < 500


@GENTLE
@given(
    path=st.sampled_from(
        [
            "/cloutly/api/v1/reviews?source=@&limit=@&offset=@&sort=@&showOnWidget=@",
            "/partoo/v2/review_booster/search-invitation?business_id=@&target_phone=@&after=@&page=@",
            "/partoo/v2/review_booster/invitation_status?invitation_id=@",
            "/cloutly-marketplace/api/v2/vendors/@/reviews?limit=@",
            "/justanudge/api/oauth/zapier/authorize?client_id=demo-nudge-client&redirect_uri=@&scope=@",
            "/justanudge/api/oauth/zapier/authorize?client_id=@&redirect_uri=@&mock_decision=@",
            "/walr/survey/projects/@/surveys/@/send-quick-sample",
            "/@/@",
            "/~@/cloutly/api/v1/businesses",
        ]
    ),
    values=st.lists(
        st.text(st.characters(codec="utf-8"), max_size=30) | st.integers().map(str),
        min_size=5,
        max_size=5,
    ),
)
def test_parameters_of_any_text_are_answered_by_the_api(
    world: World, path: str, values: list[str]
) -> None:
    for value in values:
        path = path.replace("@", quote(value, safe=""), 1)
    headers = CREDENTIALS.get(api_of(path), CREDENTIALS["cloutly"])
    assert world.send("GET", path, None, headers).status < 500


@GENTLE
@given(form=st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(KNOWN) | TEXTS))
def test_the_token_endpoint_answers_any_form(world: World, form: dict[str, str]) -> None:
    body = "&".join(f"{name}={quote(value)}" for name, value in form.items())
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = world.send("POST", "/justanudge/api/oauth/zapier/token", body.encode(), headers)
    assert reply.status in (400, 401)
    assert set(reply.json) == {"error", "error_description"}
