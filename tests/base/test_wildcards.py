import re

from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.wildcards import like

TEXTS = st.text("ab", max_size=8)


@given(pattern=st.text("ab*", max_size=8), text=TEXTS)
def test_a_star_stands_for_anything(pattern: str, text: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))

    assert like(pattern, text) is (re.fullmatch(expression, text) is not None)
