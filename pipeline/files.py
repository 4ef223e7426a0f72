"""Files and folders: read without surprises, written whole or not at all, one writer at a time."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import yaml

from pipeline.errors import CannotRun, InvalidData, Kind, Problem

MAX_TEXT = 20_000_000
"""Bytes of a YAML or JSON file that is read; more is not a file that a person keeps."""


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    """The JSON value in a file; an object that names a member twice is refused."""

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
        return json.loads(read_text(path, name), object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise InvalidData(
            Problem(
                Kind.BAD_DESCRIPTOR,
                f"is not JSON: {error.msg} at column {error.colno}",
                "Mend the file there; any JSON editor shows the place.",
                file=name,
                row=error.lineno,
            )
        ) from None
    except RecursionError:
        raise InvalidData(Problem(Kind.BAD_DESCRIPTOR, "is nested too deeply", "Flatten it.", file=name)) from None


LINE = "\0line"
"""The member of every mapping that `read_yaml` returns which holds its line in the file."""


def read_yaml(path: Path, name: str) -> Any:
    """The value in a YAML file: mappings, lists and strings; every mapping has its line number under `LINE`.

    Raises InvalidData for what is not YAML, for a key that stands twice, and for anchors and aliases, with which a
    short file can ask for more memory than there is.
    """
    text = read_text(path, name)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            if getattr(event, "anchor", None):
                line = event.start_mark.line + 1 if event.start_mark else None
                raise InvalidData(_bad_yaml(name, "an anchor or alias, which is not allowed here", line))
        node = yaml.compose(text, Loader=LOADER)
        return None if node is None else _plain(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        rule = " ".join(part for part in (error.context, error.problem) if part)
        raise InvalidData(_bad_yaml(name, rule, mark.line + 1 if mark else None)) from None
    except yaml.YAMLError as error:
        raise InvalidData(_bad_yaml(name, str(error).splitlines()[0], None)) from None
    except RecursionError:
        raise InvalidData(_bad_yaml(name, "nested too deeply", None)) from None


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, where PyYAML was built with it: ten times as fast."""


def _plain(node: yaml.Node) -> Any:
    """A node as mappings, lists and strings; `yes`, `2017` and `0482` stay as they are written."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(member) for member in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    mapping: dict[str, Any] = {LINE: node.start_mark.line + 1}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a key that is not text", problem_mark=key.start_mark)
        if key.value in mapping:
            raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
        mapping[key.value] = _plain(value)
    return mapping


def _bad_yaml(name: str, rule: str, line: int | None) -> Problem:
    return Problem(
        Kind.BAD_YAML,
        f"is not the YAML that is read here: {rule}",
        "Indent with spaces, name each key once, and write values out instead of &anchors.",
        file=name,
        row=line,
    )


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as readable JSON: UTF-8, two spaces, members in the order given, a final newline."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")


@contextmanager
def os_errors(name: str) -> Iterator[None]:
    """Turns what the operating system refuses into CannotRun; `name` is the file or folder in question."""
    try:
        yield
    except OSError as error:
        raise_os_error(error, name)


def raise_os_error(error: OSError, name: str) -> NoReturn:
    """Raises CannotRun for `error`, with the way out."""
    file = str(error.filename) if error.filename else name
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        problem = Problem(
            Kind.DISK_FULL,
            "could not be written: no space is left on the disk",
            "Free some space and run the command again; nothing was published.",
            file=file,
        )
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        problem = Problem(
            Kind.NOT_WRITABLE,
            "could not be read or written: permission denied",
            "Check who owns the file or folder, and that the disk is not read-only.",
            file=file,
        )
    elif error.errno == errno.ENOENT:
        problem = Problem(Kind.MISSING_FILE, "does not exist", "Check the path.", file=file)
    else:
        problem = Problem(
            Kind.FILE_FAILED,
            f"failed: {error.strerror or error}",
            "Check the file, the folder and the disk.",
            file=file,
        )
    raise CannotRun(problem) from None


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A new folder beside its destination, on the same file system; removed unless it was renamed away.

    What an earlier, killed run left there is removed first: the caller holds the project's lock.
    """
    with os_errors(str(parent)):
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(".staging-*"):
            shutil.rmtree(left)
        folder = Path(tempfile.mkdtemp(prefix=".staging-", dir=parent))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


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

    The lock is the kernel's (flock), so it ends with the process that holds it, however that ends. Raises CannotRun
    that says which process holds it and since when.
    """
    path = folder / ".lock"
    with os_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise CannotRun(
                Problem(
                    Kind.LOCKED,
                    f"is being written by {holder}",
                    "Wait until it has ended, or stop it, and run the command again.",
                    file=str(folder),
                )
            ) from None
        file.truncate(0)
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        file.write(f"process {os.getpid()} since {since}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
