import importlib
import pkgutil
import subprocess
import sys

import httpcore  # noqa: F401 - see everything_is_loaded
import pytest

import mockserver
from tests.testing.conftest import SHOP, THINGS

pytest_plugins = ["pytester"]

ALWAYS = ("-W", "error", "-p", "no:cacheprovider")
FAST = ("-p", "mockserver.pytest_plugin", "-p", "no:unraisableexception")
"""Loads one plugin, and spares what looks through all objects; where tests run apart, all is on."""
APART = ("-o", "asyncio_default_fixture_loop_scope=function")
"""pytest-asyncio insists on it where warnings are errors."""
SHOP_FAILS = SHOP.replace(
    "get:", "get:\n      x-mock: {steps: [require: '{{ 1 / query.size > 0 }}']}", 1
)
assert SHOP_FAILS != SHOP

CLIENT = """
import httpx
import pytest

def invite(sandbox, phone="+33647385968"):
    return httpx.post(
        f"{sandbox.partoo.base_url}/review_booster/send_invitation",
        headers={"x-APIKey": sandbox.partoo.api_key},
        json={"business_id": "5409c35a97bbc544d8e26737", "target_phone": phone},
    )
"""


@pytest.fixture(scope="module", autouse=True)
def everything_is_loaded() -> None:
    """Import the whole package, because a run in this process drops what it was first to import.

    A later run would import those modules a second time, and mix them with the ones that stayed.
    """
    for module in pkgutil.walk_packages(mockserver.__path__, "mockserver."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def run(pytester: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(CLIENT + test)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        return pytester.runpytest_inprocess(*ALWAYS, *FAST, *options)


def run_apart(pytester: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    """Run a test in a process of its own, where warnings and threads would show."""
    pytester.makepyfile(CLIENT + test)
    return pytester.runpytest_subprocess(*ALWAYS, *APART, *options)


def test_each_test_has_a_sandbox_of_its_own(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.parametrize("time", [1, 2])
def test_second_sms_waits_ten_days(sandbox, time):
    assert invite(sandbox).is_success and not invite(sandbox).is_success
    sandbox.clock.advance(days=10)
    assert invite(sandbox).is_success
    assert [m.to for m in sandbox.messages] == ["+33647385968", "+33647385968"]
    sandbox.name.startswith(f"test-second-sms-waits-ten-days-{time}-")

def test_sandboxes_are_deleted(mockserver_server):
    names = [item["name"] for item in mockserver_server.control.call("GET", "sandboxes")]
    assert names == ["default"]
"""
    run_apart(pytester, test, "-p", "no:randomly").assert_outcomes(passed=3)


def test_a_failed_test_shows_its_journal_and_why_requests_were_refused(
    pytester: pytest.Pytester,
) -> None:
    result = run(
        pytester,
        "def test_x(sandbox):\n    invite(sandbox)\n    assert invite(sandbox).is_success\n",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- mockserver -*",
            "sandbox 'test-x-1', 20*",
            "r1 POST /partoo/v2/review_booster/send_invitation → 200",
            "r2 POST /partoo/v2/review_booster/send_invitation → 400 (cooldown)",
            "    refused as cooldown: *passes at *partoo.overlay.yaml:*",
            "    answer: *already been sent*",
        ]
    )


def test_a_failed_test_shows_what_its_requests_changed(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_x(sandbox):\n    invite(sandbox)\n    assert False\n")
    result.stdout.fnmatch_lines(
        ["r1 POST * → 200", "    quota sms of demo-org 500 → 499", "    +1 SMS to +336*"]
    )


def test_a_passed_test_shows_nothing(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_x(sandbox):\n    invite(sandbox)\n", "-rA")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*- mockserver -*")


def test_the_journal_that_is_shown_is_bounded(pytester: pytest.Pytester) -> None:
    test = """
def test_x(sandbox):
    with httpx.Client() as client:
        for number in range(100):
            client.post(f"{sandbox.partoo.base_url}/" + "x" * 2_000)
    assert False
"""
    result = run(pytester, test)
    result.stdout.fnmatch_lines(["… 70 earlier requests", "r71 POST *", "r100 POST *"])
    shown = result.stdout.str().partition("- mockserver -")[2]
    assert (len(shown.splitlines()) < 200, len(shown) < 20_000) == (True, True)


def test_the_changes_that_are_shown_are_bounded(pytester: pytest.Pytester) -> None:
    test = """
def test_x(sandbox):
    for _ in range(9):
        sandbox.partoo.fail_next(status=500, after=5)
    invite(sandbox)
    assert False
"""
    result = run(pytester, test)
    result.stdout.fnmatch_lines(["    fault f? let a request pass", "    … 8 more changes"])


UNMATCHED = """
def test_x(sandbox):
    assert httpx.get(sandbox.partoo.base_url + "/nowhere").status_code == 404
    assert httpx.put(sandbox.partoo.base_url + "/review_booster/send_invitation").status_code == 405
"""


def test_a_request_that_matches_no_operation_fails_the_test(pytester: pytest.Pytester) -> None:
    result = run(pytester, UNMATCHED)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "no operation matches r1 GET *nowhere → 404 (not_found)",
            "no operation matches r2 PUT *send_invitation → 405 (method_not_allowed)",
        ]
    )


def test_unless_it_is_allowed(pytester: pytest.Pytester) -> None:
    marker = "@pytest.mark.mockserver(allow_unmatched=True)"
    run(pytester, marker + UNMATCHED).assert_outcomes(passed=1)


def test_a_request_that_misses_the_sandbox_is_told(pytester: pytest.Pytester) -> None:
    test = """
def test_x(sandbox, mockserver_server):
    httpx.get(mockserver_server.url + "/v2/review_booster")

def test_y(sandbox):
    pass
"""
    result = run(pytester, test, "-p", "no:randomly")
    result.assert_outcomes(failed=1, passed=1)
    lacks = "outside the sandbox: its path lacks /~test-x-1"
    result.stdout.fnmatch_lines([f"no operation matches r1 GET /v2/review_booster → 404*{lacks}"])


def test_a_failure_of_the_mock_fails_the_test_always(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("shop.yaml").write_text(SHOP_FAILS)
    test = """
@pytest.mark.mockserver("shop.yaml", allow_unmatched=True)
def test_x(sandbox):
    assert httpx.get(sandbox.shop.base_url + "/orders?size=0").status_code == 500
"""
    result = run(pytester, test)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["the mock itself failed at r1 GET *orders → 500 (mock_failure): *"]
    )


def test_markers_choose_documents_and_settings(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("shop.yaml").write_text(SHOP)
    test = """
common = pytest.mark.mockserver(settings={"partoo": {"sms_quota": 5, "page_size": 5}})

@common
@pytest.mark.mockserver(settings={"partoo": {"sms_quota": 1}})
def test_settings(sandbox):
    assert (sandbox.partoo.settings.sms_quota, sandbox.partoo.settings.page_size) == (1, 5)
    assert invite(sandbox).is_success and not invite(sandbox, "+33647385969").is_success

@pytest.mark.mockserver("shop.yaml")
class TestShop:
    @pytest.fixture
    def url(self, sandbox):
        return sandbox.shop.base_url

    def test_documents(self, url, sandbox):
        assert [api.name for api in sandbox] == ["shop"]
        assert httpx.get(url + "/orders").json() == [1, 2]
"""
    run(pytester, test).assert_outcomes(passed=2)


def test_the_same_seed_gives_the_same_identifiers(pytester: pytest.Pytester) -> None:
    test = """
ids = []

@pytest.mark.parametrize(
    "time", [pytest.param(1, marks=pytest.mark.mockserver(seed=seed)) for seed in (1, 1, 2)]
)
def test_seed(sandbox, time):
    ids.append(invite(sandbox).json()["invitation_id"])

def test_ids():
    assert ids[0] == ids[1] != ids[2]
"""
    run(pytester, test, "-p", "no:randomly").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("settings={'partoo': {'sms_qota': 1}}", "did you mean 'sms_quota'"),
        ("settings={'parto': {}}", "did you mean 'partoo'"),
        ("settings={'partoo': {'sms_quota': 'x'}}", "sms_quota"),
        ("settings={'partoo': 1}", "settings must be a mapping"),
        ("'nothing.yaml'", "cannot be read"),
        ("1", "documents must be paths"),
        ("sead=1", "'sead'; use settings, seed, plugins, journal, history_memory, "),
        ("stateful='no'", "stateful must be True or False"),
        ("seed='x'", "seed must be a whole number"),
        ("seed=[1]", "seed must be a whole number"),
        ("seed=True", "seed must be a whole number"),
        ("history_memory=0", "history_memory must be a number above 0"),
        ("allow_unmatched='no'", "allow_unmatched must be True or False"),
    ],
)
def test_a_wrong_marker_is_told_without_a_traceback(
    pytester: pytest.Pytester, marker: str, told: str
) -> None:
    result = run(pytester, f"@pytest.mark.mockserver({marker})\ndef test_x(sandbox): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{told}*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*During handling*")


def test_a_project_configures_its_documents(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("shop.yaml").write_text(SHOP)
    pytester.makeini("[pytest]\nmockserver_documents = shop.yaml\n")
    test = """
def test_default(sandbox):
    assert [api.name for api in sandbox] == ["shop"]

@pytest.mark.mockserver(seed=3)
def test_seeded(sandbox):
    assert [api.name for api in sandbox] == ["shop"]
"""
    run(pytester, test).assert_outcomes(passed=2)


def test_markers_say_how_documents_are_served(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("things.yaml").write_text(THINGS)
    test = """
pytestmark = pytest.mark.mockserver("things.yaml", stateful=True)

def test_kept(sandbox):
    assert httpx.get(sandbox.things.base_url + "/things/8").status_code == 404

@pytest.mark.mockserver(stateful=False, dynamic=True)
def test_made_up(sandbox):
    url = sandbox.things.base_url + "/things/8"
    assert httpx.get(url).content != httpx.get(url).content

@pytest.mark.mockserver(errors=True)
def test_checked(sandbox):
    reply = httpx.get(sandbox.things.base_url + "/broken")
    assert (reply.status_code, sandbox.requests.last.reason) == (500, "broken_answer")

def test_lax(sandbox):
    assert httpx.get(sandbox.things.base_url + "/flags?on=True").status_code == 200

@pytest.mark.mockserver(strict_requests=True)
def test_strict(sandbox):
    assert httpx.get(sandbox.things.base_url + "/flags?on=True").status_code == 400
"""
    run(pytester, test).assert_outcomes(passed=5)


def test_marker_and_configuration_name_the_server_that_is_imitated(
    pytester: pytest.Pytester,
) -> None:
    pytester.path.joinpath("things.yaml").write_text(THINGS)
    configured = ("mockserver_documents = things.yaml", "mockserver_like = prism")
    pytester.makeini("\n".join(["[pytest]", *configured]))
    test = """
def status(sandbox):
    return httpx.get(sandbox.things.base_url + "/things/8?__code=418").status_code

def test_configured(sandbox):
    assert status(sandbox) == 404

@pytest.mark.mockserver(like=None)
def test_marked(sandbox):
    assert status(sandbox) == 200
"""
    run(pytester, test).assert_outcomes(passed=2)


def test_an_unknown_server_in_the_configuration_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmockserver_like = wiremock")
    outcome = run(pytester, "def test_x(sandbox): pass\n")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines(
        ["*mockserver_like is 'wiremock', which is not known; write prism*"]
    )


def test_a_project_configures_how_documents_are_served(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("things.yaml").write_text(THINGS)
    configured = ("mockserver_documents = things.yaml", "mockserver_stateful = true")
    pytester.makeini("\n".join(["[pytest]", *configured]))
    test = """
def status(sandbox):
    return httpx.get(sandbox.things.base_url + "/things/8").status_code

def test_default(sandbox):
    assert status(sandbox) == 404

@pytest.mark.mockserver(seed=3)
def test_seeded(sandbox):
    assert status(sandbox) == 404

@pytest.mark.mockserver(stateful=False)
def test_as_documented(sandbox):
    assert status(sandbox) == 200
"""
    run(pytester, test).assert_outcomes(passed=3)


def test_a_projects_own_server_is_used(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("shop.yaml").write_text(SHOP)
    test = """
from mockserver.testing import Server

@pytest.fixture(scope="session")
def mockserver_server():
    with Server("shop.yaml") as server:
        yield server

def test_x(sandbox, mockserver_server):
    assert sandbox.shop.base_url == f"{mockserver_server.url}/~{sandbox.name}/shop/v1"
"""
    run(pytester, test).assert_outcomes(passed=1)


MANY = """
@pytest.mark.parametrize("number", range(20))
def test_many(sandbox, number):
    assert invite(sandbox).is_success and not invite(sandbox).is_success

@pytest.mark.anyio
async def test_anyio(sandbox, anyio_backend_name):
    async with httpx.AsyncClient() as client:
        api = sandbox.cloutly
        reply = await client.get(f"{api.base_url}/businesses", headers=api.headers)
    assert reply.is_success and len(sandbox.requests) == 1

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.asyncio
async def test_asyncio(sandbox):
    async with httpx.AsyncClient() as client:
        api = sandbox.cloutly
        reply = await client.get(f"{api.base_url}/businesses", headers=api.headers)
    assert reply.is_success and len(sandbox.requests) == 1
"""


def test_it_runs_in_parallel_and_in_random_order_and_beside_event_loops(
    pytester: pytest.Pytester,
) -> None:
    run_apart(pytester, MANY, "-n", "2", "-p", "randomly").assert_outcomes(passed=22)


def test_a_test_that_is_run_again_starts_anew(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    runtestprotocol(item, nextitem=nextitem, log=True)
    runtestprotocol(item, nextitem=nextitem, log=True)
    return True
"""
    )
    run(pytester, "def test_x(sandbox):\n    assert invite(sandbox).is_success\n").assert_outcomes(
        passed=2
    )


def test_an_interrupted_run_ends(pytester: pytest.Pytester) -> None:
    result = run_apart(
        pytester, "def test_x(sandbox):\n    invite(sandbox)\n    raise KeyboardInterrupt\n"
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_a_server_that_is_gone_is_told_and_hides_no_failure(pytester: pytest.Pytester) -> None:
    test = """
def test_x(sandbox, mockserver_server):
    mockserver_server.close()
    assert 0, "the reason"
"""
    result = run(pytester, test)
    result.stdout.fnmatch_lines(
        ["*the reason*", "the journal cannot be read: no mockserver answers*"]
    )


def test_it_changes_nothing_where_it_is_not_used(pytester: pytest.Pytester) -> None:
    test = """
import sys

def test_x():
    assert "mockserver.testing" not in sys.modules
    assert "mockserver.server" not in sys.modules
    assert "uvicorn" not in sys.modules
"""
    run_apart(pytester, test, "--strict-markers").assert_outcomes(passed=1)


def test_it_needs_only_what_pytest_has_loaded() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); import mockserver.pytest_plugin;"
        "print(*sorted(sys.modules.keys() - before))"
    )
    command = [sys.executable, "-c", code]
    found = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=True
    )
    loaded = set(found.stdout.split())
    ours = {"mockserver", "mockserver.pytest_plugin", "mockserver.base"} | {
        f"mockserver.base.{name}" for name in ("errors", "json", "places", "problems")
    }
    assert {
        name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names
    } == ours
    assert not loaded & {"asyncio", "http.client", "logging", "socket", "ssl"}


def test_its_fixtures_and_marker_are_documented(pytester: pytest.Pytester) -> None:
    markers = run(pytester, "", "--markers").stdout
    markers.fnmatch_lines(["@pytest.mark.mockserver(*"])
    fixtures = run(pytester, "", "--fixtures").stdout
    fixtures.fnmatch_lines(["sandbox -- *", "*A new sandbox for this test*"])


HOLD = """
import json
from pathlib import Path

SHOP = {"openapi": "3.1.0", "info": {"title": "Slow", "version": "1"}, "paths": {"/slow": {"get": {
    "responses": {"200": {"description": "ok"}},
    "x-mock": {"steps": [{"hold": {"words": "hi"}}]},
}}}}
Path(__file__).with_name("slow.json").write_text(json.dumps(SHOP))
"""
VERB = """
from mockserver.verbs.fields import StrictFields, Value
from mockserver.verbs.verb import Verb


class HoldFields(StrictFields):
    words: Value


def hold(world, step, words):
    world.note(step, "held", words)


VERB = Verb(name="hold", fields=HoldFields, run=hold, details=())
"""


@pytest.mark.parametrize(
    ("marker", "configuration"),
    [
        ("'slow.json', plugins=['marked_verbs']", ""),
        ("'slow.json', plugins='marked_verbs'", ""),
        ("'slow.json'", "mockserver_plugins = marked_verbs"),
    ],
)
def test_a_marker_and_a_project_name_plug_ins(
    pytester: pytest.Pytester, marker: str, configuration: str
) -> None:
    pytester.makepyfile(marked_verbs=VERB)
    pytester.makeini(f"[pytest]\n{configuration}\n")
    pytester.syspathinsert()
    test = f"""
@pytest.mark.mockserver({marker})
def test_of_a_verb(sandbox):
    assert httpx.get(f"{{sandbox.slow.base_url}}/slow").status_code == 200
    assert "hold: held" in str(sandbox.requests.last.trace)
"""
    run(pytester, HOLD + test).assert_outcomes(passed=1)


def test_plug_ins_of_a_marker_are_names(pytester: pytest.Pytester) -> None:
    test = """
@pytest.mark.mockserver(plugins=[5])
def test_of_a_verb(sandbox):
    pass
"""
    result = run(pytester, test)
    result.stdout.fnmatch_lines(["*plugins must be names of modules*"])


def test_forks_are_deleted_with_their_sandbox(pytester: pytest.Pytester) -> None:
    test = """
def test_forks(sandbox):
    fork = sandbox.fork()
    assert invite(fork).is_success
    assert len(fork.fork().messages) == 1
    sandbox.fork().delete()


def test_they_are_gone(mockserver_server):
    names = [one["name"] for one in mockserver_server.control.call("GET", "sandboxes")]
    assert not [name for name in names if "fork" in name], names
"""
    run(pytester, test, "-p", "no:randomly").assert_outcomes(passed=2)


def test_a_request_in_a_fork_that_matches_no_operation_fails_the_test(
    pytester: pytest.Pytester,
) -> None:
    test = """
def test_x(sandbox):
    invite(sandbox)
    fork = sandbox.fork("other")
    httpx.get(fork.partoo.base_url + "/nowhere")
"""
    result = run(pytester, test)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*no operation matches r2 GET /~other/partoo/v2/nowhere*, in the fork 'other'",
            "fork 'other', *",
            "r2 GET /~other/partoo/v2/nowhere*",
        ]
    )


def test_requests_of_an_undone_block_are_shown_with_the_error(pytester: pytest.Pytester) -> None:
    test = """
def test_x(sandbox):
    with sandbox.undone():
        invite(sandbox)
        assert invite(sandbox).is_success
"""
    result = run(pytester, test)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*undone in sandbox 'test-x-*':", "*r2 POST * 400 (cooldown)*"])


@pytest.mark.parametrize("name", ["journal", "history_memory", "record_memory"])
def test_a_bound_of_the_configuration_is_a_number_above_0(
    pytester: pytest.Pytester, name: str
) -> None:
    pytester.makeini(f"[pytest]\nmockserver_{name} = none")
    outcome = run(pytester, "def test_x(sandbox): pass\n")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines([f"*mockserver_{name} is 'none'; write a number above 0*"])
