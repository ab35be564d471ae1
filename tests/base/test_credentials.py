import pytest

from mockserver.base.credentials import in_sandbox, presented


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("apiKey", "k1", "k1"),
        ("bearer", "t1", "Bearer t1"),
        ("oauth2", "t1", "Bearer t1"),
        ("basic", "Aladdin:open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("basic", "test:123\u00a3", "Basic dGVzdDoxMjPCow=="),
    ],
)
def test_a_credential_is_presented_as_its_kind_has_it(kind: str, value: str, text: str) -> None:
    assert presented(kind, value) == text


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [("apiKey", "k1", "k1~ci"), ("bearer", "t1", "t1~ci"), ("basic", "ann:pw", "ann~ci:pw")],
)
def test_a_credential_carries_a_sandbox_where_the_engine_reads_it(
    kind: str, value: str, text: str
) -> None:
    assert in_sandbox(kind, value, "ci") == text
