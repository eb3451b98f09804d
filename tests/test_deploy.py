"""The files of deploy/ and compose.yaml are consistent with each other and with the service."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from wasgo_chat.settings.config import Settings, unknown_settings

ROOT = Path(__file__).parent.parent
MANIFESTS = ROOT / "deploy" / "kubernetes"


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def config() -> dict[str, str]:
    """The settings of the pods from `config.env`, as read by kustomize."""
    lines = (MANIFESTS / "config.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def manifest(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((MANIFESTS / name).read_text())
    return found


def seconds(settings: dict[str, str], name: str) -> float:
    return float(settings[f"WASGO_CHAT_{name}"])


def test_only_existing_settings_are_set() -> None:
    known = {f"WASGO_CHAT_{name.upper()}" for name in Settings.model_fields}
    named = set(compose()["services"]["chat-a"]["environment"]) | set(config())
    assert named <= known
    Settings.model_validate({name.removeprefix("WASGO_CHAT_").lower(): value for name, value in config().items()})


def test_no_secret_is_in_a_file() -> None:
    for line in (ROOT / "deploy" / "compose.env").read_text().splitlines():
        assert line.startswith("#") or line.endswith("="), line
    environment = compose()["services"]["chat-a"]["environment"]
    for name in ("WASGO_CHAT_JWT_SECRET", "WASGO_CHAT_S3_SECRET_ACCESS_KEY", "WASGO_CHAT_DATABASE_URL"):
        assert "${" in environment[name]
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text()))
    lines = (ROOT / "deploy" / "compose.env").read_text().splitlines()
    given = {line.removesuffix("=") for line in lines if line.endswith("=")}
    assert asked <= given


def test_draining_is_noticed_and_waited_for() -> None:
    """The proxy checks more often than `DRAIN_DELAY_S`, and the orchestrator waits longer than `SHUTDOWN_S`."""
    proxy = (ROOT / "deploy" / "haproxy.cfg").read_text()
    asked = re.search(r"inter (\d+)ms fastinter (\d+)ms fall (\d+)", proxy)
    assert asked is not None
    often, sooner, times = (int(one) for one in asked.groups())
    assert times > 1, "one late response takes the service out"
    interval = (often + (times - 1) * sooner) / 1000
    assert "timeout check" in proxy, "the interval would be the limit"
    chat = compose()["services"]["chat-a"]
    assert interval < seconds(chat["environment"], "DRAIN_DELAY_S")
    assert float(chat["stop_grace_period"].rstrip("s")) > seconds(chat["environment"], "SHUTDOWN_S")

    pod = manifest("deployment.yaml")["spec"]["template"]["spec"]
    settings = config()
    probe = pod["containers"][0]["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] < seconds(settings, "DRAIN_DELAY_S")
    assert pod["terminationGracePeriodSeconds"] > seconds(settings, "SHUTDOWN_S")


def test_an_idle_socket_outlives_the_ping_interval() -> None:
    heartbeat = Settings.model_fields["heartbeat_s"].default
    minutes = re.search(r"timeout tunnel (\d+)m", (ROOT / "deploy" / "haproxy.cfg").read_text())
    assert minutes is not None
    assert int(minutes[1]) * 60 > 2 * heartbeat
    annotations = manifest("ingress.yaml")["metadata"]["annotations"]
    assert float(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > 2 * heartbeat


def test_processes_run_as_the_image_user_and_can_write_where_needed() -> None:
    image = (ROOT / "Dockerfile").read_text()
    user, group = re.findall(r"^USER (\d+):(\d+)", image, flags=re.MULTILINE)[0]
    volume = re.findall(r"^VOLUME (\S+)", image, flags=re.MULTILINE)[0]
    pod = manifest("deployment.yaml")["spec"]["template"]["spec"]
    context = pod["securityContext"]
    assert (str(context["runAsUser"]), str(context["runAsGroup"]), context["runAsNonRoot"]) == (user, group, True)
    container = pod["containers"][0]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", volume}
    assert any(one.startswith(f"{volume}:uid={user},gid={group}") for one in compose()["services"]["chat-a"]["tmpfs"])


def test_the_ingress_forwards_every_public_route_and_no_other() -> None:
    (rule,) = manifest("ingress.yaml")["spec"]["rules"]
    prefixes = [path["path"] for path in rule["http"]["paths"]]
    inside = ("/healthz", "/readyz", "/metrics", "/admin", "/ops")
    public = [path for path in openapi_paths() if not path.startswith(inside)]
    assert [path for path in public if not path.startswith(tuple(prefixes))] == []
    assert not any(path.startswith(prefix) for path in inside for prefix in prefixes)


def test_the_gateway_forwards_the_same_routes_as_the_ingress() -> None:
    (rule,) = manifest("ingress.yaml")["spec"]["rules"]
    (route,) = manifest("gateway/http-route.yaml")["spec"]["rules"]
    assert [match["path"]["value"] for match in route["matches"]] == [path["path"] for path in rule["http"]["paths"]]
    values = yaml.safe_load((ROOT / "deploy/helm/values.yaml").read_text())
    assert values["paths"] == [path["path"] for path in rule["http"]["paths"]]
    (service,) = manifest("service.yaml")["spec"]["ports"]
    assert route["backendRefs"] == [{"name": "wasgo-chat", "port": service["port"]}]


def test_the_ingress_accepts_the_largest_message_with_files() -> None:
    fields = Settings.model_fields
    files = fields["max_attachments"].default * fields["max_attachment_bytes"].default
    annotations = manifest("ingress.yaml")["metadata"]["annotations"]
    allowed = int(annotations["nginx.ingress.kubernetes.io/proxy-body-size"].removesuffix("m")) << 20
    assert allowed >= files + fields["max_json_bytes"].default


def test_the_units_of_systemd_start_an_existing_command_with_existing_settings() -> None:
    unit = (ROOT / "deploy/systemd/wasgo-chat.service").read_text()
    assert "ExecStart=/opt/wasgo-chat/bin/wasgo-chat serve --fd 3 --workers 2" in unit
    named = set(re.findall(r"WASGO_CHAT_\w+", unit))
    assert unknown_settings(named) == {}
    given = {name.removesuffix("_FILE") for name in named}
    assert {f"WASGO_CHAT_{name}" for name in ("DATABASE_URL", "REDIS_URL", "JWT_SECRET")} <= given
    credentials = set(re.findall(r"LoadCredential=([\w-]+):", unit))
    assert credentials == set(re.findall(r"=%d/([\w-]+)", unit))
    stop = re.search(r"TimeoutStopSec=(\d+)", unit)
    assert stop is not None
    assert int(stop[1]) > Settings.model_fields["shutdown_s"].default


def test_every_manifest_is_listed() -> None:
    for folder in (MANIFESTS, MANIFESTS / "migrate", MANIFESTS / "gateway", MANIFESTS / "pod-monitor"):
        named = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
        assert {*named, "kustomization.yaml"} == {path.name for path in folder.glob("*.yaml")}


def test_the_pod_of_the_runbook_has_the_settings_of_the_secret(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "runbook.md").read_text()
    function = text[text.index("once() {") :].partition("\n```")[0]
    said = tmp_path / "kubectl"
    said.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    said.chmod(0o755)
    for command in re.findall(r"once (\S+) '([^']+)'", text):
        script = f"{function}\nonce {command[0]} '{command[1]}'"
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        ran = subprocess.run(["/bin/sh", "-c", script], env=env, capture_output=True, text=True, check=True)
        (pod,) = json.loads(ran.stdout.partition("--overrides=")[2])["spec"]["containers"]
        assert (pod["image"], pod["command"]) == (command[0], ["sh", "-c", command[1]])
        assert pod["envFrom"] == manifest("deployment.yaml")["spec"]["template"]["spec"]["containers"][0]["envFrom"][1:]


def test_the_runbook_finds_the_pods_and_the_process() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text()
    pod = manifest("deployment.yaml")["spec"]["template"]
    for name, value in re.findall(r"logs -l (\S+?)=(\S+)", text):
        assert pod["metadata"]["labels"][name] == value
    # `kill … 1` reaches the service only as process 1, and it has to read the file that is written.
    container = pod["spec"]["containers"][0]
    assert "command" not in container
    assert container["args"][:2] == ["wasgo-chat", "serve"]
    assert "ENTRYPOINT" not in (ROOT / "Dockerfile").read_text()
    assert config()["WASGO_CHAT_LOG_LEVELS_FILE"] == "/tmp/levels"
    assert "> /tmp/levels && kill -USR2 1" in text


def openapi_paths() -> list[str]:
    return list(json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"])


def test_a_change_of_the_settings_restarts_the_pods() -> None:
    """A generated name has a hash, so that the pod template changes with the content."""
    made = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())
    (generated,) = made["configMapGenerator"]
    assert not made.get("generatorOptions", {}).get("disableNameSuffixHash")
    container = manifest("deployment.yaml")["spec"]["template"]["spec"]["containers"][0]
    assert {"configMapRef": {"name": generated["name"]}} in container["envFrom"]
    assert all((MANIFESTS / path).exists() for path in generated["envs"])


def test_the_service_has_outbound_access_and_the_proxy_reaches_it_by_one_network_only() -> None:
    found = compose()
    chat, proxy = (set(found["services"][name]["networks"]) for name in ("chat-a", "proxy"))
    is_inside = {name for name, network in found["networks"].items() if network.get("internal")}
    assert chat - is_inside, "no keys of the issuer, no mail, no push"
    (shared,) = chat & proxy
    (subnet,) = found["networks"][shared]["ipam"]["config"]
    trusted = found["services"]["chat-a"]["environment"]["WASGO_CHAT_TRUSTED_PROXIES"]
    assert subnet["subnet"] == trusted
    for name in ("postgres", "valkey", "store"):
        assert set(found["services"][name]["networks"]) <= is_inside


def test_the_redis_of_compose_satisfies_the_doctor() -> None:
    command = compose()["services"]["valkey"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "volatile-ttl"


def test_pods_may_connect_to_whatever_settings_may_name() -> None:
    *_, rule = manifest("network-policy.yaml")["spec"]["egress"]
    # PostgreSQL, PgBouncer, Redis, Sentinel, HTTPS, mail by STARTTLS and TLS, OTLP over HTTP, clamd: their usual ports.
    assert {port["port"] for port in rule["ports"]} == {5432, 6432, 6379, 26379, 443, 587, 465, 4318, 3310}
