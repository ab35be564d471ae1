"""The demonstration: invitations arrive, a review is left, and it comes back."""

import re
import shlex
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import CLOUTLY_KEY, Dashboard
from tests.served import Served


def test_invitations_arrive_and_the_review_comes_back(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("messages")
    dashboard.sees("No message was sent yet.")
    dashboard.invite_by_partoo(target_name="John Doe", template_id=31)
    dashboard.hears("New SMS to +33647385968")
    dashboard.sees("Would you leave us a review?")
    dashboard.invite_by_cloutly()
    expect(page.locator(".conversation")).to_have_count(2)
    expect(page.locator(".conversation").first).to_contain_text("ann@example.com")

    page.locator(".conversation").first.click()
    with page.context.expect_page() as opened:
        page.locator(".mail .words a").click()
    form = opened.value
    form.get_by_label("5 stars").check(force=True)
    form.get_by_label("Your review").fill("Gentle hands, no waiting.")
    form.get_by_role("button", name="Send the review").click()
    expect(form.locator("h1")).to_contain_text("Thank you")

    dashboard.hears("A review was left.")
    expect(page.locator(".view-reviews .count")).to_contain_text("1")
    reviews = dashboard.send("GET", "/cloutly/api/v1/reviews", headers=CLOUTLY_KEY)
    assert reviews.json()["reviews"][0]["text"] == "Gentle hands, no waiting."
    page.get_by_role("link", name=re.compile("^Reviews")).click()
    dashboard.sees("Gentle hands, no waiting.")
    page.get_by_role("link", name="the message").click()
    dashboard.sees("ann@example.com")
    assert dashboard.breaches() == []


def test_a_quota_runs_out_and_says_so(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("apis/partoo")
    page.get_by_label("sms_quota").fill("1")
    page.get_by_label("sms_quota").press("Enter")
    dashboard.hears("sms_quota is 1.")
    dashboard.invite_by_partoo()
    assert dashboard.invite_by_partoo("+33601020304").status_code == 403
    page.get_by_role("link", name="State").click()
    expect(page.get_by_role("heading", name="State")).to_be_visible()
    page.get_by_role("link", name="partoo").click()
    meter = page.get_by_role("meter", name="sms of demo-org")
    expect(meter).to_have_attribute("aria-valuetext", "0 of 1 left")
    page.get_by_role("link", name="Requests").click()
    page.locator(".exchange").first.click()
    dashboard.sees("Refused by quota sms: demo-org has 0 of 1 left")
    page.go_back()
    page.get_by_label("Reason").select_option("quota_exhausted")
    expect(page.locator(".exchange")).to_have_count(1)
    assert "reason=quota_exhausted" in page.url


def test_ten_days_pass_in_a_moment(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.invite_by_partoo()
    dashboard.control("POST", "clock", json={"advance": "P3D"})
    assert dashboard.invite_by_partoo().status_code == 400
    dashboard.open("requests/r2")
    verdict = page.locator(".verdict p").first
    expect(verdict).to_contain_text("Refused by cooldown sms: +33647385968 was last allowed 3 days")
    expect(verdict).to_contain_text("allowed again on")
    page.get_by_role("link", name="Controls").click()
    page.get_by_role("button", name="10 days").click()
    dashboard.hears("The time is now")
    page.go_back()
    page.get_by_role("button", name="Replay").click()
    dashboard.hears("Sent again as r3: 200.")
    expect(page.locator(".detail .badge").first).to_have_text("200")


def test_a_scheduled_message_goes_out_when_its_time_has_come(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.invite_by_cloutly(inviteDelayDays=1)
    dashboard.open("messages")
    expect(page.locator(".countdown")).to_contain_text("will be sent in 23 hours")
    page.get_by_role("link", name="Controls").click()
    page.get_by_role("button", name="Go to the next scheduled message").click()
    dashboard.hears("The time is now")
    page.go_back()
    expect(page.locator(".mail .facts")).to_contain_text("delivered")


def test_the_clock_stands_still_when_it_is_told_to(dashboard: Dashboard) -> None:
    dashboard.open("controls")
    dashboard.page.get_by_role("button", name="Freeze").click()
    expect(dashboard.page.locator("#clock")).to_contain_text("frozen")
    assert dashboard.control("GET", "clock")["frozen"] is True


def test_the_end_of_a_cooldown_is_a_click_away(dashboard: Dashboard) -> None:
    dashboard.invite_by_partoo()
    dashboard.open("state/partoo")
    dashboard.page.get_by_role("button", name=re.compile("Go to the end")).click()
    dashboard.sees("No cooldown is active.")
    assert dashboard.invite_by_partoo().status_code == 200


def test_another_sandbox_is_another_world(look: Callable[..., Dashboard], served: Served) -> None:
    dashboard = look(served, sandbox="world-one")
    page = dashboard.page
    dashboard.invite_by_partoo()
    dashboard.open("messages")
    dashboard.sees("+33647385968")
    dashboard.control("PUT", "sandboxes/world-two")
    page.reload()
    page.get_by_label("Sandbox").select_option("world-two")
    dashboard.sees("No message was sent yet.")
    assert "sandbox=world-two" in page.url
    dashboard.sandbox = "world-two"
    dashboard.invite_by_partoo("+33601020304")
    dashboard.sees("+33601020304")


def test_a_snapshot_brings_everything_back(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.invite_by_partoo()
    dashboard.open("controls")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    page.get_by_role("button", name="Reset the sandbox").click()
    dashboard.hears("reset to its initial state")
    assert dashboard.control("GET", "messages")["total"] == 0
    page.get_by_label("Restore from a file").set_input_files(download.value.path())
    dashboard.hears("The snapshot was restored")
    assert dashboard.control("GET", "messages")["total"] == 1


def test_a_fault_is_added_met_and_removed(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("controls")
    page.get_by_label("Requests to").select_option("partoo")
    page.get_by_label("Operation").select_option("POST /review_booster/send_invitation")
    page.get_by_label("Effect").select_option("answer a status")
    page.get_by_label("Status", exact=True).fill("502")
    page.get_by_text("More").click()
    page.get_by_label("Retry-After, seconds").fill("7")
    page.get_by_role("button", name="Add fault").click()
    dashboard.sees("times 1, retry_after 7, status 502")
    refused = dashboard.invite_by_partoo()
    assert (refused.status_code, refused.headers["retry-after"]) == (502, "7")
    expect(page.get_by_role("table", name="Faults").locator("tbody tr")).to_contain_text("0")
    page.get_by_role("button", name=re.compile("^Remove")).click()
    dashboard.sees("all requests are answered normally")


def test_a_curl_command_is_copied_and_works(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("apis/partoo")
    page.get_by_role("button", name="Copy curl for sendReviewInvitation").click()
    dashboard.hears("Copied.")
    command = page.evaluate("navigator.clipboard.readText()")
    assert command.startswith(f"curl -s {dashboard.url}/~{dashboard.sandbox}/partoo/v2/")
    assert "-H 'x-apikey: demo-partoo-key'" in command
    assert "--json '{" in command


def test_what_is_copied_is_quoted_for_a_shell(dashboard: Dashboard) -> None:
    words = ["it's", "a b", "$(rm -r /)", "`x`", 'say "hi"', "l\nm", "", "-plain/word", "\\"]
    dashboard.open("apis/partoo")
    command = dashboard.page.evaluate(
        """async (words) => {
            const { quoted } = await import("/_mock/dashboard/curl.js");
            return words.map(quoted).join(" ");
        }""",
        words,
    )
    assert shlex.split(command) == words


def test_a_server_with_a_token_asks_for_it(look: Callable[..., Dashboard]) -> None:
    server = Served("--control-token", "secret")
    try:
        dashboard = look(server, sandbox="default")
        page = dashboard.page
        page.goto(f"{server.url}/_mock/")
        page.get_by_label("Control token").fill("secret")
        page.get_by_role("button", name="Open").click()
        dashboard.sees("Base URL")
        dashboard.invite_by_partoo()
        dashboard.hears("New SMS to +33647385968")
    finally:
        server.stop()


def test_a_token_is_typed_in_peace_and_asked_for_again_when_it_is_wrong(
    look: Callable[..., Dashboard],
) -> None:
    server = Served("--control-token", "secret")
    try:
        dashboard = look(server, sandbox="default")
        page = dashboard.page
        page.goto(f"{server.url}/_mock/")
        field = page.get_by_label("Control token")
        field.fill("wrong")
        for _ in range(2):
            with page.expect_response("**/_mock/events*") as refused:
                pass
            assert refused.value.status == 401
        expect(field).to_have_value("wrong")
        page.get_by_role("button", name="Open").click()
        expect(field).to_have_value("")
        field.fill("secret")
        page.get_by_role("button", name="Open").click()
        dashboard.sees("Base URL")
    finally:
        server.stop()


def test_a_server_that_comes_back_is_read_anew(look: Callable[..., Dashboard]) -> None:
    first = Served()
    dashboard = look(first, sandbox="default")
    dashboard.invite_by_partoo("+33647385968")
    dashboard.open("messages")
    dashboard.sees("+33647385968")
    first.stop()
    expect(dashboard.page.locator("#line")).to_contain_text("trying again")
    second = Served("--port", str(first.port))
    try:
        dashboard.invite_by_partoo("+33601020304")
        dashboard.sees("+33601020304")
        expect(dashboard.page.locator("main")).not_to_contain_text("+33647385968")
        expect(dashboard.page.locator("#line")).to_be_empty()
    finally:
        second.stop()


def test_a_link_to_a_request_never_shows_another_one_after_a_reset(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.invite_by_partoo()
    dashboard.open("requests")
    page.locator(".exchange").first.click()
    expect(page.locator(".changes")).to_contain_text("quota sms of demo-org")
    dashboard.control("POST", "reset", json={})
    dashboard.invite_by_partoo()
    page.reload()
    dashboard.sees("is gone")
