"""The course's own files are read and written with care: errors name the file, and half a file is never left."""

import os
from pathlib import Path

import pytest

from grader.content.source import ContentError, read_source, shown, write_source


def test_an_error_names_file_line_and_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(ContentError(tmp_path / "a" / "b.toml", 3, "expected a title")) == (
        f"{Path('a', 'b.toml')}, line 3: expected a title"
    )


def test_a_path_outside_the_current_folder_is_shown_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert shown(tmp_path / "other.md") == str(tmp_path / "other.md")


def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    loop = tmp_path / "loop.md"
    loop.symlink_to(loop)
    with pytest.raises(ContentError, match=r"loop\.md: cannot be read: "):
        read_source(loop)


def test_folders_are_made_and_line_ends_are_plain(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "a.md"
    write_source(file, "one\ntwo\n")
    write_source(file, "three\n")
    assert file.read_bytes() == b"three\n"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "a.md"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"a\.md"):
        write_source(target, "text")
    assert os.listdir(tmp_path) == ["a.md"]
