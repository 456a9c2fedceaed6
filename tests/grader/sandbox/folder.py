"""The folder of one app: made with a check's files, measured while the app runs, removed whatever it has become."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.sandbox.launcher import JudgeError

LONGEST_PATH = 1000
LONGEST_PARENT = 80  # the path of a Unix socket has to fit into 104 bytes


class FolderError(JudgeError):
    """There is no place for the app's files; the message says why."""


class Folder:
    """Holds `scratch`, where the app may write, and beside it the socket of its server."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        try:
            parent = tempfile.gettempdir()
            self.path = Path(tempfile.mkdtemp(prefix="course-", dir=parent if len(parent) < LONGEST_PARENT else "/tmp"))
            self.scratch = self.path / "scratch"
            self.scratch.mkdir()
            for name, content in files.items():
                (self.scratch / name).write_bytes(content)
        except OSError as error:
            self.remove()
            raise FolderError(f"there is no place for temporary files: {error.strerror or error}") from error

    def excess(self, most_bytes: int, most_files: int) -> str:
        """Say what there is too much of in `scratch`; "" if all is well."""
        size = 0
        for count, entry in enumerate(self._walk()):
            with contextlib.suppress(OSError):
                size += entry.stat(follow_symlinks=False).st_blocks * 512
            if count >= most_files:
                return f"more than {most_files} files"
            if len(entry.path) > LONGEST_PATH:
                return "folders nested too deeply"
        return f"more than {most_bytes // 2**20} MB" if size > most_bytes else ""

    def files(self) -> list[str]:
        """Return the names of the files in `scratch`, those in folders with their path."""
        found = (entry for entry in self._walk() if not entry.is_dir(follow_symlinks=False))
        return sorted(os.path.relpath(entry.path, self.scratch) for entry in found)

    def _walk(self) -> Iterator[os.DirEntry[str]]:
        waiting = [str(self.scratch)]
        while waiting:
            folder = waiting.pop()
            for entry in _entries(folder):
                yield entry
                if len(entry.path) <= LONGEST_PATH and entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)

    def remove(self) -> None:
        """Remove everything."""
        if hasattr(self, "path"):
            remove_folder(self.path)


def remove_folder(folder: Path) -> None:
    """Remove a folder, however deep it is nested and whatever its rights are."""
    number, waiting = 0, [folder]
    while waiting:
        emptied = waiting.pop()
        for entry in _entries(emptied):
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    number += 1
                    flat = folder / f"{number}.removed"  # one level down, so that no path grows too long
                    os.chmod(entry.path, 0o700)
                    os.rename(entry.path, flat)
                    waiting.append(flat)
                else:
                    os.unlink(entry.path)
        if emptied != folder:
            _remove_empty(emptied)
    _remove_empty(folder)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(folder)
