"""A worker's decoder processes: files of senders are cleaned and decoded there, never in the worker.

Processes start with the first file, are used again, and end after a minute without work. If one dies,
exceeds its time or runs out of memory, the upload is rejected with 422, and the next file gets a new process.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

import wasgo_chat
from wasgo_chat.attachments.decoding_budget import DecodingBudget
from wasgo_chat.attachments.storage import StorageFull, is_disk_full
from wasgo_chat.attachments.upload.content_types import PREVIEWED_IMAGES
from wasgo_chat.attachments.upload.decoder.fair_queue import FairQueue, MemoryBudget
from wasgo_chat.core.errors import ChatError, Invalid, Unavailable
from wasgo_chat.settings.config import Settings

log = structlog.get_logger(__name__)

IDLE_S = 60.0
"""After this time without work, a process ends."""
MAX_FILES = 500
"""A process that has served so many files is replaced: what a codec leaks is bounded."""

_ROOT = str(Path(wasgo_chat.__file__).parent.parent)
_START = (
    "import sys; sys.path[:0] = [sys.argv[1]]; from wasgo_chat.attachments.upload.decoder.process import main; main()"
)
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "MALLOC_ARENA_MAX")
# A machine with other work to do gives a process less than a core.
_WALL_PER_CPU = 3


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned file. An image has a size in pixels; its cleaned file and thumbnail are next to the original.

    Sound and films have a duration in seconds, if it is known.

    `is_intact` is False if an image was cleaned in place, and could not be decoded.
    """

    width: int | None = None
    height: int | None = None
    has_thumbnail: bool = False
    is_intact: bool = True
    duration: float | None = None


class DecoderPool:
    """Cleans files in other processes. Each user has at most one file in progress, and users take turns.

    Args:
        settings: the number of processes, and the limits of a file.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns = FairQueue(settings.image_decoders)
        self._memory = MemoryBudget(settings.image_decoder_memory_bytes)
        self._idle: list[_Decoder] = []
        self._decoders: set[_Decoder] = set()

    @property
    def process_ids(self) -> list[int]:
        """The processes that run now."""
        return [decoder.process.pid for decoder in self._decoders]

    async def clean(
        self,
        budget: DecodingBudget,
        path: Path,
        content_type: str,
        loc: list[str | int],
    ) -> Cleaned:
        """Clean a file: an image to new files next to it (`working_files.working_paths`), any other in place.

        Args:
            budget: what the files of the sender may cost.
            path: the file.
            content_type: its type, of those that are cleaned.
            loc: the location of the file in the request.

        Raises:
            Invalid: the image is too large, or the file cannot be read.
            RateLimited: the budget is spent.
            StorageFull, Unavailable: the disk is full or cannot be used, or no process can be started.
        """
        async with self._turns.turn(budget.user_id):
            budget.require_time()
            decoder = await self._take()
            try:
                return await self._serve(decoder, path, content_type, loc, budget)
            finally:
                budget.count_time(decoder.take_cpu_s())
                self._give_back(decoder)

    async def close(self) -> None:
        """End all processes."""
        for decoder in list(self._decoders):
            self._end(decoder)
            await decoder.process.wait()

    async def _serve(
        self,
        decoder: "_Decoder",
        path: Path,
        content_type: str,
        loc: list[str | int],
        budget: DecodingBudget,
    ) -> Cleaned:
        request = {
            "path": str(path),
            "content_type": content_type,
            "max_pixels": self._settings.max_image_pixels,
            "seconds": self._settings.image_decoder_cpu_s,
        }
        answer = await self._ask(decoder, json.dumps(request), loc)
        if "memory" not in answer:
            is_intact = content_type not in PREVIEWED_IMAGES or answer.get("is_intact", False)
            return Cleaned(is_intact=is_intact, duration=answer.get("duration"))
        width, height, memory = (int(answer[name]) for name in ("width", "height", "memory"))
        is_optional = answer.get("is_optional", False)
        try:
            if memory > self._memory.size:
                if is_optional:
                    await self._ask(decoder, "skip", loc)
                    return Cleaned(width, height)
                raise Invalid.field(loc, "too_many_pixels", "needs too much memory to be decoded")
            await budget.count_pixels(width * height)
        except ChatError:
            await self._ask(decoder, "skip", loc)
            raise
        async with self._memory.hold(memory):
            try:
                answer = await self._ask(decoder, "decode", loc)
            except Invalid:
                if not is_optional:
                    raise
                return Cleaned(width, height, is_intact=False)
        if not is_optional:
            return Cleaned(width, height, has_thumbnail=True)
        has_thumbnail = answer.get("has_thumbnail", False)
        return Cleaned(width, height, has_thumbnail=has_thumbnail, is_intact=has_thumbnail)

    async def _ask(self, decoder: "_Decoder", request: str, loc: list[str | int]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._settings.image_decoder_cpu_s * _WALL_PER_CPU):
                answer = await decoder.ask(request)
        except TimeoutError:
            decoder.cpu_s += self._settings.image_decoder_cpu_s
            log.warning("decoder_too_slow")
            raise _unreadable(loc) from None
        if answer is None:
            decoder.cpu_s += self._settings.image_decoder_cpu_s
            decoder.kill()
            log.warning("decoder_died", status=await decoder.process.wait())
            raise _unreadable(loc)
        if "refused" in answer:
            if answer.get("cause"):
                log.info("image_unreadable", cause=answer["cause"])
            raise Invalid.field(loc, str(answer["refused"]), str(answer["message"]))
        if "disk_error" in answer:
            if is_disk_full(answer["disk_error"]):
                raise StorageFull
            raise Unavailable("The attachments folder cannot be used now")
        return answer

    async def _take(self) -> "_Decoder":
        while self._idle:
            decoder = self._idle.pop(0)  # in turn, so that none ends while there is work for it
            decoder.cancel_idle_timer()
            if decoder.process.returncode is None:
                return decoder
            self._decoders.discard(decoder)
        try:
            decoder = await _Decoder.start()
        except OSError as error:
            raise Unavailable("No process for checking files can be started now") from error
        self._decoders.add(decoder)
        return decoder

    def _give_back(self, decoder: "_Decoder") -> None:
        if not decoder.is_between_files or decoder.files >= MAX_FILES or decoder.process.returncode is not None:
            self._end(decoder)
            return
        self._idle.append(decoder)
        decoder.idle_timer = asyncio.get_running_loop().call_later(IDLE_S, self._end, decoder)

    def _end(self, decoder: "_Decoder") -> None:
        decoder.cancel_idle_timer()
        if decoder in self._idle:
            self._idle.remove(decoder)
        self._decoders.discard(decoder)
        decoder.kill()


class _Decoder:
    """One process. It is between files unless it has to be asked for more, or has not answered."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._stdin: Any = process.stdin
        self._stdout: Any = process.stdout
        self.files = 0
        self.cpu_s = 0.0
        self.is_between_files = True
        self.idle_timer: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls) -> "_Decoder":
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}  # no secrets
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-c", _START, _ROOT,
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True,
            )
        )  # fmt: skip

    async def ask(self, request: str) -> dict[str, Any] | None:
        """Send a line and read the answer; None if the process has died."""
        self.files += self.is_between_files
        self.is_between_files = False
        try:
            self._stdin.write(request.encode() + b"\n")
            await self._stdin.drain()
            answer = json.loads(await self._stdout.readline() or b"null")
        except (OSError, ValueError):
            return None
        if not isinstance(answer, dict):
            return None
        self.cpu_s += float(answer.get("cpu_s", 0.0))
        self.is_between_files = "memory" not in answer
        return answer

    def take_cpu_s(self) -> float:
        """The CPU time since the last call."""
        taken, self.cpu_s = self.cpu_s, 0.0
        return taken

    def cancel_idle_timer(self) -> None:
        if self.idle_timer is not None:
            self.idle_timer.cancel()
            self.idle_timer = None

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()


def _unreadable(loc: list[str | int]) -> Invalid:
    return Invalid.field(loc, "unreadable_image", "could not be decoded with the time and memory that a file may use")
