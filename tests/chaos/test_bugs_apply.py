"""The seeded bugs stay usable: every patch applies to the source as it is, and names tests that are there."""

import re

import pytest

from tests.chaos.seeded_bugs import ROOT, Bug, applies, bugs


@pytest.mark.parametrize("bug", bugs(), ids=lambda bug: bug.patch.stem)
def test_a_seeded_bug_applies_and_names_its_tests(bug: Bug) -> None:
    assert applies(bug) == ""
    assert bug.tests
    for test in bug.tests:
        path, _, name = test.partition("::")
        assert re.search(rf"def {name}\(" if name else "def test_", (ROOT / path).read_text()), test
