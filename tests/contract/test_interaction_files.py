from pathlib import Path

import pytest

from mockserver.base.errors import SpecError
from mockserver.contract.interaction_files import load_interactions
from mockserver.model.api import Api


@pytest.fixture
def partoo(bundled: list[Api]) -> Api:
    return next(api for api in bundled if api.name == "partoo")


GOOD = """\
interactions:
  - name: Search
    operation: searchReviewInvitation
    request: {method: GET, path: /review_booster/search-invitation}
    answer: {status: 400}
"""


def problems(api: Api, folder: Path, text: str) -> str:
    (folder / "one.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_interactions(api, [folder])
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("status: 400", "status: 4000", "one.yaml:5:14: /interactions/0/answer/status"),
        ("status: 400", "stauts: 400", "'stauts' is not known here"),
        ("method: GET", "method: PUT", "PUT /review_booster/search-invitation matches no"),
        ("searchReviewInvitation", "searchReviewInvitations", "did you mean 'searchReviewInvi"),
        ("searchReviewInvitation", "getReviewInvitationStatus", "is 'searchReviewInvitation', not"),
        ("name: Search", "name: 'a: b'", "one.yaml:2:5: /interactions/0/name"),
        ("answer:", "given: {after: [Serch]}\n    answer:", "no other interaction 'Serch'"),
        ("answer:", "given: {after: [Search]}\n    answer:", "no other interaction 'Search'"),
        ("answer:", "given: {settings: {quota: 1}}\n    answer:", "has no setting 'quota'"),
        ("answer:", "given: {settings: {sms_quota: x}}\n    answer:", "must be a whole number"),
        ("answer:", "given: {records: {busineses: []}}\n    answer:", "did you mean 'businesses'?"),
        ("answer:", "given: {clock: yesterday}\n    answer:", "/interactions/0/given/clock"),
        ("answer:", "given: {advance: P1M}\n    answer:", "/interactions/0/given/advance"),
        ("status: 400", "status: 400, compare: {a: type}", "begin it with a slash"),
        ("status: 400", "status: 400, compare: {/a: near}", "/answer/compare/~1a"),
        ("status: 400", "status: 400, compare: {/a: {pattern: '('}}", "not a regular expression"),
        ("invitation}", "invitation, json: 1, text: x}", "more than one of `json`"),
        ("invitation}", "invitation, query: {x: '${Other:/id}'}}", "the answer to 'Other', which"),
        ("interactions:", "interactions: 5\nx:", "one.yaml:1:1: /interactions"),
        ("interactions:", "- interactions:", "this is not an interaction file"),
        ("interactions:", "interactions: [", "this is not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    partoo: Api, tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert told in problems(partoo, tmp_path, GOOD.replace(old, new))


def test_a_name_stands_once(partoo: Api, tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(GOOD)
    told = problems(partoo, tmp_path, GOOD)
    assert "two.yaml:2:5: /interactions/0/name" in told
    assert "'Search' is already the name of the interaction at" in told


def test_a_file_of_another_api_is_passed_over(partoo: Api, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("api: walr\n" + GOOD)
    assert load_interactions(partoo, [tmp_path]) == []


def test_a_file_that_is_not_there_is_told(partoo: Api, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"none\.yaml.*cannot be read"):
        load_interactions(partoo, [tmp_path / "none.yaml"])


def test_interactions_of_a_shared_sandbox_may_refer_to_earlier_ones(
    partoo: Api, tmp_path: Path
) -> None:
    later = GOOD.partition("\n")[2].replace("Search", "Later", 1)
    query = "invitation, query: {x: '${Search:/errors}'}}"
    later = later.replace("invitation}", query)
    (tmp_path / "one.yaml").write_text("sandbox: shared\n" + GOOD + later)
    first, second = load_interactions(partoo, [tmp_path])
    assert first.group == second.group != ""
