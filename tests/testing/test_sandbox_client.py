import gc
import http.server
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from mockserver import create_app
from mockserver.base.time import Instant
from mockserver.testing import Sandbox, Server
from mockserver.testing.control_connection import ControlCallError, ControlConnection, pages
from tests.testing.conftest import PHONE, World


def test_an_api_is_an_attribute_and_an_item(world: World) -> None:
    marketplace = world.sandbox.cloutly_marketplace
    assert marketplace.name == world.sandbox["cloutly-marketplace"].name == "cloutly-marketplace"
    assert marketplace.base_url.endswith(f"/~{world.sandbox.name}/cloutly-marketplace/api/v2")
    assert [api.name for api in world.sandbox][-1] == "walr"
    assert "cloutly_marketplace" in dir(world.sandbox)


@pytest.mark.parametrize(
    ("look", "told"),
    [
        (lambda box: box.parto, "there is no API 'parto'; did you mean 'partoo'?"),
        (lambda box: box.partoo.records.keyz, "collection of partoo 'keyz'; did you mean 'keys'?"),
        (lambda box: box.partoo.settings.sms_qota, "'sms_qota'; did you mean 'sms_quota'?"),
    ],
)
def test_an_unknown_attribute_says_what_may_be_meant(
    world: World, look: Callable[[Sandbox], object], told: str
) -> None:
    with pytest.raises(AttributeError) as raised:
        look(world.sandbox)
    assert told in str(raised.value)


def test_an_unknown_item_is_a_key_error(world: World) -> None:
    with pytest.raises(KeyError, match="did you mean 'walr'"):
        world.sandbox["wal"]
    with pytest.raises(KeyError, match="did you mean 'keys'"):
        world.sandbox.partoo.records["keyz"]
    with pytest.raises(KeyError, match="did you mean 'cooldown'"):
        world.sandbox.partoo.settings["coldown"] = "P1D"


def test_the_default_sandbox_needs_no_prefix(server: Server) -> None:
    assert server.sandbox().partoo.base_url == f"{server.url}/partoo/v2"


def test_credentials_are_listed_by_scheme(world: World) -> None:
    api = world.sandbox.partoo
    first, second, *_ = api.credentials["ApiKeyAuth"]
    assert (api.api_key, first.value, second.value) == (
        "demo-partoo-key",
        "demo-partoo-key",
        "demo-partoo-read-only",
    )
    assert first.headers == api.headers == {"x-apikey": "demo-partoo-key"}
    assert world.sandbox.walr.headers == {"authorization": f"Bearer {world.sandbox.walr.token}"}


def test_an_api_without_such_a_credential_says_which_it_has(world: World) -> None:
    with pytest.raises(LookupError, match=r"partoo has no .* it has: ApiKeyAuth \(apiKey\)"):
        _ = world.sandbox.partoo.token


def test_a_credential_can_carry_the_sandbox(world: World) -> None:
    api = world.sandbox.cloutly
    url = api.base_url.replace(f"/~{world.sandbox.name}", "") + "/businesses"
    assert world.client.get(url, headers={"x-api-key": api.credential.scoped}).is_success
    assert [item.operation for item in world.sandbox.requests] == ["listBusinesses"]


def test_operations_have_a_method_and_a_path(world: World) -> None:
    operations = world.sandbox.partoo.operations
    assert operations["sendReviewInvitation"] == ("POST", "/review_booster/send_invitation")


def test_the_clock_moves_what_waits(world: World) -> None:
    assert [world.invite().status_code, world.invite().status_code] == [200, 400]
    world.sandbox.clock.advance(days=10)
    assert world.invite().status_code == 200
    assert [message.to for message in world.sandbox.messages] == [PHONE, PHONE]


def test_the_clock_is_set_and_stands_still(world: World) -> None:
    noon = datetime(2030, 1, 31, 12, tzinfo=UTC)
    clock = world.sandbox.clock
    assert clock.freeze(noon) == clock.now == noon
    assert clock.frozen
    assert clock.advance("PT1H") == noon + timedelta(hours=1)
    assert clock.advance(timedelta(milliseconds=1)) == noon + timedelta(hours=1, milliseconds=1)
    assert clock.set("2030-02-01T00:00:00Z") == datetime(2030, 2, 1, tzinfo=UTC)
    clock.thaw()
    assert not clock.frozen


def test_the_clock_is_frozen_exactly_at_the_instant_while_time_goes_on() -> None:
    ticks = count(1_800_000_000_000_000, 1_000)
    app = create_app(clock=lambda: Instant(next(ticks)))
    clock = Sandbox(app, "ticking").clock
    noon = datetime(2030, 1, 31, 12, tzinfo=UTC)
    assert clock.freeze(noon) == clock.now == noon


def test_what_is_no_span_of_time_is_refused(world: World) -> None:
    clock = world.sandbox.clock
    with pytest.raises(TypeError, match="one duration"):
        clock.advance()
    with pytest.raises(TypeError, match="one duration"):
        clock.advance("P1D", days=1)
    with pytest.raises(ValueError, match="no time zone"):
        clock.set(datetime(2030, 1, 1))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="must be at least 0"):
        clock.advance(days=-1)
    with pytest.raises(ControlCallError, match="only moves forwards"):
        clock.advance(days=0)


def test_settings_are_read_and_changed(world: World) -> None:
    settings = world.sandbox.partoo.settings
    settings.sms_quota = 1
    settings["cooldown"] = "PT1S"
    assert (settings.sms_quota, settings["cooldown"]) == (1, "PT1S")
    settings.change(sms_quota=2, cooldown="P1D")
    assert dict(settings)["sms_quota"] == 2
    with pytest.raises(ControlCallError, match="sms_quota"):
        settings.sms_quota = "many"
    with pytest.raises(TypeError, match="cannot be removed"):
        del settings["sms_quota"]


def test_records_are_seeded_and_inspected(world: World) -> None:
    vendors = world.sandbox.cloutly_marketplace.records.vendors
    before = len(vendors)
    vendors.add(id="v/3", marketplace="demo-market", name="Third Stall")
    assert vendors["v/3"]["name"] == "Third Stall"
    vendors.put("v/3", {"marketplace": "demo-market", "name": "Fourth"})
    assert (len(vendors), "v/3" in vendors) == (before + 1, True)
    assert [item["name"] for item in vendors if item["id"] == "v/3"] == ["Fourth"]
    vendors.delete("v/3")
    assert vendors.get("v/3") is None
    with pytest.raises(KeyError, match="v/3"):
        vendors.delete("v/3")
    vendors.clear()
    assert vendors.list() == []


def test_long_lists_are_read_to_their_end(world: World) -> None:
    projects = world.sandbox.walr.records["projects"]
    projects.clear()
    for number in range(1_001):
        projects.add(id=str(number))
    assert len(list(projects)) == 1_001


def test_messages_are_filtered(world: World) -> None:
    world.invite()
    messages = world.sandbox.messages
    assert len(messages.sms) == len(messages.to(PHONE)) == len(messages[:1]) == 1
    assert len(messages.emails) == 0
    last = messages.last
    assert (last.channel, last.status, last.api) == ("sms", "scheduled", "partoo")
    assert last.link
    assert last.link in last.text
    assert last.send_at >= last.created_at
    with pytest.raises(LookupError, match="no such message"):
        _ = messages.emails.last


def test_requests_tell_why(world: World) -> None:
    world.invite()
    world.invite()
    requests = world.sandbox.requests
    assert [(item.status, item.reason) for item in requests] == [(200, None), (400, "cooldown")]
    last = requests.last
    assert last.request["body"] == {
        "business_id": "5409c35a97bbc544d8e26737",
        "target_phone": PHONE,
    }
    assert last.response["status"] == 400
    assert any("refused as cooldown" in decision for decision in last.trace)
    assert repr(last).endswith("send_invitation → 400 (cooldown)")
    requests.clear()
    assert not world.sandbox.requests


def test_reset_forgets_and_sets_the_initial_settings_again(server: Server) -> None:
    sandbox = server.sandbox("reset", {"partoo": {"sms_quota": 7}})
    sandbox.partoo.settings.sms_quota = 8
    later = sandbox.clock.advance(days=400)
    sandbox.reset()
    assert sandbox.partoo.settings.sms_quota == 7
    assert sandbox.clock.now < later
    sandbox.delete()


def test_a_sandbox_can_be_deleted_before_it_is_used(server: Server) -> None:
    server.sandbox("never").delete()
    assert "never" not in [item["name"] for item in server.control.call("GET", "sandboxes")]


def test_a_server_can_be_used_by_its_address_alone(server: Server) -> None:
    with Sandbox(server.url, "by-address") as sandbox:
        assert sandbox.walr.settings.max_recipients == 10_000
    assert sandbox.partoo.name == "partoo"
    sandbox.delete()
    sandbox.close()


def test_a_sandbox_that_is_forgotten_closes_its_connection(server: Server) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert Sandbox(server.url, "forgotten").partoo.name
        gc.collect()
    assert [str(item.message) for item in caught] == []


def test_threads_may_share_a_sandbox(world: World) -> None:
    vendors = world.sandbox.cloutly_marketplace.records.vendors
    vendors.clear()

    def add(first: int) -> None:
        for number in range(first, first + 20):
            vendors.add(id=f"v{number}")

    threads = [threading.Thread(target=add, args=(first,)) for first in range(0, 160, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vendors) == 160


def test_where_nothing_listens_it_says_so(shop: Path) -> None:
    with Server(shop) as server:
        url = server.url
    with pytest.raises(ControlCallError, match=rf"no mockserver answers at {url}"):
        _ = Sandbox(url).clock.now
    with pytest.raises(ValueError, match="is not the address of a mockserver"):
        Sandbox("localhost:8000")


def test_a_connection_that_the_server_closed_is_opened_anew(shop: Path) -> None:
    with Server(shop) as server:
        sandbox = Sandbox(server.url)
        before = sandbox.clock.now
    with Server(shop, port=int(server.url.rpartition(":")[2])):
        assert sandbox.clock.now > before
        sandbox.close()


class OtherService(http.server.BaseHTTPRequestHandler):
    """Answers every request with status 200 and the same body."""

    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.mark.parametrize(
    "content", [b"<html>Welcome</html>", b'{"status": "ok"}', b'["a"]', b"[{}]", b"", b"\xff"]
)
def test_a_service_that_is_no_mockserver_is_named_as_such(
    monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(OtherService, "content", content)
    with http.server.HTTPServer(("127.0.0.1", 0), OtherService) as service:
        for use in (lambda it: it.apis, lambda it: pages(it, "messages", "messages", {})):
            thread = threading.Thread(target=service.handle_request)
            thread.start()
            control = ControlConnection(f"http://127.0.0.1:{service.server_port}")
            with pytest.raises(ControlCallError, match="is not a mockserver"):
                use(control)
            control.close()
            thread.join()


def test_a_control_token_that_no_header_can_have_is_refused(server: Server) -> None:
    control = ControlConnection(server.url, "\u20ac")
    with pytest.raises(ControlCallError, match="control token"):
        control.call("GET", "apis")
