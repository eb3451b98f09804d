"""Lints and renders the Helm chart, and compares it with the manifests of deploy/kubernetes. Run by `make lint-deploy`.

python deploy/helm/check.py FOLDER      writes the rendered manifests into FOLDER, for a validator
"""

import sys
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml

HERE = Path(__file__).parent
KUSTOMIZE = HERE.parent / "kubernetes"
OTHER_VALUES: dict[str, Any] = {
    "autoscaling": {"enabled": False},
    "ingress": {"enabled": False},
    "gateway": {"enabled": True},
    "podMonitor": {"enabled": True},
    "networkPolicy": {"enabled": False},
    "migrate": {"enabled": False},
    "imagePullSecrets": [{"name": "registry"}],
    "tolerations": [{"operator": "Exists"}],
    "settings": {"DATABASE_POOLER": "true"},
}
CUSTOM = {"HTTPRoute", "PodMonitor"}
"""Kinds that are defined by custom resources: a validator of Kubernetes' own kinds does not know them."""


def render(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rendered manifests by kind."""
    texts = helm.Chart.load(HERE).render(values, name="wasgo-chat", namespace="wasgo-chat").values()
    found = [document for text in texts for document in yaml.safe_load_all(text) if document]
    return {document["kind"]: document for document in found}


def of_kustomize() -> dict[str, dict[str, Any]]:
    files = [*KUSTOMIZE.glob("*.yaml"), *KUSTOMIZE.glob("*/*.yaml")]
    manifests = [yaml.safe_load(file.read_text()) for file in files if file.name != "kustomization.yaml"]
    return {manifest["kind"]: manifest for manifest in manifests}


def without_labels(manifest: Any) -> Any:
    """A manifest without what names the release, which only the chart has."""
    if isinstance(manifest, list):
        return [without_labels(one) for one in manifest]
    if not isinstance(manifest, dict):
        return manifest
    dropped = ("labels", "matchLabels", "selector", "annotations", "image", "ttlSecondsAfterFinished")
    kept = {name: without_labels(value) for name, value in manifest.items() if name not in dropped}
    return {name: value for name, value in kept.items() if value != {}}


def main(folder: Path) -> None:
    report = helm.lint(HERE, strict=True)
    if problems := [one for one in report.get("messages", []) if one.get("severity", 0) not in (0, 1, "INFO")]:
        raise SystemExit(f"helm lint: {problems}")
    default, other = render({}), render(OTHER_VALUES)
    differing = {"ConfigMap"}
    for kind, manifest in of_kustomize().items():
        ours = {**other, **default}[kind]
        if kind not in differing and without_labels(manifest) != without_labels(ours):
            raise SystemExit(f"The {kind} of the chart differs from the one of deploy/kubernetes.")
    lines = (KUSTOMIZE / "config.env").read_text().splitlines()
    config = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    if default["ConfigMap"]["data"] != config:
        raise SystemExit("The settings of the chart differ from config.env of deploy/kubernetes.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, manifests in (("default", default), ("other", other)):
        for kind, manifest in manifests.items():
            if kind not in CUSTOM:
                (folder / f"{name}-{kind.lower()}.yaml").write_text(yaml.safe_dump(manifest))
    print(f"helm lint: ok; {len(default)} and {len(other)} manifests rendered, equal to deploy/kubernetes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
