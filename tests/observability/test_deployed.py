"""The dashboard and the alert rules: they name what the service exports, and each alert has its page of the runbook."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from wasgo_chat.core.counts import COUNTERS, GAUGES, HISTOGRAMS
from wasgo_chat.observability.exposition import names

ROOT = Path(__file__).parent.parent.parent
DASHBOARD = ROOT / "deploy/grafana/wasgo-chat.json"
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"][0]["rules"]


def test_the_dashboard_is_what_its_program_writes() -> None:
    spec = importlib.util.spec_from_file_location("dashboard", ROOT / "deploy/grafana/dashboard.py")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    assert DASHBOARD.read_text() == program.text(), "run `python deploy/grafana/dashboard.py`"


def test_the_dashboard_shows_nothing_that_there_is_not_and_leaves_nothing_out() -> None:
    named = set(re.findall(r"wasgo_chat_\w+", DASHBOARD.read_text()))
    assert named <= names()
    shown = {name for name in [*COUNTERS, *HISTOGRAMS, *GAUGES] if any(name in one for one in named)}
    assert shown == {*COUNTERS, *HISTOGRAMS, *GAUGES}


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_asks_for_what_there_is_and_says_what_to_do(rule: dict[str, Any]) -> None:
    named = set(re.findall(r"wasgo_chat_\w+", rule["expr"]))
    assert named <= names()
    assert named or rule["expr"].startswith("up{")
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"]
    path, _, heading = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), re.MULTILINE)
    assert heading in [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings]
    text = (ROOT / path).read_text().partition(f"### {rule['alert']}\n")[2].partition("\n#")[0]
    assert len(text.split()) > 10, "its page of the runbook is empty"


def test_every_metric_is_explained() -> None:
    text = (ROOT / "docs/observability.md").read_text()
    missing = [name for name in [*COUNTERS, *HISTOGRAMS, *GAUGES] if f"`{name}" not in text]
    assert not missing
