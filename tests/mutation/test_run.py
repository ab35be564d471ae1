from tests.mutation.run import COVERING, ROOT


def test_every_module_and_every_test_of_the_table_exists() -> None:
    for module, tests in COVERING.items():
        assert (ROOT / "mockserver" / module).is_file()
        assert tests
        for path in tests:
            assert (ROOT / path).exists(), path
