"""The one JSON file in which a course folder remembers: locked, atomic, set aside when broken, never in the way."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.learner import durable

VERSION = 1
Edit = Callable[[dict[str, Any]], None]


class Store:
    """The file's content as `raw`; what cannot be saved stays in memory, is tried again later, and is said once."""

    def __init__(self, file: Path, notify: Callable[[str], None]) -> None:
        self.file = file
        self.raw: dict[str, Any] = {}
        self._notify = notify
        self._said: set[str] = set()
        self._unsaved: list[Edit] = []
        self._guard = threading.Lock()
        self.reload()

    def reload(self) -> None:
        """Read the file again, as another program may have changed it."""
        try:
            self.raw = self._read()
        except ValueError:
            self.change(lambda raw: None)
        except OSError as error:
            self._say(f"Progress could not be read ({reason(error)}): {self.file}. Going on without it.")

    def change(self, edit: Edit) -> None:
        """Apply `edit` to the newest content of the file, under the lock; edits must be repeatable."""
        with self._guard:
            self._unsaved.append(edit)
            try:
                with durable.locked(self.file.parent):
                    raw = self._read_or_set_aside()
                    for unsaved in self._unsaved:
                        unsaved(raw)
                    durable.sweep(self.file)
                    durable.write(self.file, json.dumps({"version": VERSION} | raw, indent=1).encode() + b"\n")
                self.raw, self._unsaved = raw, []
            except (OSError, NotImplementedError) as error:
                edit(self.raw)
                self._say(f"Progress is not being saved ({reason(error)}): {self.file}. Everything else goes on.")

    def _read(self) -> dict[str, Any]:
        """The file's content, {} when there is none; ValueError when it is no progress file."""
        try:
            raw = json.loads(self.file.read_bytes())
        except FileNotFoundError:
            return {}
        except (IsADirectoryError, RecursionError) as error:
            raise ValueError(str(error)) from error
        if not _is_sound(raw):
            raise ValueError("not a progress file")
        return dict(raw)

    def _read_or_set_aside(self) -> dict[str, Any]:
        try:
            return self._read()
        except ValueError:
            number = 1
            while (aside := self.file.with_name(f"{self.file.name}.broken-{number}")).exists():
                number += 1
            self.file.rename(aside)
            durable.sync_folder(self.file.parent)
            self._say(f"The progress file was broken; it is kept as {aside} and a new one was begun.")
            return {}

    def _say(self, notice: str) -> None:
        if notice not in self._said:
            self._said.add(notice)
            self._notify(notice)


def reason(error: BaseException) -> str:
    """What the system says about an error, in a few words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _is_sound(raw: object) -> bool:
    """Whether the parts this program reads have the shapes it expects; anything else may be there too."""
    if not isinstance(raw, dict) or not isinstance(lessons := raw.get("lessons", {}), dict):
        return False
    return all(isinstance(entry, dict) and _is_entry(entry) for entry in lessons.values())


def _is_entry(entry: dict[str, Any]) -> bool:
    hints, checked = entry.get("hints", {}), entry.get("checked", {})
    return isinstance(hints, dict) and isinstance(checked, dict) and isinstance(checked.get("tasks", {}), dict)
