"""The dashboard and the alert rules: they name exported metrics, and each alert has a runbook section."""

import importlib.util
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.http.rate_limits import RateClass
from wasgo_chat.notifications.channels import CHANNELS
from wasgo_chat.observability.prometheus import metric_names, render_metrics
from wasgo_chat.telemetry.aggregation import Metrics
from wasgo_chat.telemetry.counters import (
    CLOSE_CODES,
    COUNTERS,
    DELIVERY_OUTCOMES,
    GAUGES,
    HISTOGRAMS,
    POOLS,
    RECONCILER_FINDINGS,
    REFUSALS,
)

ROOT = Path(__file__).parent.parent.parent
DASHBOARD = ROOT / "deploy/grafana/wasgo-chat.json"
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"][0]["rules"]


def test_the_dashboard_is_what_its_generator_writes() -> None:
    spec = importlib.util.spec_from_file_location("dashboard", ROOT / "deploy/grafana/dashboard.py")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    assert DASHBOARD.read_text() == program.text(), "run `python deploy/grafana/dashboard.py`"


def test_the_dashboard_shows_every_metric_and_no_unknown_one() -> None:
    named = set(re.findall(r"wasgo_chat_\w+", DASHBOARD.read_text()))
    assert named <= metric_names()
    shown = {name for name in [*COUNTERS, *HISTOGRAMS, *GAUGES] if any(name in one for one in named)}
    assert shown == {*COUNTERS, *HISTOGRAMS, *GAUGES}


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_uses_existing_metrics_and_links_its_advice(rule: dict[str, Any]) -> None:
    named = set(re.findall(r"wasgo_chat_\w+", rule["expr"]))
    assert named <= metric_names()
    assert named or re.search(r"\b(up|node_\w+|kube_\w+)\{", rule["expr"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"]
    path, _, heading = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), re.MULTILINE)
    assert heading in [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings]
    text = (ROOT / path).read_text().partition(f"### {rule['alert']}\n")[2].partition("\n#")[0]
    assert len(text.split()) > 10, "its runbook section is empty"


def test_metrics_used_by_alerts_exist_at_0_beforehand() -> None:
    """`increase` of a counter that starts at 1 is 0: the first occurrence would be missed."""
    body, _ = render_metrics(Metrics("fresh").collect(), "")
    fresh = [
        (sample.name, label, value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        for label, value in sample.labels.items()
        if sample.value == 0
    ]
    asked = {
        (name, label, value)
        for rule in RULES
        for name, labels in re.findall(r"(wasgo_chat_\w+)\{([^}]*)\}", rule["expr"])
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels)
        if label != "status"  # one per route, and alerts on them need more than one failure
    }
    assert len(asked) > 4
    assert asked <= set(fresh)


def test_predefined_labels_are_those_in_use() -> None:
    assert set(CLOSE_CODES) == {str(int(code)) for code in CloseCode if code.sender == "gateway"}
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    assert set(RECONCILER_FINDINGS) == set(re.findall(r'reconciler_findings\["(\w+)"\]', source))
    counted = r'refusals\["(\w+)"\]|_reject_if_waiting\(.*"(\w+)"\)|self\._count\([^"]*"(\w+)"'
    assert {kind for kinds in re.findall(counted, source) for kind in kinds if kind} <= set(REFUSALS)
    assert {*get_args(RateClass), "message", "frame", "address", "failure"} <= set(REFUSALS)
    assert {channel for channel, _ in DELIVERY_OUTCOMES} == set(CHANNELS)
    assert set(POOLS) == set(re.findall(r'database\(\s*name="(\w+)"', source))


def test_every_metric_is_documented() -> None:
    text = (ROOT / "docs/observability.md").read_text()
    missing = [name for name in [*COUNTERS, *HISTOGRAMS, *GAUGES] if f"`{name}" not in text]
    assert not missing
