"""Checks the attachment store with a test object, and the virus scanner."""

import asyncio
import shutil
from pathlib import Path

from aioclamd import ClamdAsyncClient, ClamdError

from wasgo_chat.attachments.storage import LocalStorage, Storage
from wasgo_chat.attachments.storage_s3 import S3Storage
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import ChatError
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.settings.config import Settings

_PROBE = b"wasgo-chat doctor test object"
LOW_SPACE_BYTES = 1 << 30


async def check(settings: Settings) -> list[Finding]:
    """Write, read and delete a test object, as uploads do."""
    area = Area("store")
    where = f"the bucket {settings.s3_bucket}" if settings.s3_bucket else f"the directory {settings.storage_dir}"
    remedy = (
        "Check the WASGO_CHAT_S3_* settings, that the bucket exists, and that the key may put, get and delete objects."
        if settings.s3_bucket
        else "Set WASGO_CHAT_STORAGE_DIR to a directory that is shared by all workers and writable."
    )
    key, incoming = f"doctor/{new_id()}.probe", settings.storage_dir / "incoming"
    step = f"store temporary files ({incoming})"
    try:
        storage: Storage = S3Storage(settings) if settings.s3_bucket else LocalStorage(settings.storage_dir)
        source = await asyncio.to_thread(_write, incoming)
        step = "be written to"
        await storage.put(key, source, content_type="text/plain", disposition="attachment")
        step = "be read"
        read = b"".join([chunk async for chunk in storage.read(key, 0, len(_PROBE))])
        if read != _PROBE:
            area.error(
                f"{where.capitalize()} returned different data than was written.",
                "Check for a proxy or gateway in between.",
            )
        step = "delete files"
        await storage.delete([key])
        await asyncio.to_thread(source.unlink, missing_ok=True)
    except (ChatError, OSError, ValueError) as error:
        area.error(f"{where.capitalize()} cannot {step} ({type(error.__cause__ or error).__name__}).", remedy)
        return area.findings
    area.ok(f"{where.capitalize()} stores, returns and deletes files.")
    free_bytes = (await asyncio.to_thread(shutil.disk_usage, settings.storage_dir)).free
    if free_bytes < LOW_SPACE_BYTES:
        area.warn(
            f"The disk of {settings.storage_dir} has {free_bytes >> 20} MiB left.",
            "Free disk space: uploads will fail with 507.",
        )
    return area.findings


async def check_scanner(settings: Settings) -> list[Finding]:
    """Check the connection to the virus scanner, if one is configured. Without it, uploads fail."""
    area = Area("scanner")
    if settings.clamd is None:
        area.ok("Not configured: files are not scanned.")
        return area.findings
    host, _, port = settings.clamd.rpartition(":")
    try:
        await ClamdAsyncClient(host.strip("[]"), int(port), timeout=settings.clamd_timeout_s).ping()
    except (ClamdError, OSError, TimeoutError) as error:
        area.error(
            f"clamd does not respond ({type(error).__name__}): uploads fail with 503.",
            "Start clamd, or correct WASGO_CHAT_CLAMD.",
        )
    else:
        area.ok("clamd responds.")
    return area.findings


def _write(incoming: Path) -> Path:
    incoming.mkdir(parents=True, exist_ok=True)
    path = incoming / f"{new_id()}.probe"
    path.write_bytes(_PROBE)
    return path
