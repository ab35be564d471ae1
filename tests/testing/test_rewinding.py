"""A test takes its sandbox back, forks it, and undoes what a block does."""

from datetime import timedelta

import pytest

from mockserver.testing import Server
from mockserver.testing.control_connection import ControlCallError
from mockserver.testing.sandbox_client import SandboxClient
from tests.testing.conftest import World


def statuses(sandbox: SandboxClient) -> list[int]:
    return [item.status for item in sandbox.requests]


def test_a_sandbox_goes_back_to_a_request(world: World) -> None:
    world.invite("+33612345678")
    first = world.sandbox.requests.last
    world.invite()
    world.sandbox.clock.advance(days=1)
    assert world.sandbox.rewind(first) == 2
    assert world.invite().is_success
    assert len(world.sandbox.messages) == 2


def test_a_sandbox_goes_back_to_an_entry_by_its_name_or_from_its_history(world: World) -> None:
    world.sandbox.partoo.settings.sms_quota = 7
    world.sandbox.partoo.settings.sms_quota = 8
    assert world.sandbox.rewind("c1") == 1
    assert world.sandbox.partoo.settings.sms_quota == 7
    world.invite()
    entry, *_ = world.sandbox.history()
    world.sandbox.rewind(entry)
    assert not world.sandbox.requests


def test_without_an_entry_it_goes_back_to_the_start_and_sets_the_initial_settings_again(
    server: Server,
) -> None:
    sandbox = server.sandbox("rewound", {"partoo": {"sms_quota": 7}})
    sandbox.partoo.settings.sms_quota = 8
    began = sandbox.clock.freeze()
    sandbox.clock.advance(days=9)
    sandbox.rewind()
    assert sandbox.partoo.settings.sms_quota == 7
    assert sandbox.clock.now < began + timedelta(days=1)
    sandbox.delete()


def test_an_entry_that_is_gone_is_told(world: World) -> None:
    world.invite()
    gone = world.sandbox.requests.last
    world.sandbox.rewind()
    with pytest.raises(ControlCallError, match="c1 undid it") as raised:
        world.sandbox.rewind(gone)
    assert raised.value.status == 404


def test_a_request_from_before_a_reset_is_not_taken_for_another(world: World) -> None:
    world.invite()
    gone = world.sandbox.requests.last
    world.sandbox.reset()
    world.invite()
    with pytest.raises(
        ControlCallError, match=r"'1\.r1' is gone: a reset or a restore began run 2"
    ):
        world.sandbox.rewind(gone)
    with pytest.raises(ControlCallError, match=r"'1\.r1' is gone"):
        _ = gone.trace


def test_a_block_is_undone(world: World) -> None:
    world.invite()
    with world.sandbox.undone() as sandbox:
        sandbox.clock.advance(days=11)
        assert world.invite().is_success
        assert len(sandbox.messages) == 2
    assert len(world.sandbox.messages) == 1
    assert world.invite().status_code == 400


def test_a_block_in_a_new_sandbox_is_undone(world: World) -> None:
    with world.sandbox.undone():
        world.invite()
    assert not world.sandbox.requests
    assert not world.sandbox.messages


def test_a_block_that_fails_is_undone_and_its_error_names_the_requests(world: World) -> None:
    world.invite("+33612345678")

    def fail() -> None:
        with world.sandbox.undone():
            world.invite()
            world.invite()
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError) as raised:
        fail()
    assert statuses(world.sandbox) == [200]
    (note,) = raised.value.__notes__
    head, *lines = note.splitlines()
    assert head == "undone in sandbox " + repr(world.sandbox.name) + ":"
    assert [line.rpartition(" → ")[2] for line in lines] == ["200", "400 (cooldown)"]


def test_a_block_without_requests_adds_nothing_to_its_error(world: World) -> None:
    with pytest.raises(ZeroDivisionError) as raised, world.sandbox.undone():
        _ = 1 / 0
    assert not hasattr(raised.value, "__notes__")


def test_blocks_may_be_nested(world: World) -> None:
    with world.sandbox.undone():
        world.invite("+33612345678")
        with world.sandbox.undone():
            world.invite()
        assert len(world.sandbox.messages) == 1
    assert not world.sandbox.messages


def test_a_block_that_resets_cannot_be_undone(world: World) -> None:
    world.invite()
    with (
        pytest.raises(ControlCallError, match="a reset or a restore began run 2"),
        world.sandbox.undone(),
    ):
        world.sandbox.reset()


def test_an_error_in_a_block_that_cannot_be_undone_stays_the_error(world: World) -> None:
    def fail() -> None:
        with world.sandbox.undone():
            world.sandbox.reset()
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError) as raised:
        fail()
    assert "the sandbox was not taken back: " in raised.value.__notes__[-1]


def test_a_fork_and_its_original_go_on_by_themselves(world: World) -> None:
    world.invite()
    fork = world.sandbox.fork()
    assert fork.name == f"{world.sandbox.name}-fork-1"
    assert f"/~{fork.name}/" in fork.partoo.base_url
    fork.clock.advance(days=11)
    assert World(fork, world.client).invite().is_success
    assert world.invite().status_code == 400
    assert (statuses(fork), statuses(world.sandbox)) == ([200, 200], [200, 400])
    fork.delete()


def test_forks_have_names_of_their_own(world: World) -> None:
    forks = [world.sandbox.fork(), world.sandbox.fork(), world.sandbox.fork("named-fork")]
    assert [fork.name for fork in world.sandbox.forks] == [fork.name for fork in forks]
    assert [fork.name.removeprefix(world.sandbox.name) for fork in forks] == [
        "-fork-1",
        "-fork-2",
        "named-fork",
    ]
    for fork in forks:
        fork.delete()
    assert world.sandbox.forks == []


def test_a_fork_can_be_made_at_an_entry(world: World) -> None:
    world.invite("+33612345678")
    first = world.sandbox.requests.last
    world.invite()
    fork = world.sandbox.fork(at=first)
    assert statuses(fork) == [200]
    fork.delete()


def test_a_fork_with_a_taken_name_is_refused(world: World) -> None:
    with pytest.raises(ControlCallError, match="there is a sandbox") as raised:
        world.sandbox.fork(world.sandbox.name)
    assert raised.value.status == 409
    assert world.sandbox.forks == []


def test_a_reset_fork_has_the_initial_settings_of_its_original(server: Server) -> None:
    sandbox = server.sandbox("original", {"partoo": {"sms_quota": 7}})
    sandbox.partoo.settings.sms_quota = 8
    fork = sandbox.fork()
    assert fork.partoo.settings.sms_quota == 8
    fork.reset()
    assert fork.partoo.settings.sms_quota == 7
    for one in (fork, sandbox):
        one.delete()


def test_a_very_long_name_gets_a_fork(server: Server) -> None:
    sandbox = server.sandbox("x" * 64)
    fork = sandbox.fork()
    assert len(fork.name) <= 64
    for one in (fork, sandbox):
        one.delete()
