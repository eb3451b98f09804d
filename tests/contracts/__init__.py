"""Contract suites: the tests that every implementation of a Protocol passes.

Derive a test class from the contract and provide its fixtures; pytest runs the inherited tests.
"""

import pytest

pytest.register_assert_rewrite("tests.contracts.delivery_channel", "tests.contracts.storage")
