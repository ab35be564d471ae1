"""Write JUnit XML, the report format that CI services read.

`check_reports.py`, `verification_reports.py` and `contract_coverage.py` call `junit_xml`, which
returns a text. Every text may come from a document or a service, so characters that XML cannot hold
are replaced here; callers pass texts as they are, but remove secrets first.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.etree import ElementTree as ET

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters outside the range `Char` of XML 1.0, section 2.2."""

JunitResult = Literal["failure", "error", "skipped"]
"""The name of the element that states the result."""


@dataclass(frozen=True, slots=True)
class JunitCase:
    """A test case."""

    classname: str
    name: str
    result: JunitResult | None = None
    """None if the case passed."""
    message: str = ""
    """One line about the result."""
    details: str = ""
    """Further lines about the result."""
    output: str = ""
    """Text of `system-out`, which a case may have whatever its result is."""
    seconds: float | None = None
    """None if the case was not timed."""


@dataclass(frozen=True, slots=True)
class JunitSuite:
    """A named list of test cases; its counts and its time are computed from them."""

    name: str
    cases: Sequence[JunitCase]
    properties: Mapping[str, str] = field(default_factory=dict)

    def count(self, result: JunitResult) -> int:
        """Count the cases with a result."""
        return sum(case.result == result for case in self.cases)


def junit_xml(name: str, suites: Iterable[JunitSuite]) -> str:
    """Write suites as a JUnit document, with its XML declaration and a newline at the end.

    Args:
        name: The name of the whole report.
        suites: In the order in which they are written.
    """
    root = ET.Element("testsuites", name=_xml_text(name))
    root.extend(map(_suite_element, suites))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, "unicode")}\n'


def _suite_element(suite: JunitSuite) -> ET.Element:
    element = ET.Element(
        "testsuite",
        name=_xml_text(suite.name),
        tests=str(len(suite.cases)),
        failures=str(suite.count("failure")),
        errors=str(suite.count("error")),
        skipped=str(suite.count("skipped")),
    )
    times = [case.seconds for case in suite.cases if case.seconds is not None]
    if times:
        element.set("time", f"{sum(times):.3f}")
    if suite.properties:
        properties = ET.SubElement(element, "properties")
        for name, value in suite.properties.items():
            attributes = {"name": _xml_text(name), "value": _xml_text(value)}
            ET.SubElement(properties, "property", attributes)
    element.extend(map(_case_element, suite.cases))
    return element


def _case_element(case: JunitCase) -> ET.Element:
    element = ET.Element("testcase", classname=_xml_text(case.classname), name=_xml_text(case.name))
    if case.seconds is not None:
        element.set("time", f"{case.seconds:.3f}")
    if case.result is not None:
        result = ET.SubElement(element, case.result, message=_xml_text(case.message))
        result.text = _xml_text(case.details)
    if case.output:
        ET.SubElement(element, "system-out").text = _xml_text(case.output)
    return element


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
