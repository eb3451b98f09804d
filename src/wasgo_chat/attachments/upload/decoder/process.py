"""A decoder process: cleans and decodes one file after the other, with limits that the kernel enforces.

A worker starts it (`attachments.upload.decoder.pool`), sends a request per line on its standard input, and reads a line
for each answer. It has no secrets, no connections, and imports nothing of the service but the modules that clean files.
"""

import errno
import gc
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from wasgo_chat.attachments.upload.duration import duration_of
from wasgo_chat.attachments.upload.metadata.cleaning import IN_PLACE, PREVIEWED, clean_in_place

# In addition to the estimate for a picture: its file in memory, buffers of the codecs, the interpreter's own growth.
_SPARE_BYTES = 96 << 20
_NICENESS = 5
"""Messages go first: an upload may take longer."""


class _Skipped(Exception):
    """The worker does not want the image decoded."""


def main() -> None:
    """Serve requests until the input ends, which it also does if the worker dies."""
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is not an answer
    for line in sys.stdin:
        _serve(json.loads(line), answers)


def _serve(request: dict[str, Any], answers: Any) -> None:
    counted_s = time.process_time()

    def answer(content: dict[str, Any]) -> None:
        nonlocal counted_s
        used_s = time.process_time()
        answers.write(json.dumps({**content, "cpu_s": used_s - counted_s}) + "\n")
        counted_s = used_s

    _limit_cpu(request["seconds"])
    _limit_memory(_SPARE_BYTES)
    try:
        if request["content_type"] not in IN_PLACE:
            _clean_image(request, answer)
        elif not clean_in_place(Path(request["path"]), request["content_type"]):
            answer(_refused("unreadable_media", "has no valid structure"))
        elif request["content_type"] in PREVIEWED:
            _preview(request, answer)
        else:
            seconds = duration_of(Path(request["path"]), request["content_type"])
            answer({"done": True, "duration": seconds})
    except MemoryError:
        answer(_refused("too_many_pixels", "needs too much memory to be decoded"))
    except OSError as error:
        # Pillow raises OSError without an errno for invalid images.
        if error.errno is None or error.errno == errno.ENOMEM:
            answer(_refused("unreadable_image", "is not a readable image"))
        else:
            answer({"disk_error": error.errno})
    except Exception as error:
        answer(_refused("unreadable_image", "is not a readable image", cause=type(error).__name__))
    finally:
        _limit_memory(None)
        gc.collect()


def _clean_image(request: dict[str, Any], answer: Any) -> None:
    from wasgo_chat.attachments.upload.decoder import images  # noqa: PLC0415  loads Pillow, which sound and films do not need

    def wait_for_permission(measures: images.Measures) -> None:
        answer({"width": measures.width, "height": measures.height, "memory": measures.memory})
        if sys.stdin.readline() != "decode\n":
            raise _Skipped
        _limit_memory(measures.memory + _SPARE_BYTES)

    try:
        images.clean_image(Path(request["path"]), request["content_type"], request["max_pixels"], wait_for_permission)
    except _Skipped:
        answer({"skipped": True})
    except images.ImageRefused as error:
        answer(_refused(error.code, error.message))
    else:
        answer({"done": True})


def _preview(request: dict[str, Any], answer: Any) -> None:
    """Create the thumbnail of an image that has been cleaned in place, if it can be decoded."""
    from wasgo_chat.attachments.upload.decoder import previews  # noqa: PLC0415  loads Pillow and libheif

    def wait_for_permission(measures: Any) -> None:
        answer({"width": measures.width, "height": measures.height, "memory": measures.memory, "is_optional": True})
        if sys.stdin.readline() != "decode\n":
            raise _Skipped
        _limit_memory(measures.memory + _SPARE_BYTES)

    path = Path(request["path"])
    try:
        previews.create_preview(path, request["content_type"], request["max_pixels"], wait_for_permission)
    except OSError as error:
        if error.errno not in (None, errno.ENOMEM):
            raise
        answer({"done": True})
    except (_Skipped, previews.NotDecoded):
        answer({"done": True, "is_intact": True})
    except Exception:
        answer({"done": True})
    else:
        answer({"done": True, "is_intact": True, "has_thumbnail": True})


def _refused(code: str, message: str, cause: str = "") -> dict[str, Any]:
    return {"refused": code, "message": message, "cause": cause}


def _limit_cpu(seconds: int) -> None:
    """Have the kernel end this process after so much more CPU time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


def _limit_memory(more: int | None) -> None:
    """Limit the address space to its present size and so many bytes more; None removes the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return  # not Linux: there is no way to tell the present size
    limit = hard if more is None else pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
