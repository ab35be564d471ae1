from typing import Any
from xml.etree import ElementTree as ET

import pytest

from mockserver.contract.junit import JunitCase, JunitResult, JunitSuite, junit_xml


def parsed(*suites: JunitSuite) -> ET.Element:
    return ET.fromstring(junit_xml("report", suites))  # noqa: S314 - our own


def test_a_report_is_indented_text_with_a_declaration_and_a_newline() -> None:
    suite = JunitSuite("shop", [JunitCase("shop.items", "List", seconds=0.25)], {"url": "http://x"})
    assert junit_xml("mockserver verify", [suite]) == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuites name="mockserver verify">\n'
        '  <testsuite name="shop" tests="1" failures="0" errors="0" skipped="0" time="0.250">\n'
        "    <properties>\n"
        '      <property name="url" value="http://x" />\n'
        "    </properties>\n"
        '    <testcase classname="shop.items" name="List" time="0.250" />\n'
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def test_a_suite_counts_its_cases_by_result_and_adds_their_times() -> None:
    results: list[JunitResult | None] = [None, "failure", "failure", "error", "skipped", None]
    cases = [JunitCase("c", str(i), one, seconds=0.1) for i, one in enumerate(results)]
    (suite,) = parsed(JunitSuite("s", cases))
    counts = {"tests": "6", "failures": "2", "errors": "1", "skipped": "1", "time": "0.600"}
    assert suite.attrib == {"name": "s", **counts}


def test_cases_that_were_not_timed_have_no_time() -> None:
    (suite,) = parsed(JunitSuite("s", [JunitCase("c", "n")]))
    assert "time" not in suite.attrib
    assert suite[0].attrib == {"classname": "c", "name": "n"}


@pytest.mark.parametrize("result", ["failure", "error", "skipped"])
def test_a_result_has_a_message_and_details(result: JunitResult) -> None:
    case = JunitCase("c", "n", result, message="1 problem", details="a\nb", output="also")
    (element, output) = parsed(JunitSuite("s", [case]))[0][0]
    assert (element.tag, element.attrib, element.text) == (result, {"message": "1 problem"}, "a\nb")
    assert (output.tag, output.text) == ("system-out", "also")


def test_every_text_is_escaped_and_free_of_characters_that_xml_refuses() -> None:
    bad = '<&"\x00\x1b\ud800\uffff\U0001f600é]]>'
    good = '<&"\ufffd\ufffd\ufffd\ufffd\U0001f600é]]>'
    case = JunitCase(bad, bad, "error", bad, bad, bad)
    (suite,) = parsed(JunitSuite(bad, [case], {bad: bad}))
    texts: list[Any] = [suite.get("name"), *suite[0][0].attrib.values(), *suite[1].attrib.values()]
    texts += [suite[1][0].get("message"), suite[1][0].text, suite[1][1].text]
    assert texts == [good] * len(texts)
    junit_xml("report", [JunitSuite(bad, [case])]).encode()
