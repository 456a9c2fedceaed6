"""Starting a lesson over without losing anything: the old file is safe on disk before a new one takes its place."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.learner import durable

NAME = "app.py"


@dataclass(frozen=True)
class Replaced:
    """What a reset or a restore did: the file's new content comes from `source`; the old one is in `backup`."""

    is_changed: bool
    backup: Path | None = None
    source: Path | None = None


class Backups:
    """The old versions of one lesson's file, `<utc time>-app.py` each, under the course folder's `.course`."""

    def __init__(self, course_folder: Path, slug: str) -> None:
        self._course_folder = course_folder
        self.folder = course_folder / "backups" / slug

    def __iter__(self) -> Iterator[Path]:
        """All backups, the newest first."""
        return iter(sorted(self.folder.glob(f"*-{NAME}"), reverse=True))

    def reset(self, app_file: Path, stub: bytes) -> Replaced:
        """Write `stub` over `app_file`, the old content being backed up first.

        Raises OSError when the backup or the file cannot be written; `app_file` then is as it was.
        """
        with durable.locked(self._course_folder):
            return self._replace(app_file, stub, None)

    def restore(self, app_file: Path) -> Replaced | None:
        """Bring back the newest backup that differs from the file, which is backed up itself; None without one."""
        with durable.locked(self._course_folder):
            now = _content(app_file)
            for backup in self:
                if backup.is_file() and (content := backup.read_bytes()) != now:
                    return self._replace(app_file, content, backup)
        return None

    def _replace(self, app_file: Path, content: bytes, source: Path | None) -> Replaced:
        old = _content(app_file)
        if old == content:
            return Replaced(False, source=source)
        durable.make_folder(app_file.parent)
        durable.sweep(app_file)
        backup = self._keep(app_file, old)
        durable.write(app_file, content)
        return Replaced(True, backup, source)

    def _keep(self, app_file: Path, old: bytes | None) -> Path | None:
        """Make the backup and wait until it is on disk; a folder in the file's place is moved away as it is."""
        if old is None and not app_file.is_dir():
            return None
        durable.make_folder(self.folder)
        backup = self._free_name()
        if old is not None:
            durable.write(backup, old)
        else:
            os.rename(app_file, backup)
            durable.sync_folder(self.folder)
        return backup

    def _free_name(self) -> Path:
        """A name that sorts after all others, even when the clock was set back."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        newest = next(iter(self), None)
        if newest is None or f"{stamp}-{NAME}" > newest.name:
            return self.folder / f"{stamp}-{NAME}"
        return self.folder / f"{newest.name.removesuffix(f'-{NAME}')}0-{NAME}"


def _content(file: Path) -> bytes | None:
    """The file's bytes, None when there is no such file or a folder in its place."""
    return None if file.is_dir() or not file.exists() else file.read_bytes()
