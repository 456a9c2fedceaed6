"""Reading the course's own text files, with errors that name the file and the line."""

import os
from pathlib import Path


class ContentError(Exception):
    """Something is wrong in a file of the course: which file, which line, and what was expected there."""

    def __init__(self, file: Path, line: int | None, problem: str) -> None:
        super().__init__(file, line, problem)
        self.file = file
        self.line = line
        self.problem = problem

    def __str__(self) -> str:
        place = shown(self.file) if self.line is None else f"{shown(self.file)}, line {self.line}"
        return f"{place}: {self.problem}"


def shown(file: Path) -> str:
    """The path as a person in the current folder would type it."""
    try:
        relative = os.path.relpath(file)
    except ValueError:  # another drive on Windows
        return str(file)
    return str(file) if relative.startswith("..") else relative


def read_source(file: Path, error: type[ContentError] = ContentError) -> str:
    """The text of `file` with plain line ends; raises `error` for a file that is missing, a folder, or not UTF-8."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise error(file, None, "this file is missing") from None
    except IsADirectoryError:
        raise error(file, None, "expected a file, found a folder") from None
    except OSError as problem:
        raise error(file, None, f"cannot be read: {problem.strerror}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise error(file, line, f"expected UTF-8 text, found the byte {raw[problem.start]:#04x}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_source(file: Path, text: str) -> None:
    """Replace `file` in one step, so that a full disk or Ctrl-C leaves the old text and never half of the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
