from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import CannotRun, InvalidData, Kind, PipelineError
from pipeline.core.files import (
    MAX_TEXT,
    have_same_bytes,
    lock,
    os_errors,
    read_json,
    read_text,
    replace_folder,
    sha256,
    staging,
    write_json,
    written,
)
from pipeline.core.yaml_files import LINE, read_yaml
from tests.projects import put, tree


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x00\xff" * 1_000_000)
    assert sha256(tmp_path / "file") == hashlib.sha256(b"\x00\xff" * 1_000_000).hexdigest()


def test_yaml_is_mappings_lists_and_strings_with_line_numbers(tmp_path: Path) -> None:
    text = "code: 0482\nopen: yes\nsince: 2017\nnothing:\ndocuments:\n  - id: a\n    on: 2026-01-31\n  - {id: b}\n"
    put(tmp_path, {"a.yml": text})
    assert read_yaml(tmp_path / "a.yml", "a.yml") == {
        LINE: 1,
        "code": "0482",
        "open": "yes",
        "since": "2017",
        "nothing": "",
        "documents": [{LINE: 6, "id": "a", "on": "2026-01-31"}, {LINE: 8, "id": "b"}],
    }


def test_an_empty_yaml_file_holds_nothing(tmp_path: Path) -> None:
    put(tmp_path, {"a.yml": "# only a comment\n"})
    assert read_yaml(tmp_path / "a.yml", "a.yml") is None


BAD_YAML = [
    ("a: 1\nb: 2\na: 3\n", 3),
    ("a:\n\tb: 1\n", 2),
    ("a: &x 1\n", 1),
    ("a: 1\nb: *x\n", 2),
    ("a: 1\nb: [1, 2\n", 3),
    ("a: 1\n---\nb: 2\n", 2),
    ("? [a, b]\n: 1\n", 1),
    ("a: 1\n a: 2\n", 2),
    ("a: \x01\n", None),
    ("[" * 5_000, None),
]


@pytest.mark.parametrize(("text", "line"), BAD_YAML)
def test_yaml_that_is_ambiguous_or_dangerous_is_refused_with_its_line(
    text: str, line: int | None, tmp_path: Path
) -> None:
    put(tmp_path, {"a.yml": text})
    with pytest.raises(InvalidData) as caught:
        read_yaml(tmp_path / "a.yml", "a.yml")
    (problem,) = caught.value.problems
    assert (problem.kind, problem.file) == (Kind.BAD_YAML, "a.yml")
    assert line is None or problem.row == line


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40) | st.text(alphabet="ab:-&*?!|>[]{}'\"#%@,\n\t 01", max_size=40).map(str.encode))
def test_any_bytes_are_yaml_or_refused_never_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.yml").write_bytes(content)
    try:
        read_yaml(tmp_path / "a.yml", "a.yml")
    except PipelineError as error:
        assert all(problem.file == "a.yml" for problem in error.problems)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40) | st.text(alphabet='{}[]":,01eE+-.ntf\\u \n', max_size=40).map(str.encode))
def test_any_bytes_are_json_or_refused_never_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    try:
        read_json(tmp_path / "a.json", "a.json")
    except PipelineError as error:
        assert all(problem.file == "a.json" for problem in error.problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda value: st.lists(value) | st.dictionaries(st.text(), value),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_json_that_was_written_is_read_back(tmp_path: Path, value: object) -> None:
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json", "a.json") == value


def test_json_is_written_for_people_and_for_diffs(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"name": "Älvdalen", "codes": ["0482"]})
    assert (tmp_path / "a.json").read_bytes() == '{\n  "name": "Älvdalen",\n  "codes": [\n    "0482"\n  ]\n}\n'.encode()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotRun) as caught:
        read_text(tmp_path / "a.txt", "a.txt")
    assert str(caught.value) == f"{tmp_path}/a.txt: does not exist. Check the path. [missing-file]"


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * MAX_TEXT)
    assert len(read_text(tmp_path / "a.txt", "a.txt")) == MAX_TEXT
    (tmp_path / "a.txt").write_bytes(b"x" * (MAX_TEXT + 1))
    with pytest.raises(InvalidData) as caught:
        read_text(tmp_path / "a.txt", "a.txt")
    assert caught.value.problems[0].kind == Kind.LONG_LINE


KINDS = [
    (errno.ENOSPC, Kind.DISK_FULL),
    (errno.EDQUOT, Kind.DISK_FULL),
    (errno.EACCES, Kind.NOT_WRITABLE),
    (errno.EPERM, Kind.NOT_WRITABLE),
    (errno.EROFS, Kind.NOT_WRITABLE),
    (errno.ENOENT, Kind.MISSING_FILE),
    (errno.EISDIR, Kind.FILE_FAILED),
    (errno.EIO, Kind.FILE_FAILED),
]


@pytest.mark.parametrize(("number", "kind"), KINDS, ids=[errno.errorcode[number] for number, _ in KINDS])
def test_what_the_system_refuses_becomes_a_message(number: int, kind: Kind) -> None:
    with pytest.raises(CannotRun) as caught, os_errors("the file"):
        raise OSError(number, os.strerror(number))
    (problem,) = caught.value.problems
    assert (problem.kind, problem.file) == (kind, "the file")


def test_writing_to_a_full_device_is_a_full_disk() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(CannotRun) as caught, os_errors("/dev/full"):
        Path("/dev/full").write_bytes(b"x" * 10_000)
    assert caught.value.problems[0].kind == Kind.DISK_FULL


def test_a_staging_folder_is_gone_when_it_was_not_renamed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), staging(tmp_path / "parent") as folder:
        put(folder, {"data/a.csv": "id\n"})
        raise ValueError("broken")
    assert list((tmp_path / "parent").iterdir()) == []


def test_a_staging_folder_that_was_renamed_stays(tmp_path: Path) -> None:
    with staging(tmp_path) as folder:
        put(folder, {"a.csv": "id\n"})
        folder.rename(tmp_path / "1.0.0")
    assert tree(tmp_path) == {"1.0.0/a.csv": b"id\n"}


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    put(tmp_path, {".staging-left/a.csv": "id\n", "1.0.0/a.csv": "id\n"})
    with staging(tmp_path):
        pass
    assert tree(tmp_path) == {"1.0.0/a.csv": b"id\n"}


def test_two_files_are_the_same_if_every_byte_is(tmp_path: Path) -> None:
    long = b"x" * 3_000_000
    contents = {
        "a": long,
        "b": long,
        "shorter": long[:-1],
        "last": long[:-1] + b"y",
        "first": b"y" + long[1:],
        "none": b"",
    }
    put(tmp_path, contents)
    assert [name for name in contents if have_same_bytes(tmp_path / "a", tmp_path / name)] == ["a", "b"]
    assert have_same_bytes(tmp_path / "none", tmp_path / "none")


def test_what_is_written_bit_by_bit_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with written(tmp_path / "a.csv") as file:
        file.write("å\r\n")
        assert not (tmp_path / "a.csv").exists()
    with pytest.raises(ValueError, match="broken"), written(tmp_path / "a.csv") as file:
        file.write("half")
        raise ValueError("broken")
    assert tree(tmp_path) == {"a.csv": "å\r\n".encode()}


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    put(tmp_path, {"old/a.csv": "old\n", "old/b.csv": "old\n", "new/a.csv": "new\n"})
    replace_folder(tmp_path / "new", tmp_path / "old")
    assert tree(tmp_path) == {"old/a.csv": b"new\n"}


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), lock(tmp_path):
        raise ValueError("broken")
    with lock(tmp_path):
        assert f"process {os.getpid()} since " in (tmp_path / ".lock-holder").read_text()


def test_a_lock_that_is_held_is_refused_in_the_same_process_too(tmp_path: Path) -> None:
    with lock(tmp_path), pytest.raises(CannotRun) as caught, lock(tmp_path):
        pass
    assert caught.value.problems[0].kind == Kind.LOCKED
