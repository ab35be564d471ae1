"""Ten deliberate drifts of each API turn its verification red, naming the field."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from mockserver.contract.answer_comparison import Difference
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.interactions import PlacedInteraction
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.targets import open_target
from mockserver.contract.variables import Variables
from mockserver.contract.verification import Verification
from mockserver.contract.verification_outcomes import VerificationRun
from mockserver.contract.verification_reports import text_report
from mockserver.model.api import Api
from tests.conftest import ROOT
from tests.contract.inprocess import ADDRESS, client_of, load


class Drift(NamedTuple):
    """What somebody changed in a copy of a document."""

    api: str
    said: str
    side: str
    old: str
    new: str
    named: str
    """The place that the verification has to name."""


TABLE = yaml.safe_load((ROOT / "tests" / "contract" / "drifts.yaml").read_text())
DRIFTS = [Drift(api, **row) for api, rows in TABLE.items() for row in rows]
NAMES = sorted(TABLE)


class Known(NamedTuple):
    """An API as it is, with its interactions."""

    api: Api
    interactions: list[PlacedInteraction]


@pytest.fixture(scope="module")
def known(bundled: list[Api]) -> Mapping[str, Known]:
    return {api.name: Known(api, load_interactions(api)) for api in bundled}


def drifted(drift: Drift, folder: Path) -> Api:
    """Load a copy of a document in which one thing is another."""
    shutil.copytree(ROOT / "fixtures" / drift.api, folder / "fixtures" / drift.api)
    (folder / "specs").mkdir()
    changed = 0
    for path in (ROOT / "specs").glob(f"{drift.api}.*"):
        copy = folder / "specs" / path.name
        shutil.copy(path, copy)
        if drift.old in path.read_text():
            copy.write_text(path.read_text().replace(drift.old, drift.new))
            changed += 1
    assert changed, f"{drift.old!r} stands in no document"
    overlay = folder / "specs" / f"{drift.api}.overlay.yaml"
    return load(overlay if overlay.exists() else folder / "specs" / f"{drift.api}.yaml")


def verify(contract: Api, service: Api, interactions: list[PlacedInteraction]) -> VerificationRun:
    with client_of([service]) as client:
        target = open_target(client, contract, ADDRESS)
        return Verification(target, interactions, Variables({})).run()


def is_named(drift: Drift, difference: Difference) -> bool:
    """Tell whether it is the one; a status names the field in the answer it comes with."""
    if difference.place == "status":
        return drift.named in f"status {difference.found}"
    return difference.place == drift.named


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: f"{drift.api}: {drift.said}")
def test_a_drift_turns_the_verification_red_and_is_named(
    drift: Drift, known: Mapping[str, Known], tmp_path: Path
) -> None:
    original, interactions = known[drift.api]
    changed = drifted(drift, tmp_path)
    contract, service = (changed, original) if drift.side == "document" else (original, changed)
    run = verify(contract, service, interactions)
    assert run.exit_code == 1
    found = [one for outcome in run.outcomes for one in outcome.differences]
    assert any(is_named(drift, one) for one in found), found
    assert drift.named in "\n".join(text_report(run, Redactor()))


@pytest.mark.parametrize("name", NAMES)
def test_ten_drifts_of_each_api_are_tried(name: str) -> None:
    assert len({(drift.side, drift.old, drift.new) for drift in DRIFTS if drift.api == name}) == 10


@pytest.mark.parametrize("name", NAMES)
def test_without_a_drift_everything_agrees(name: str, known: Mapping[str, Known]) -> None:
    api, interactions = known[name]
    run = verify(api, api, interactions)
    assert run.exit_code == 0
    assert {outcome.verdict for outcome in run.outcomes} == {"agrees"}


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_an_interaction(name: str, known: Mapping[str, Known]) -> None:
    api, interactions = known[name]
    tried = {operation.id for operation, _ in verify(api, api, interactions).by_operation()}
    assert tried == {operation.id for operation in api.operations}
