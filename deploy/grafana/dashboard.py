"""Generates the Grafana dashboard: `python deploy/grafana/dashboard.py` writes `wasgo-chat.json` next to this file.

One row per subject, one line per query: easier to review than the JSON.
"""

import json
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, ACROSS = 8, 8, 24
HERE = Path(__file__).parent

Query = tuple[str, str]
"""A PromQL expression and its legend."""


def _rate(name: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (rate(wasgo_chat_{name}_total{{$at}}[$__rate_interval]))"


def _quantiles(name: str) -> list[Query]:
    rate = f"sum by (le) (rate(wasgo_chat_{name}_bucket{{$at}}[$__rate_interval]))"
    return [(f"histogram_quantile({share}, {rate})", f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)]


def _sum(name: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (wasgo_chat_{name}{{$at}})"


def _max(name: str, by: str = "") -> str:
    return f"max{f' by ({by})' if by else ''} (wasgo_chat_{name}{{$at}})"


ROWS: dict[str, list[tuple[str, str, list[Query]]]] = {
    "Users": [
        ("Open sockets", "short", [(_sum("sockets"), "sockets"), (_sum("channels"), "conversations on workers")]),
        ("Messages", "ops", [(_rate("messages", "type"), "{{type}}")]),
        ("Deliveries", "ops", [(_rate("deliveries"), "to sockets"), (_rate("events_replayed"), "of which replayed")]),
    ],
    "Latency": [
        ("Send to commit", "s", _quantiles("send_to_commit_seconds")),
        ("Commit to write, same worker", "s", _quantiles("commit_to_write_seconds")),
        ("Commit to write, other workers", "s", _quantiles("commit_to_write_elsewhere_seconds")),
        ("Requests", "s", _quantiles("http_request_seconds")),
        ("Responses", "reqps", [(_rate("http_requests", "status"), "{{status}}")]),
        ("Event loop delay", "s", [(_max("loop_delay_seconds", "instance"), "{{instance}}")]),
    ],
    "Group commit": [
        (
            "Waiting",
            "short",
            [(_sum("waiting_sends"), "messages"), (_sum("blocked_conversations"), "blocked conversations")],
        ),
        ("Messages per batch", "short", _quantiles("batch_messages")),
        ("Sent outside a batch", "ops", [(_rate("sends_outside_batch"), "messages")]),
    ],
    "Repairs": [
        ("Gaps filled", "ops", [(_rate("gaps_filled"), "pages")]),
        ("Reconciler findings", "ops", [(_rate("reconciler_findings", "what"), "{{what}}")]),
        ("Resyncs", "ops", [(_rate("resyncs"), "sockets")]),
    ],
    "Sockets": [
        ("Opened", "ops", [(_rate("socket_opens"), "sockets")]),
        ("Closed by the service", "ops", [(_rate("socket_closes", "code"), "{{code}}")]),
        ("Frames", "ops", [(_rate("frames_in", "type"), "in {{type}}"), (_rate("frames_out", "type"), "out {{type}}")]),
    ],
    "Limits": [
        ("Rejected by limits", "ops", [(_rate("refusals", "kind"), "{{kind}}")]),
        (
            "Database connections",
            "short",
            [(_sum("pool_connections", "pool"), "{{pool}} in use"), (_sum("pool_size", "pool"), "{{pool}} maximum")],
        ),
        (
            "Waits for a connection",
            "ops",
            [(_rate("pool_waits", "pool"), "{{pool}} waited"), (_rate("pool_timeouts", "pool"), "{{pool}} timed out")],
        ),
    ],
    "Background work": [
        ("Consumer lag", "s", [(_max("consumer_lag_seconds", "consumer"), "{{consumer}}")]),
        ("Unprocessed events", "short", [(_max("consumer_lag_events", "consumer"), "{{consumer}}")]),
        (
            "Processed events",
            "ops",
            [(_rate("feed_events"), "appended to the feed"), (_rate("consumer_events", "consumer"), "{{consumer}}")],
        ),
        ("Feed lag", "s", [(_max("feed_lag_seconds"), "feed")]),
        ("Rebuilds", "short", [(_max("consumer_rebuilding", "consumer"), "{{consumer}}")]),
        (
            "Events before the feed",
            "short",
            [(_max("feed_lag_events"), "not in the feed"), (_max("parked_events", "consumer"), "parked: {{consumer}}")],
        ),
        ("Dead deliveries", "short", [(_max("dead_deliveries"), "deliveries")]),
        (
            "Delivery attempts",
            "ops",
            [(_rate("notification_deliveries", "channel, outcome"), "{{channel}} {{outcome}}")],
        ),
        ("Purged conversations", "ops", [(_rate("purges", "outcome"), "{{outcome}}")]),
    ],
    "Replicas": [
        ("Replica lag", "s", [(_max("replica_lag_seconds", "replica"), "replica {{replica}}")]),
        ("Replica reads", "ops", [(_rate("replica_reads", "outcome"), "{{outcome}}")]),
    ],
    "Machines": [
        (
            "Workers",
            "short",
            [
                (_sum("workers", "instance"), "{{instance}}"),
                (_max("workers_expected", "instance"), "{{instance}} expected"),
                (_sum("draining"), "draining"),
            ],
        ),
        ("CPU", "short", [(_rate("cpu_seconds", "instance"), "{{instance}}")]),
        ("Memory", "bytes", [(_sum("resident_bytes", "instance"), "{{instance}}")]),
        (
            "Database and Redis",
            "short",
            [("min (wasgo_chat_database_up{$at})", "database"), ("min (wasgo_chat_redis_up{$at})", "Redis")],
        ),
        ("Versions", "short", [("count by (version) (wasgo_chat_build_info{$at})", "{{version}}")]),
    ],
}


def dashboard() -> dict[str, Any]:
    """The dashboard in the JSON model that Grafana imports."""
    panels: list[dict[str, Any]] = []
    top = 0
    for row, shown in ROWS.items():
        panels.append({"type": "row", "title": row, "gridPos": {"x": 0, "y": top, "w": ACROSS, "h": 1}, "panels": []})
        top += 1
        for at, (title, unit, queries) in enumerate(shown):
            across = ACROSS // WIDTH
            place = {"x": at % across * WIDTH, "y": top + at // across * HEIGHT, "w": WIDTH, "h": HEIGHT}
            panels.append(_panel(title, unit, queries, place))
        top += -(-len(shown) * WIDTH // ACROSS) * HEIGHT
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
    return {
        "title": "wasgo-chat",
        "uid": "wasgo-chat",
        "tags": ["wasgo-chat"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": _variables()},
        "panels": panels,
    }


def _panel(title: str, unit: str, queries: list[Query], place: dict[str, int]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": source,
                "expr": query.replace("$at", 'instance=~"$instance"'),
                "legendFormat": name,
            }
            for at, (query, name) in enumerate(queries)
        ],
    }


def _variables() -> list[dict[str, Any]]:
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    instance = {
        "name": "instance",
        "type": "query",
        "label": "Machine",
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "query": "label_values(wasgo_chat_workers, instance)",
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }
    return [source, instance]


def text() -> str:
    """The content of `wasgo-chat.json`."""
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    (HERE / "wasgo-chat.json").write_text(text(), encoding="utf-8")
