from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import orjson
import pytest
from click.testing import CliRunner, Result

from mockserver.cli import main
from tests.served import Served


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()


def verify(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["verify", *arguments], env=environment)


@pytest.mark.parametrize("api", ["cloutly", "cloutly-marketplace", "justanudge", "partoo", "walr"])
def test_a_running_sandbox_agrees_with_its_interactions(served: Served, api: str) -> None:
    result = verify(api, "--against", served.url)
    assert result.exit_code == 0, result.output
    assert "drifted" not in result.output


def test_a_base_url_with_the_apis_path_does_as_well(served: Served) -> None:
    result = verify("partoo", "--against", f"{served.url}/partoo/v2/", "--only", "smoke")
    assert result.exit_code == 0, result.output
    assert "7 interactions: 7 agrees" in result.output


def test_reports_are_written(served: Served, tmp_path: Path) -> None:
    xml, json = tmp_path / "r.xml", tmp_path / "r.json"
    verify("walr", "--against", served.url, "--junit", str(xml), "--json", str(json))
    assert ET.fromstring(xml.read_bytes())[0].attrib["tests"] == "12"  # noqa: S314 - our own
    assert orjson.loads(json.read_bytes())["counts"]["agrees"] == 12


def test_a_service_that_is_not_there_gives_a_message_and_reports(tmp_path: Path) -> None:
    xml = tmp_path / "r.xml"
    result = verify("walr", "--against", "http://127.0.0.1:1", "--junit", str(xml))
    assert result.exit_code == 2
    assert "no connection" in result.output
    assert b'errors="12"' in xml.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("wallr", "--against", "http://127.0.0.1:1"), "did you mean 'walr'?"),
        (("walr", "--against", "127.0.0.1:1"), "write http://"),
        (("walr", "--against", "http://x", "--only", "smok"), "no interaction has the tag"),
        (("walr", "--against", "http://x", "-H", "nonsense"), "must have the form NAME: VALUE"),
        (("walr", "--against", "http://x", "-H", "a: ${NOT_SET}"), "variable NOT_SET"),
        (("walr", "--against", "http://x", "--interactions", "/none.yaml"), "cannot be read"),
        (("walr", "--against", "http://x", "--document", "/none.yaml"), "cannot be read"),
        (("walr",), "Missing option '--against'"),
    ],
)
def test_bad_input_ends_with_a_message(arguments: tuple[str, ...], told: str) -> None:
    result = verify(*arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_an_api_without_interactions_says_where_they_belong(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths:\n  /a:\n    get: {responses: {}}\n"
    )
    result = verify("shop", "--against", "http://x", "--document", str(tmp_path / "shop.yaml"))
    assert result.exit_code == 2
    assert "no interactions of 'shop' in fixtures/shop/interactions" in result.output


def test_a_secret_of_the_command_line_or_the_environment_is_not_printed(served: Served) -> None:
    header = verify("walr", "--against", served.url, "-H", "authorization: Bearer sec-12345678")
    assert header.exit_code == 1
    variable = verify("walr", "--against", served.url, WALR_TOKEN="sec-12345678")
    assert variable.exit_code == 1
    assert "sec-12345678" not in header.output + variable.output


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--min", "1"), 0), (("--min", "100"), 1)])
def test_coverage_of_a_verification_is_enough_or_not(
    served: Served, options: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    verify("cloutly", "--against", served.url)
    page, xml = tmp_path / "c.html", tmp_path / "c.xml"
    command = ["coverage", "--against", served.url, "--api", "cloutly", *options]
    result = CliRunner().invoke(main, [*command, "--html", str(page), "--junit", str(xml)])
    assert result.exit_code == code, result.output
    assert "% of the contract was exercised" in result.output
    assert "cloutly" in page.read_text()
    assert b"<properties>" in xml.read_bytes()


def test_a_credential_of_the_command_line_is_not_added_to_what_is_to_lack_it(
    served: Served,
) -> None:
    header = "x-APIKey: demo-partoo-key"
    result = verify("partoo", "--against", served.url, "-H", header, "--only", "smoke")
    assert result.exit_code == 0, result.output
    assert "Search without a key" in result.output
