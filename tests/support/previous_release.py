"""The code of the previous release, from Git: its commit, and its files in a folder."""

import re
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class HistoryUnavailable(Exception):
    """The previous release is not available here; the message says what to do."""


def previous_release_commit() -> tuple[str, str]:
    """The commit of the last release, or the last one before the newest migration; and a description of the choice.

    Raises:
        HistoryUnavailable: the history is incomplete and cannot be fetched.
    """
    if _git("rev-parse", "--is-inside-work-tree") != "true":
        raise HistoryUnavailable("this is not a Git repository: run it in a clone")
    found = _find()
    if found is None and _git("rev-parse", "--is-shallow-repository") == "true":
        _git("fetch", "--quiet", "--unshallow", "--tags")
        found = _find()
    if found is None:
        raise HistoryUnavailable("the history ends before the newest migration: run `git fetch --unshallow`")
    return found


def extract(commit: str, folder: Path) -> None:
    """Write the files of a commit into a folder."""
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # not before 3.11.4 (PEP 706)
        archive.extractall(folder)


def _find() -> tuple[str, str] | None:
    tags = (_git("tag", "--list", "v*", "--merged", "HEAD", "--sort=-v:refname") or "").splitlines()
    here = _git("rev-parse", "HEAD")
    for tag in tags:
        if re.fullmatch(r"v[0-9]+(\.[0-9]+)*", tag) and _git("rev-parse", f"{tag}^{{commit}}") != here:
            return tag, f"the last release, {tag}"
    newest = max(path.name for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    path = f"migrations/versions/{newest}"
    # A rename is not the creation: the number identifies a migration. A merge is, as it brings a branch to users.
    how = ("--first-parent", "--diff-merges=first-parent", "--no-renames", "--diff-filter=A", "--format=%H")
    added = (_git("log", *how, "--", path) or "").splitlines()
    before = _git("rev-parse", "--verify", "--quiet", f"{added[0]}^") if added else None
    return (before, f"there is no release; the commit before {newest}") if before else None


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
