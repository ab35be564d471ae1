"""Whatever is sent, a recording never has the secret that was in it."""

from typing import Any
from urllib.parse import quote

import orjson
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.conformance import ReceivedAnswer
from mockserver.contract.masking import Masking
from mockserver.contract.recording import RecordedExchange, Recorder, public_text
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.model.messages import Request
from mockserver.openapi.compiler import load_apis
from tests.conftest import ROOT

CANARY = "canary-7f3a9c51e0b2"
APIS = load_apis([ROOT / "specs"], BUILT_IN)
PUBLIC = {api.name: public_text(api) for api in APIS}
OPERATIONS = {f"{api.name} {one.id}": (api, one) for api in APIS for one in api.operations}
NAMES = st.sampled_from(
    [
        "channel",
        "email",
        "phoneNumber",
        "firstName",
        "businessId",
        "campaignId",
        "recipients",
        "variables",
        "metadata",
        "products",
        "title",
        "text",
        "contact",
        "id",
        "reviews",
        "status",
        "scheduled_for",
        "sendTimeUtc",
        "createdAt",
        "access_token",
        "location",
        "invite_content",
    ]
)
PLACES = ("{}", "Bearer {}", "a {} b", "{}@x.example", "https://x.example/{}", "{}, {}")
TEXTS = st.sampled_from(
    [*(place.format(CANARY, CANARY) for place in PLACES), "2026-03-10", "John Smith", "", "17"]
)
LEAVES = TEXTS | st.none() | st.booleans() | st.integers(-9, 9)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5)
)
HEADERS = st.dictionaries(
    st.sampled_from(["authorization", "x-api-key", "cookie", "x-trace", "accept", "prefer"]), TEXTS
)


@given(
    which=st.sampled_from(sorted(OPERATIONS)),
    body=VALUES,
    answer=VALUES,
    headers=HEADERS,
    query=st.dictionaries(NAMES, TEXTS, max_size=3),
    is_form=st.booleans(),
)
def test_a_recording_never_has_a_secret(
    *,
    which: str,
    body: Any,
    answer: Any,
    headers: dict[str, str],
    query: dict[str, str],
    is_form: bool,
) -> None:
    api, operation = OPERATIONS[which]
    path = operation.path.replace("{", "").replace("}", "")
    sent = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    form = isinstance(body, dict) and is_form
    content = (
        "&".join(f"{key}={quote(str(one))}" for key, one in body.items()).encode()
        if form
        else orjson.dumps(body)
    )
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    request = Request(operation.method, path, sent, {**headers, "content-type": kind}, content)
    status = operation.success
    received = ReceivedAnswer(status, (("content-type", "application/json"),), orjson.dumps(answer))
    recorder = Recorder(api, Masking(PUBLIC[api.name]))
    assert recorder.record(RecordedExchange(request, received))
    assert recorder.record(RecordedExchange(request, received))
    written = recorder.dump()
    assert CANARY.encode() not in written
    assert len(yaml.safe_load(written)["interactions"]) == 2
