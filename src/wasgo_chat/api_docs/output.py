"""Output of generated documents: print them, write them to a file, or compare a file with them."""

import re
import sys
from pathlib import Path

from wasgo_chat.settings.config import CannotStart


class OutOfDate(CannotStart):
    """A file differs from the generated document."""

    exit_code = 1


def write_or_check(text: str, write: Path | None, check: Path | None) -> None:
    """Write `text` to the file `write`, compare it with the file `check`, or print it if both are None.

    Raises:
        CannotStart: the file cannot be read or written.
        OutOfDate: the file `check` differs.
    """
    if write is not None:
        try:
            write.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotStart(f"{write} cannot be written: {error.strerror}.") from error
    elif check is not None:
        if not check.exists() or _read(check) != text:
            raise OutOfDate(f"{check} is not up to date: run `make docs`.")
    else:
        sys.stdout.write(text)


def write_or_check_table(table: str, write: Path | None, check: Path | None, *, marker: str) -> None:
    """Do the same with a table between the comments `<!-- MARKER: begin -->` and `<!-- MARKER: end -->` of a file.

    Raises:
        CannotStart: as in `write_or_check`.
        OutOfDate: the table differs, or the file has no such markers.
    """
    target = write or check
    if target is None:
        write_or_check(f"{table}\n", None, None)
        return
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    block = f"{begin}\n{table}\n{end}"
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    text, replacements = re.subn(pattern, lambda _: block, _read(target), flags=re.DOTALL)
    if not replacements:
        raise OutOfDate(f"{target} has no table of {marker}: add the lines `{begin}` and `{end}` where it belongs.")
    write_or_check(text, write, check)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CannotStart(f"{path} cannot be read: it is not UTF-8 text.") from error
    except OSError as error:
        raise CannotStart(f"{path} cannot be read: {error.strerror}.") from error
