"""Every seeded bug still applies to the source and names tests that exist."""

import pytest

from tests.chaos.seeded_bugs import Bug, load_bugs


@pytest.mark.parametrize("bug", load_bugs(), ids=lambda bug: bug.id)
def test_a_seeded_bug_applies_and_its_tests_exist(bug: Bug) -> None:
    assert bug.description
    assert bug.caught_by
    assert bug.edits
    assert bug.check() == []
