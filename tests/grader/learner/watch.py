"""Noticing that a learner saved: by the system's own notices, by looking again and again where there are none."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from watchfiles import watch

DEBOUNCE_MS = 30
STEP_MS = 10
LOOK_ANYWAY_MS = 500
POLL_MS = 100
Signature = tuple[int, int, int] | None


def saves(files: Sequence[Path], stop: threading.Event, *, is_polling: bool | None = None) -> Iterator[list[Path]]:
    """Yield the files that were saved, until `stop` is set.

    Editors save by renaming, so the folders are watched, and a file counts as saved when its time, size or inode is
    another. That comparison is also made twice a second without any notice, for network and container folders
    that send none. What counts as saved is decided from this call on, not from the first item on.
    `is_polling` None means: as the environment says (WATCHFILES_FORCE_POLLING), or as needed.
    """
    return _saves({file: _signature(file) for file in files}, stop, is_polling)


def _saves(seen: dict[Path, Signature], stop: threading.Event, is_polling: bool | None) -> Iterator[list[Path]]:
    while not stop.is_set():
        folders = {folder: _signature(folder) for folder in {file.parent for file in seen} if folder.is_dir()}
        if not folders:
            stop.wait(LOOK_ANYWAY_MS / 1000)
        try:
            for _ in _notices(folders, stop, is_polling):
                if changed := _changed(seen):
                    yield changed
                if _is_replaced(folders):
                    break
        except (OSError, RuntimeError):  # no more inotify watches, no inotify at all, a folder gone meanwhile
            is_polling = True
            stop.wait(POLL_MS / 1000)
        if changed := _changed(seen):
            yield changed


def _notices(folders: dict[Path, Signature], stop: threading.Event, is_polling: bool | None) -> Iterator[object]:
    """One item for each notice, and one for each time that none came; nothing when there is nothing to watch."""
    if not folders:
        return iter(())
    return watch(
        *folders,
        debounce=DEBOUNCE_MS,
        step=STEP_MS,
        stop_event=stop,
        rust_timeout=LOOK_ANYWAY_MS,
        yield_on_timeout=True,
        watch_filter=None,
        force_polling=is_polling,
        poll_delay_ms=POLL_MS,
        recursive=False,
    )


def _signature(path: Path) -> Signature:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _changed(seen: dict[Path, Signature]) -> list[Path]:
    """The files whose signature is not the one last seen; `seen` is brought up to date."""
    now = {file: _signature(file) for file in seen}
    changed = [file for file in seen if now[file] != seen[file]]
    seen.update(now)
    return changed


def _is_replaced(folders: dict[Path, Signature]) -> bool:
    """Whether a watched folder is now another one (a checkout, a rename), whose notices nobody hears."""
    return any((old and old[2]) != ((new := _signature(folder)) and new[2]) for folder, old in folders.items())
