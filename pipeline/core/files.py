"""Files and folders: read without surprises, written whole or not at all, one writer at a time."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem, shorten
from pipeline.core.interrupt import unfinished

if TYPE_CHECKING:
    from filelock import BaseFileLock

MAX_TEXT = 20_000_000
"""Bytes of a YAML or JSON file that is read; more is not a file that a person keeps."""


CHUNK = 1 << 20
"""Bytes that are read at a time."""


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def have_same_bytes(one: Path, two: Path) -> bool:
    """Whether two files hold the same bytes; they are read up to the first that differs."""
    if one.stat().st_size != two.stat().st_size:
        return False
    with one.open("rb") as first, two.open("rb") as second:
        while chunk := first.read(CHUNK):
            if chunk != second.read(CHUNK):
                return False
    return True


def read_text(path: Path, name: str) -> str:
    """The text of a small UTF-8 file; `name` is what messages call it.

    Raises InvalidData for a byte that is not UTF-8, a byte order mark, or a file over `MAX_TEXT` bytes, and
    CannotRun where the file cannot be read.
    """
    with os_errors(name), path.open("rb") as file:
        data = file.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        raise InvalidData(
            Problem(
                Kind.LONG_LINE,
                f"is larger than {MAX_TEXT:,} bytes",
                "Keep data in CSV files and descriptions short.",
                file=name,
            )
        )
    if data.startswith(b"\xef\xbb\xbf"):
        raise InvalidData(byte_order_mark(name))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidData(bad_byte(name, line, error.start, data[error.start])) from None


def byte_order_mark(name: str) -> Problem:
    """The file starts with the bytes EF BB BF."""
    return Problem(
        Kind.BYTE_ORDER_MARK,
        "starts with a byte order mark (EF BB BF)",
        "Save it as UTF-8 without BOM.",
        file=name,
        row=1,
    )


def bad_byte(name: str, row: int, offset: int, byte: int) -> Problem:
    """A byte that is not UTF-8; `offset` counts bytes from the start of the file."""
    return Problem(
        Kind.BAD_BYTE,
        f"is not UTF-8 at byte {offset} of the file",
        "Save the file as UTF-8; it may be in Windows-1252 or ISO 8859-1 now.",
        file=name,
        row=row,
        value=f"0x{byte:02X}",
    )


def read_json(path: Path, name: str) -> Any:
    """The JSON value in a file; an object that names a member twice, or half a character, is refused."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise InvalidData(
                Problem(
                    Kind.BAD_DESCRIPTOR,
                    "is named twice in one object",
                    "Keep one of the two.",
                    file=name,
                    value=twice,
                )
            )
        return members

    try:
        value = json.loads(read_text(path, name), object_pairs_hook=unique)
        json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeEncodeError:
        rule = "holds half a character (a lone surrogate such as \\ud800)"
        raise InvalidData(Problem(Kind.BAD_DESCRIPTOR, rule, "Write the whole character.", file=name)) from None
    except json.JSONDecodeError as error:
        raise InvalidData(
            Problem(
                Kind.BAD_DESCRIPTOR,
                f"is not JSON: {error.msg} at column {error.colno}",
                "Correct the file there; any JSON editor shows the place.",
                file=name,
                row=error.lineno,
            )
        ) from None
    except RecursionError:
        raise InvalidData(Problem(Kind.BAD_DESCRIPTOR, "is nested too deeply", "Flatten it.", file=name)) from None


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as readable JSON: UTF-8, two spaces, members in the order given, a final newline."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    with os_errors(str(path)):
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """A UTF-8 file to be written bit by bit, which is there whole when the block ends, or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    with os_errors(str(path)):
        try:
            with draft.open("w", encoding="utf-8", newline="") as file:
                yield file
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def os_errors(name: str) -> Iterator[None]:
    """Turns what the operating system refuses into CannotRun; `name` is the file or folder in question.

    DuckDB and SQLite wrap what it refuses into errors of their own, which are known too.
    """
    try:
        yield
    except Exception as error:
        if str(error) in INTERRUPTED:
            raise KeyboardInterrupt from None
        problem = _problem(error, name)
        if problem is None:
            raise
        raise CannotRun(problem) from None


INTERRUPTED = ("Query interrupted", "INTERRUPT Error: Interrupted!")
"""What DuckDB says when Ctrl-C ends a query; it is no error of its own type."""


def _problem(error: Exception, name: str) -> Problem | None:
    """What the operating system refuses, with the way out; None for an error of another kind."""
    if isinstance(error, BrokenPipeError):
        return None
    if isinstance(error, OSError):
        return _os_problem(error, str(error.filename) if error.filename else name)
    if _is_of_database(error):
        return _database_problem(str(error).splitlines()[0], name)
    return None


def _os_problem(error: OSError, file: str) -> Problem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full(str(error.filename2 or file))  # of a copy, the second is the one that is written
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _not_writable(file)
    if error.errno == errno.ENOENT:
        return Problem(Kind.MISSING_FILE, "does not exist", "Check the path.", file=file)
    return _file_failed(error.strerror or str(error), file)


def _is_of_database(error: Exception) -> bool:
    """Whether DuckDB or SQLite failed at a file; both are looked for where they have been imported already."""
    duckdb, sqlite3 = sys.modules.get("pipeline.table.duckdb"), sys.modules.get("sqlite3")
    if duckdb and isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        return True
    return bool(sqlite3 and isinstance(error, sqlite3.OperationalError) and SQLITE_FILE.search(str(error)))


SQLITE_FILE = re.compile(r"disk is full|unable to open|readonly database|disk I/O error")
"""What SQLite says of files; its other operational errors are of SQL."""


def _database_problem(message: str, file: str) -> Problem:
    if re.search(r"No space left|disk is full|Disk quota|max_temp_directory_size", message):
        return _disk_full(file)
    if re.search(r"Permission denied|Read-only|readonly database|unable to open", message):
        return _not_writable(file)
    return _file_failed(shorten(re.sub(r"^(IO|Out of Memory) Error: ", "", message)), file)


def _disk_full(file: str) -> Problem:
    return Problem(
        Kind.DISK_FULL,
        "could not be written: no space is left on the disk",
        "Free some space and run the command again; nothing was published.",
        file=file,
    )


def _not_writable(file: str) -> Problem:
    return Problem(
        Kind.NOT_WRITABLE,
        "could not be read or written: permission denied",
        "Check who owns the file or folder, and that the disk is not read-only.",
        file=file,
    )


def _file_failed(reason: str, file: str) -> Problem:
    return Problem(Kind.FILE_FAILED, f"failed: {reason}", "Check the file, the folder and the disk.", file=file)


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, after what earlier, killed runs left there was removed.

    The caller holds the project's lock, or it would remove what another process is writing.
    """
    remove_abandoned(parent)
    with draft(parent) as folder:
        yield folder


def remove_abandoned(parent: Path) -> None:
    """Removes the folders that killed runs left in `parent`; the caller holds the project's lock."""
    with os_errors(str(parent)):
        for left in parent.glob(".staging-*"):
            shutil.rmtree(left)


@contextmanager
def draft(parent: Path) -> Iterator[Path]:
    """A new folder beside its destination, on the same file system; removed unless it was renamed away."""
    with os_errors(str(parent)):
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".staging-", dir=parent))
        folder.chmod(0o755)
        try:
            with unfinished(folder):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


SCRATCH = "servicebanken-"
"""How the names of folders for work begin in the system's temporary place."""

YOUNG = 60
"""Seconds in which a folder may have no lock yet."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for work in the system's temporary place; those that killed runs left there are removed first.

    Who works in a folder holds a lock beside it, which ends with the process, however that ends.
    """
    parent = Path(tempfile.gettempdir())
    with os_errors(str(parent)):
        _remove_left(parent)
        outer, held = _locked_folder(parent)
    try:
        with unfinished(outer):
            yield outer / "work"
    finally:
        held.release()
        shutil.rmtree(outer, ignore_errors=True)


def _locked_folder(parent: Path) -> tuple[Path, BaseFileLock]:
    """A new folder with a lock that this process holds; another one, if somebody took the first for left behind.

    Between making a lock's file and holding it there is a moment in which the folder looks as if its process had died.
    """
    from filelock import FileLock

    while True:
        outer = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=parent))
        held = FileLock(outer / "lock")
        with suppress(FileNotFoundError):
            held.acquire()
            (outer / "work").mkdir()
            return outer, held


def _remove_left(parent: Path) -> None:
    from filelock import FileLock

    for left in parent.glob(f"{SCRATCH}*"):
        with suppress(OSError):
            file = left / "lock"
            if not file.is_file():
                is_ours = left.stat().st_uid == getattr(os, "getuid", int)() and left.is_dir() and not left.is_symlink()
                if is_ours and time.time() - left.stat().st_mtime > YOUNG:
                    shutil.rmtree(left, ignore_errors=True)
                continue
            with FileLock(file, blocking=False):
                shutil.rmtree(left, ignore_errors=True)


def link(source: str | Path, target: str | Path) -> None:
    """Puts a file at another place, too: as a link where the file system can do that, else as a copy."""
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, target)


def replace_folder(new: Path, old: Path) -> None:
    """Puts the folder `new` in the place of `old`; both on one file system."""
    if old.exists():
        aside = new.with_name(new.name + "-old")
        old.rename(aside)
        new.rename(old)
        shutil.rmtree(aside)
    else:
        new.rename(old)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Lets one process at a time write below `folder`.

    The lock is the system's, so it ends with the process that holds it, however that ends. Raises CannotRun that says
    which process holds it and since when.
    """
    from filelock import FileLock, Timeout

    held, holder = FileLock(folder / ".lock", blocking=False), folder / ".lock-holder"
    with os_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            held.acquire()
        except Timeout:
            by = holder.read_text(encoding="utf-8") if holder.is_file() else "another process"
            fix = "Wait until it has ended, or stop it, and run the command again."
            raise CannotRun(Problem(Kind.LOCKED, f"is being written by {by}", fix, file=str(folder))) from None
    try:
        with os_errors(str(folder)):
            since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            holder.write_text(f"process {os.getpid()} since {since}", encoding="utf-8")
        with unfinished(holder):
            yield
    finally:
        holder.unlink(missing_ok=True)
        held.release()
