"""Documents name source files that exist, and names that those files contain."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from wasgo_chat.cli import app
from wasgo_chat.settings.config import Settings
from wasgo_chat.worker import BACKGROUND_POOL_SIZE, KEYED_POOL_SIZE

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "wasgo_chat"
BASES = (ROOT, SOURCE, ROOT / "tests", ROOT / "sdk", ROOT / "web")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FILE = re.compile(r"`(?:\.\./)*((?:[\w.-]+/)*[\w.-]+\.(?:py|ts|tsx|cfg|yaml|env|toml))`")
EXAMPLES = {"migrations/versions/0042_pinned_messages.py"}  # what a command in CONTRIBUTING writes
FILE_AND_NAMES = re.compile(r"`((?:\w+/)*\w+\.py)`((?:,? (?:and )?`(?![\w/]+\.py`)[A-Za-z_][\w.]*`)+)")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def find_file(name: str) -> Path | None:
    return next((base / name for base in BASES if (base / name).is_file()), None)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_files_and_names_in_a_document_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {name for name in FILE.findall(text) if "/" in name}
    assert sorted(name for name in named - EXAMPLES if find_file(name) is None) == []
    missing = []
    for name, symbols in FILE_AND_NAMES.findall(text):
        file = find_file(name)
        if file is None:
            continue
        code = file.read_text(encoding="utf-8")
        for symbol in re.findall(r"`([\w.]+)`", symbols):
            if not re.search(rf"\b{re.escape(symbol.rpartition('.')[2])}\b", code):
                missing.append(f"{name}: {symbol}")
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_in_a_document_lead_somewhere(page: Path) -> None:
    broken = []
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / path) if path else page
        if not target.exists():
            broken.append(path)
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            broken.append(f"{path}#{anchor}")
    assert broken == []


NOT_OURS = {
    "cluster_state",
    "full_page_writes",
    "hot_standby_feedback",
    "ignore_startup_parameters",
    "max_connections",
    "pg_promote",
    "pg_stat_activity",
    "pg_wal",
    "pool_mode",
    "synchronous_standby_names",
    "wasgo_chat_",
}
"""Names of PostgreSQL, PgBouncer and Redis; and the prefix of metrics."""


@pytest.mark.parametrize("name", ["runbook", "operations", "observability", "privacy", "deploy", "delivery"])
def test_log_events_metrics_and_names_in_a_document_are_in_the_code(name: str) -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in [*SOURCE.rglob("*.py"), *ROOT.glob("tests/chaos/*.py")]
    )
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z]+(?:_[a-z]+)+_?)`", text)) - NOT_OURS
    unknown = {word for word in words if word.removeprefix("wasgo_chat_").removesuffix("_total") not in source}
    assert unknown == set()


def test_the_documented_number_of_connections_is_that_of_a_worker() -> None:
    roles = 1
    more = KEYED_POOL_SIZE + BACKGROUND_POOL_SIZE + roles
    each = Settings().database_pool_size + more
    text = " ".join((ROOT / "docs/operations.md").read_text(encoding="utf-8").split())
    assert f"and {more} more: {KEYED_POOL_SIZE} for statements by key" in text
    assert f"{BACKGROUND_POOL_SIZE} for background work, and {roles} for its roles" in text
    assert f"That is {each} by default; plan `max_connections` for {each} for each worker" in text
    autoscaler = (ROOT / "deploy/kubernetes/autoscaler.yaml").read_text(encoding="utf-8")
    pods = 1 + int(re.findall(r"maxReplicas: (\d+)", autoscaler)[0])
    assert f"Each pod opens {each} database connections" in autoscaler
    assert f"rollout need\n  # {pods * each + 2}." in autoscaler  # one that purges, one that creates partitions


def test_the_readme_lists_every_command() -> None:
    group: Any = typer.main.get_command(app)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `wasgo-chat ([a-z]+)` \|", text, re.MULTILINE) != []
    assert set(re.findall(r"^\| `wasgo-chat ([a-z]+)` \|", text, re.MULTILINE)) == set(group.commands)
