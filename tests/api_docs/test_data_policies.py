"""Every table declares how the personal data in it is exported, erased and kept."""

import re

import pytest

from wasgo_chat.api_docs.data_policies import data_policies, data_policy_table
from wasgo_chat.notifications.models import Delivery
from wasgo_chat.settings.config import Settings
from wasgo_chat.tables import METADATA


def test_every_table_is_documented_with_settings_that_exist() -> None:
    policies = data_policies()
    assert set(policies) == set(METADATA.tables)
    settings = {name.upper() for name in Settings.model_fields}
    named = {name for declared in policies.values() for one in declared for name in re.findall("`([A-Z_]+)`", one.kept)}
    assert len(named) > 4
    assert named <= settings
    rows = data_policy_table().splitlines()[2:]
    assert len(rows) == sum(map(len, policies.values()))


def test_a_table_without_a_policy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Delivery, "__data_policy__")
    with pytest.raises(TypeError, match="Delivery must declare __data_policy__"):
        data_policies()
