"""Targets are judged within one run, and the page gets the tables of a run."""

import json
from pathlib import Path

from benchmarks import report
from benchmarks.model import MEASURED
from benchmarks.run import Entry, Run
from benchmarks.targets import judge

ROOT = Path(__file__).parents[2]
ENTRIES = [
    Entry("fanout", "200 sockets, saturated", "plain", 1, {"server_cpu_ms": 20.0}),
    Entry("fanout", "200 sockets, saturated", "service", 1, {"server_cpu_ms": 5.0}),
    Entry("fanout", "200 sockets, saturated", "service-mentions", 1, {"server_cpu_ms": 1.0}),
    Entry("fanout", "200 sockets, saturated", "channels", 1, {"server_cpu_ms": 400.0}),
    Entry("fanout", "200 sockets, saturated", "channels-pubsub", 1, {"server_cpu_ms": 250.0}),
    Entry("history", "50 of 100,000", "service", 1, {"pages_s": 120.0, "server_cpu_ms_page": 2.0}),
    Entry("history", "50 of 100,000", "channels", 1, {"pages_s": 10.0, "server_cpu_ms_page": 20.0}),
    Entry("history", "50 of 100,000, unchanged", "service", 1, {"pages_s": 900.0, "server_cpu_ms_page": 0.3}),
]


def test_targets_are_ratios_to_the_better_channels_layer() -> None:
    found = {one.name: one for one in judge(ENTRIES)}
    assert found["fan-out, 200: CPU a delivery, of plain"].reached == 0.25
    assert found["fan-out, 200: CPU a delivery, of plain"].verdict == "short"
    assert found["fan-out, 200: Channels' CPU, of ours"].reached == 50
    assert found["fan-out, 200: Channels' CPU, of ours"].verdict == "pass"
    assert found["history: pages/s, of Channels"].reached == 12
    assert found["history, unchanged: CPU a page"].reached == 0.3
    assert found["rooms: rate, of plain"].verdict == "not measured"


def test_a_result_has_the_cost_of_all_processes_and_its_ratio_to_plain() -> None:
    run = Run(cluster=None, load=None, quick=True, rounds=1)  # type: ignore[arg-type]  # nothing is started
    run.add("lone", "one", "plain", 1, server_cpu_ms=100.0, postgres_cpu_ms=0.0, redis_cpu_ms=0.0, rounds=1)
    run.add("lone", "one", "service", 1, server_cpu_ms=300.0, postgres_cpu_ms=150.0, redis_cpu_ms=50.0, rounds=1)
    run.add("connect", "two", "service", 1, server_cpu_ms_socket=1.0, postgres_cpu_ms_socket=0.5, kib_socket=9.0)
    plain, service, alone = (entry.values for entry in run.entries)
    assert (plain["all_cpu_ms"], plain["of_plain"]) == (100, None)
    assert (service["all_cpu_ms"], service["of_plain"]) == (500, 5)
    assert list(service)[-3:] == ["all_cpu_ms", "of_plain", "rounds"]
    assert (alone["all_cpu_ms"], alone["of_plain"]) == (1.5, None)
    found = {one.name: one for one in judge(run.entries)}
    assert found["lone messages: CPU of all, of plain"].reached == 5
    assert found["lone messages: CPU of all, of plain"].verdict == "short"


def test_tables_replace_the_text_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")
    machine = {
        "processor": "one",
        "cores": 2,
        "memory_mib": 4096,
        "system": "Linux",
        "python": "3.11",
        "load_before": 0,
    }
    measured = [
        {"scenario": e.scenario, "case": e.case, "who": e.who, "workers": 1, "values": e.values} for e in ENTRIES
    ]
    result = {"date": "2026-01-02", "machine": machine, "rounds": 5, "seconds": 60.0, "measured": measured}
    report.write_into(page, result)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| 200 sockets, saturated | channels-pubsub | 1 | 250 |" in text


def test_the_page_has_the_tables_of_the_last_full_run(tmp_path: Path) -> None:
    result = json.loads(MEASURED.read_text("utf-8"))
    page = (ROOT / "docs" / "performance.md").read_text("utf-8")
    assert report.as_markdown(result) in page, "run: make bench-report"
    assert not result["quick"]
