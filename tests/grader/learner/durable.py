"""Writing a file so that a crash at any moment leaves the old content or the new one, and never half of either."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

LOCK_SECONDS = 5.0


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path` through a temporary file beside it; the folder must exist.

    A symbolic link stays one: the file it points to is replaced. Permissions of an existing file are kept.
    Raises OSError when the folder cannot be written or the disk is full; `path` is then untouched.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            with contextlib.suppress(OSError):
                temporary.chmod(target.stat().st_mode & 0o7777)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents so that they, too, outlive a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Ask the system to keep the folder's list of names; where folders cannot be synced this does nothing."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(path: Path) -> None:
    """Remove what writers of `path` that were killed half-way left beside it; call it under the lock only."""
    for stray in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            stray.unlink()


@contextlib.contextmanager
def locked(folder: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the course folder's lock, so that two programs never change it at the same time.

    Raises OSError when the lock cannot be made (read-only folder) or is not free within `seconds`.
    """
    from filelock import FileLock

    make_folder(folder)
    with FileLock(folder / "lock", timeout=seconds):
        yield
