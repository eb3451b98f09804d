"""The alert rules in Prometheus' own rule tester: each fires when it should, and none in ordinary operation."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
PROMTOOL = shutil.which("promtool") or str(ROOT / "build" / "prometheus" / "usr" / "bin" / "promtool")
JOB = 'job="wasgo-chat",instance="a"'

# Series of Prometheus' rule tests (`start+step x times`, a step is a minute), and the minute at which the alert fires.
FIRES: dict[str, tuple[dict[str, str], int]] = {
    "WasgoChatDown": ({f"up{{{JOB}}}": "1x5 0x10"}, 9),
    "WasgoChatNotScraped": ({f"wasgo_chat_workers{{{JOB}}}": "2x5 stale"}, 12),
    "WasgoChatDatabaseDown": ({f"wasgo_chat_database_up{{{JOB}}}": "1 0x5"}, 3),
    "WasgoChatRedisDown": ({f"wasgo_chat_redis_up{{{JOB}}}": "1 0x5"}, 4),
    "WasgoChatErrors": (
        {
            f'wasgo_chat_http_requests_total{{{JOB},status="5xx",route="/chat/messages/"}}': "0+10x20",
            f'wasgo_chat_http_requests_total{{{JOB},status="2xx",route="/chat/messages/"}}': "0+100x20",
        },
        12,
    ),
    "WasgoChatSlowCommits": (
        {
            f'wasgo_chat_send_to_commit_seconds_bucket{{{JOB},le="1.0"}}': "0+10x20",
            f'wasgo_chat_send_to_commit_seconds_bucket{{{JOB},le="2.5"}}': "0+100x20",
            f'wasgo_chat_send_to_commit_seconds_bucket{{{JOB},le="+Inf"}}': "0+100x20",
        },
        12,
    ),
    "WasgoChatSlowDelivery": (
        {
            f'wasgo_chat_commit_to_write_elsewhere_seconds_bucket{{{JOB},le="1.0"}}': "0+10x20",
            f'wasgo_chat_commit_to_write_elsewhere_seconds_bucket{{{JOB},le="2.5"}}': "0+100x20",
            f'wasgo_chat_commit_to_write_elsewhere_seconds_bucket{{{JOB},le="+Inf"}}': "0+100x20",
        },
        12,
    ),
    "WasgoChatSendsRefused": ({f'wasgo_chat_refusals_total{{{JOB},kind="waiting_sends"}}': "0+5x20"}, 5),
    "WasgoChatSocketsRefused": ({f'wasgo_chat_refusals_total{{{JOB},kind="opening_sockets"}}': "0+5x20"}, 8),
    "WasgoChatSocketsFail": (
        {f'wasgo_chat_socket_closes_total{{{JOB},code="1013"}}': "0+5x40", f"wasgo_chat_sockets{{{JOB}}}": "1000x40"},
        25,
    ),
    "WasgoChatSlowConsumers": (
        {f'wasgo_chat_socket_closes_total{{{JOB},code="4408"}}': "0+5x40", f"wasgo_chat_sockets{{{JOB}}}": "1000x40"},
        25,
    ),
    "WasgoChatFramesLost": (
        {
            f'wasgo_chat_reconciler_findings_total{{{JOB},what="events"}}': "0+120x30",
            f"wasgo_chat_redis_up{{{JOB}}}": "1x30",
        },
        20,
    ),
    "WasgoChatLogRewound": ({f'wasgo_chat_reconciler_findings_total{{{JOB},what="rewinds"}}': "0x5 1x20"}, 8),
    "WasgoChatConnectionsExhausted": ({f'wasgo_chat_pool_timeouts_total{{{JOB},pool="request"}}': "0+5x20"}, 5),
    "WasgoChatConsumerBehind": ({f'wasgo_chat_consumer_lag_seconds{{{JOB},consumer="notifications"}}': "400x20"}, 12),
    "WasgoChatFeedBehind": ({f"wasgo_chat_feed_lag_seconds{{{JOB}}}": "40x20"}, 4),
    "WasgoChatParkedEvents": ({f'wasgo_chat_parked_events{{{JOB},consumer="notifications"}}': "1x30"}, 17),
    "WasgoChatDeadDeliveries": (
        {f'wasgo_chat_notification_deliveries_total{{{JOB},channel="email",outcome="dead"}}': "0x5 20x20"},
        8,
    ),
    "WasgoChatDeliveryFailures": (
        {
            f'wasgo_chat_notification_deliveries_total{{{JOB},channel="push",outcome="dead"}}': "0+1x200",
            f'wasgo_chat_notification_deliveries_total{{{JOB},channel="push",outcome="sent"}}': "0+5x200",
        },
        150,
    ),
    "WasgoChatPurgeStuck": (
        {
            f'wasgo_chat_purges_total{{{JOB},outcome="deferred"}}': "0+1x200",
            f'wasgo_chat_purges_total{{{JOB},outcome="failed"}}': "0x200",
        },
        150,
    ),
    "WasgoChatReplicaBehind": ({f'wasgo_chat_replica_lag_seconds{{{JOB},replica="1"}}': "40x20"}, 8),
    "WasgoChatDiskFilling": (
        {
            'node_filesystem_avail_bytes{instance="db",fstype="ext4"}': "5x20",
            'node_filesystem_size_bytes{instance="db",fstype="ext4"}': "100x20",
        },
        12,
    ),
    "WasgoChatLoopBlocked": ({f"wasgo_chat_loop_delay_seconds{{{JOB}}}": "2x20"}, 4),
    "WasgoChatWorkersMissing": (
        {f"wasgo_chat_workers{{{JOB}}}": "1x20", f"wasgo_chat_workers_expected{{{JOB}}}": "2x20"},
        12,
    ),
    "WasgoChatPodsMissing": (
        {
            'kube_deployment_status_replicas_available{deployment="wasgo-chat"}': "1x30",
            'kube_deployment_spec_replicas{deployment="wasgo-chat"}': "2x30",
        },
        20,
    ),
    "WasgoChatAddressLimited": (
        {
            f'wasgo_chat_refusals_total{{{JOB},kind="sockets_of_address"}}': "0+120x30",
            f'wasgo_chat_refusals_total{{{JOB},kind="address"}}': "0x30",
        },
        20,
    ),
}


def pod(name: str) -> str:
    return f'job="kubernetes-pods",instance="{name}"'


def life(first: int, last: int, value: str = "1") -> str:
    """A series that exists from one minute to another, and then goes stale, as when a target is removed."""
    return " ".join(part for part in (f"_x{first - 1}" if first else "", f"{value}x{last - first}", "stale") if part)


def pods(lives: dict[str, tuple[int, int]]) -> dict[str, str]:
    """The series of pods that live from one minute to another, scraped by the annotations of the manifests."""
    series: dict[str, str] = {}
    for name, (first, last) in lives.items():
        labels = pod(name)
        for metric in ("up", "wasgo_chat_workers", "wasgo_chat_workers_expected", "wasgo_chat_database_up"):
            series[f"{metric}{{{labels}}}"] = life(first, last)
        # A pod that ends is not scraped successfully for a moment: `up` is 0 before the target is removed.
        series[f"up{{{labels}}}"] = life(first, last).replace(" stale", " 0 stale")
        series[f'wasgo_chat_socket_closes_total{{{labels},code="1012"}}'] = life(first, last, "0+100")
        series[f"wasgo_chat_sockets{{{labels}}}"] = life(first, last, "3000")
        series[f'wasgo_chat_refusals_total{{{labels},kind="opening_sockets"}}'] = life(first, last, "0")
        series[f'wasgo_chat_refusals_total{{{labels},kind="waiting_sends"}}'] = life(first, last, "0")
        series[f'wasgo_chat_refusals_total{{{labels},kind="sockets_of_address"}}'] = life(first, last, "0")
        series[f'wasgo_chat_refusals_total{{{labels},kind="address"}}'] = life(first, last, "0")
    return series


QUIET: dict[str, dict[str, str]] = {
    # The autoscaler removes a pod every five minutes: six become two.
    "an ordinary scale-down": pods(
        {"p0": (0, 90), "p1": (0, 90), **{f"p{number}": (0, 15 + 5 * number) for number in range(2, 6)}}
    ),
    "a scale-up": pods({"p0": (0, 90), "p1": (0, 90), "p2": (20, 90), "p3": (20, 90)}),
    # Each old pod ends a minute after its successor has started.
    "a rolling restart": pods(
        {
            **{f"old{number}": (0, 20 + 2 * number) for number in range(4)},
            **{f"new{number}": (19 + 2 * number, 90) for number in range(4)},
        }
    ),
    "a rolling restart of one machine with two workers": {
        f"up{{{JOB}}}": "1x90",
        f"wasgo_chat_workers{{{JOB}}}": "2x20 3 2 3 2x66",
        f"wasgo_chat_workers_expected{{{JOB}}}": "2x90",
        f'wasgo_chat_socket_closes_total{{{JOB},code="1012"}}': "0x20 3000x70",
        f"wasgo_chat_sockets{{{JOB}}}": "6000x90",
    },
    "a machine that restarts": {
        f"up{{{JOB}}}": "1x20 0 1x68",
        f"wasgo_chat_workers{{{JOB}}}": "2x20 stale 1 2x67",
        f"wasgo_chat_workers_expected{{{JOB}}}": "2x20 stale 2x68",
        f"wasgo_chat_database_up{{{JOB}}}": "1x20 stale 1x68",
    },
    "one burst of refusals when sockets reconnect": {
        f"up{{{JOB}}}": "1x90",
        f"wasgo_chat_workers{{{JOB}}}": "1x90",
        f'wasgo_chat_refusals_total{{{JOB},kind="opening_sockets"}}': "0x20 400x70",
        f'wasgo_chat_refusals_total{{{JOB},kind="waiting_sends"}}': "0x20 400x70",
        f'wasgo_chat_pool_timeouts_total{{{JOB},pool="request"}}': "0x20 10x70",
    },
    "a service that is used by nobody": {
        f"up{{{JOB}}}": "1x90",
        f"wasgo_chat_workers{{{JOB}}}": "1x90",
        f'wasgo_chat_http_requests_total{{{JOB},status="5xx",route="/chat/messages/"}}': "0x90",
        f'wasgo_chat_send_to_commit_seconds_bucket{{{JOB},le="+Inf"}}': "0x90",
        f"wasgo_chat_sockets{{{JOB}}}": "0x90",
    },
}
ALERTS = [rule["alert"] for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]]


def check(tmp_path: Path, tests: list[dict[str, Any]]) -> str:
    """The output of promtool; empty if all tests pass."""
    file = tmp_path / "tests.yaml"
    document = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}
    file.write_text(yaml.safe_dump(document))
    assert Path(PROMTOOL).exists(), "promtool is not there: run make promtool"
    ran = subprocess.run([PROMTOOL, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_every_alert_fires(tmp_path: Path) -> None:
    assert sorted(FIRES) == sorted(ALERTS)
    tests = [
        {
            "name": alert,
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            # Expecting no alert makes promtool report the ones that fire, with their labels.
            "alert_rule_test": [{"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []}],
        }
        for alert, (series, minute) in FIRES.items()
    ]
    shown = check(tmp_path, tests)
    fired = set(re.findall(r'alertname="(\w+)"', shown))
    assert fired == set(ALERTS), shown


def test_no_alert_fires_in_ordinary_operation(tmp_path: Path) -> None:
    tests = [
        {
            "name": situation,
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "alert_rule_test": [
                {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []}
                for alert in ALERTS
                for minute in range(2, 60, 4)
            ],
        }
        for situation, series in QUIET.items()
    ]
    assert check(tmp_path, tests) == ""
