"""The store of files, with a probe that is written, read and removed; and the virus scanner, if there is one."""

import asyncio
import shutil
from pathlib import Path

from aioclamd import ClamdAsyncClient, ClamdError

from wasgo_chat.attachments.storage import LocalStorage, Storage
from wasgo_chat.attachments.storage_s3 import S3Storage
from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import ChatError
from wasgo_chat.doctor.findings import Area, Finding

_PROBE = b"a probe of wasgo-chat doctor"
LITTLE_ROOM = 1 << 30


async def check(settings: Settings) -> list[Finding]:
    """Write, read and remove an object, as uploads do."""
    area = Area("store")
    where = f"the bucket {settings.s3_bucket}" if settings.s3_bucket else f"the folder {settings.storage_dir}"
    remedy = (
        "Check the S3_ settings, that the bucket exists, and that the key may put, get and delete in it."
        if settings.s3_bucket
        else "Make WASGO_CHAT_STORAGE_DIR a folder that the service's user may write to, the same for every worker."
    )
    key, incoming = f"doctor/{new_id()}.probe", settings.storage_dir / "incoming"
    step = f"take a file on its way ({incoming})"
    try:
        storage: Storage = S3Storage(settings) if settings.s3_bucket else LocalStorage(settings.storage_dir)
        source = await asyncio.to_thread(_write, incoming)
        step = "be written to"
        await storage.put(key, source, content_type="text/plain", disposition="attachment")
        step = "be read"
        read = b"".join([piece async for piece in storage.read(key, 0, len(_PROBE))])
        if read != _PROBE:
            area.error(f"What was written to {where} is read differently.", "Look for what stands between.")
        step = "have a file removed"
        await storage.delete([key])
        await asyncio.to_thread(source.unlink, missing_ok=True)
    except (ChatError, OSError, ValueError) as error:
        area.error(f"{where.capitalize()} cannot {step} ({type(error.__cause__ or error).__name__}).", remedy)
        return area.findings
    area.ok(f"{where.capitalize()} takes, gives and removes files.")
    room = (await asyncio.to_thread(shutil.disk_usage, settings.storage_dir)).free
    if room < LITTLE_ROOM:
        area.warn(f"The disk of {settings.storage_dir} has {room >> 20} MiB left.", "Make room: uploads get 507 soon.")
    return area.findings


async def check_scanner(settings: Settings) -> list[Finding]:
    """Whether the scanner is there; without its verdict no file is taken."""
    area = Area("scanner")
    if settings.clamd is None:
        area.ok("None is set.")
        return area.findings
    host, _, port = settings.clamd.rpartition(":")
    try:
        await ClamdAsyncClient(host.strip("[]"), int(port), timeout=settings.clamd_timeout_s).ping()
    except (ClamdError, OSError, TimeoutError) as error:
        area.error(
            f"clamd does not answer ({type(error).__name__}): uploads get 503.",
            "Start it, or correct WASGO_CHAT_CLAMD.",
        )
    else:
        area.ok("clamd answers.")
    return area.findings


def _write(incoming: Path) -> Path:
    incoming.mkdir(parents=True, exist_ok=True)
    path = incoming / f"{new_id()}.probe"
    path.write_bytes(_PROBE)
    return path
