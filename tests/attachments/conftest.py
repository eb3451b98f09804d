"""A worker that stores attachments in a temporary folder, and a real S3 server."""

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.exceptions import BaseError

from tests.support.workers import Worker, make_settings, running
from tests.support.world import World
from wasgo_chat.attachments.storage_s3 import S3Storage
from wasgo_chat.development.embedded import free_port
from wasgo_chat.server.process import die_with_parent
from wasgo_chat.settings.config import Settings

BUCKET = "attachments"
START_S = 60.0
KEYS = {"s3_access_key_id": "tests", "s3_secret_access_key": "a-secret-of-the-tests"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The attachment folder of this process's worker."""
    return tmp_path_factory.mktemp("attachments")


@pytest.fixture(scope="session")
async def attachments_worker(database: str, folder: Path) -> AsyncIterator[Worker]:
    """A worker with a small size limit."""
    settings = make_settings(database, storage_dir=folder, max_attachment_bytes=2 << 20, max_image_pixels=2_000_000)
    async with running(settings) as started:
        yield started


@pytest.fixture
async def world(attachments_worker: Worker) -> AsyncIterator[World]:
    """Users of one test, on that worker."""
    made = World(attachments_worker)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The settings of a bucket on a SeaweedFS server."""
    data = tmp_path_factory.mktemp("seaweedfs")
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": KEYS["s3_access_key_id"], "secretKey": KEYS["s3_secret_access_key"]}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (data / "s3.json").write_text(json.dumps({"identities": [identity]}))
    port = free_port()
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(
            _command(data, port), cwd=data, stdout=log, stderr=log,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  only asks the kernel
        )  # fmt: skip
    given = {"s3_bucket": BUCKET, "s3_endpoint": f"http://127.0.0.1:{port}", **KEYS}
    try:
        _wait_until_it_stores(process, given, data / "log")
        yield given
    finally:
        process.kill()  # it takes ten seconds to terminate
        process.wait()


def _command(data: Path, port: int) -> list[str]:
    command = [str(Path(sys.executable).with_name("weed")), "server", f"-dir={data}", "-s3", f"-s3.port={port}"]
    command += [
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.config={data / 's3.json'}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]
    command += ["-master.volumeSizeLimitMB=64", "-volume.max=4", "-master.telemetry=false", "-s3.iam=false"]
    command += [f"-s3.port.grpc={free_port()}"]
    for part in ("master", "volume", "filer"):
        command += [f"-{part}.port={free_port()}", f"-{part}.port.grpc={free_port()}"]
    return command


def _wait_until_it_stores(process: "subprocess.Popen[bytes]", given: dict[str, Any], log: Path) -> None:
    storage = S3Storage(Settings(**given))
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            obstore.put(storage._store, "ready", b"yes")
        except (BaseError, OSError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError("SeaweedFS did not come up:\n" + log.read_text(errors="replace")[-3000:])
