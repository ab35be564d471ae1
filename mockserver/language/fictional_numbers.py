"""Return whether a phone number is reserved for fiction, so that nobody has it.

Tests must not contain the numbers of real people. Many countries reserve numbers for films and
books, which the phone library does not all know as valid; `e164` in `functions.py`, the only
caller, accepts them nevertheless. In: the country code and the national number. Only the seven
countries in the table below are known; a number of any other is not fictional.
"""

import re
from collections.abc import Mapping

_FICTIONAL: Mapping[int, str] = {
    1: r"[2-9]\d\d55501\d\d",
    33: r"(?:19900|26191|35301|46571|53649|63998)\d{4}",
    44: r"(?:1(?:1[3-8]|[2-6]1)4960|1632960|1914980|2079460|2890180|2896496|2920180|3069990"
    r"|7700900|8081570|9098790)\d{3}",
    46: r"(?:3139006|4062804|8465004|9803192|7017406)\d\d",
    49: r"(?:3023125|6990009|4066969|2214710|8999998)\d{3}",
    61: r"[2378](?:5550|7010)\d{4}",
    353: r"2091\d{5}",
}
"""Patterns of the national numbers that are reserved for fiction, by country code.

The ranges are those of the regulators: NANPA (1), ARCEP (33), Ofcom (44), PTS (46),
Bundesnetzagentur (49), ACMA (61) and ComReg (353).
"""


def is_fictional(country_code: int, national_number: str) -> bool:
    """Return true if a number is reserved for fiction."""
    pattern = _FICTIONAL.get(country_code)
    return pattern is not None and bool(re.fullmatch(pattern, national_number))
