"""A reset never loses a line: the old work is on disk before the stub is, whatever happens in between."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grader.learner.backup import Backups

STUB = b"# TODO 1.1\n"
RESETTER = """
import sys
from pathlib import Path
from grader.learner.backup import Backups
backups, app = Backups(Path(sys.argv[1]), "01_basics"), Path(sys.argv[2])
print("ready", flush=True)
for number in range(10**9):
    backups.reset(app, b"# TODO 1.1\\n" * 5000)
    backups.restore(app)
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    file = tmp_path / "lessons" / "01_basics" / "app.py"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"my work\n")
    return file


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    return Backups(tmp_path / ".course", "01_basics")


def test_reset_keeps_the_old_work_and_writes_the_stub(app: Path, backups: Backups) -> None:
    done = backups.reset(app, STUB)
    assert done.is_changed
    assert app.read_bytes() == STUB
    assert done.backup is not None
    assert done.backup.read_bytes() == b"my work\n"
    assert done.backup.name.endswith("Z-app.py")


def test_restore_brings_it_back_and_keeps_what_was_there(app: Path, backups: Backups) -> None:
    backups.reset(app, STUB)
    done = backups.restore(app)
    assert done is not None
    assert app.read_bytes() == b"my work\n"
    assert done.backup is not None
    assert done.backup.read_bytes() == STUB
    backups.restore(app)
    assert app.read_bytes() == STUB


def test_a_second_reset_changes_nothing_and_restore_still_finds_the_work(app: Path, backups: Backups) -> None:
    backups.reset(app, STUB)
    assert not backups.reset(app, STUB).is_changed
    backups.restore(app)
    assert app.read_bytes() == b"my work\n"


def test_backups_come_newest_first_even_when_the_clock_was_set_back(app: Path, backups: Backups) -> None:
    backups.folder.mkdir(parents=True)
    future = backups.folder / "29990101T000000.000000Z-app.py"
    future.write_text("from the future")
    for work in (b"one", b"two", b"three"):
        app.write_bytes(work)
        backups.reset(app, STUB)
    assert [path.read_bytes() for path in backups] == [b"three", b"two", b"one", b"from the future"]


def test_restore_without_a_backup_does_nothing(app: Path, backups: Backups) -> None:
    assert backups.restore(app) is None
    assert app.read_bytes() == b"my work\n"


def test_a_missing_file_gets_the_stub(app: Path, backups: Backups) -> None:
    app.unlink()
    assert backups.reset(app, STUB).backup is None
    assert app.read_bytes() == STUB


def test_a_folder_in_the_place_of_the_file_is_kept_whole(app: Path, backups: Backups) -> None:
    app.unlink()
    app.mkdir()
    (app / "notes.txt").write_text("mine")
    done = backups.reset(app, STUB)
    assert done.backup is not None
    assert (done.backup / "notes.txt").read_text() == "mine"
    assert app.read_bytes() == STUB


def test_bytes_that_are_no_text_are_kept(app: Path, backups: Backups) -> None:
    app.write_bytes(b"\xff\x00\xfe")
    backups.reset(app, STUB)
    backups.restore(app)
    assert app.read_bytes() == b"\xff\x00\xfe"


def test_permissions_and_links_survive(app: Path, backups: Backups, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.py"
    real.write_bytes(b"linked work\n")
    real.chmod(0o750)
    app.unlink()
    app.symlink_to(real)
    backups.reset(app, STUB)
    assert app.is_symlink()
    assert real.read_bytes() == STUB
    assert real.stat().st_mode & 0o777 == 0o750


def test_without_room_for_the_backup_the_work_is_not_touched(app: Path, tmp_path: Path) -> None:
    (tmp_path / ".course").write_text("in the way")
    with pytest.raises(OSError, match="exists"):
        Backups(tmp_path / ".course", "01_basics").reset(app, STUB)
    assert app.read_bytes() == b"my work\n"


def test_a_full_disk_leaves_the_work_as_it_was(app: Path, tmp_path: Path) -> None:
    app.write_bytes(b"x" * 1000)
    full = (
        "import resource, signal, sys\nfrom pathlib import Path\nfrom grader.learner.backup import Backups\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
        "try: Backups(Path(sys.argv[1]), '01_basics').reset(Path(sys.argv[2]), b'stub')\n"
        "except OSError as error: print(error.strerror)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", full, tmp_path / ".course", app], capture_output=True, text=True, check=True
    )
    assert done.stdout == "File too large\n"
    assert app.read_bytes() == b"x" * 1000


def test_kill_9_at_any_moment_loses_no_version(app: Path, backups: Backups, tmp_path: Path) -> None:
    chance = random.Random(7)
    for number in range(20):
        work = f"work {number}\n".encode() * 20_000
        app.write_bytes(work)
        with subprocess.Popen(
            [sys.executable, "-c", RESETTER, tmp_path / ".course", app], stdout=subprocess.PIPE
        ) as resetter:
            assert resetter.stdout is not None
            assert resetter.stdout.readline() == b"ready\n"
            while not any(backups) and chance.random() < 0.9:
                os.sched_yield()
            os.kill(resetter.pid, signal.SIGKILL)
        kept = [app.read_bytes(), *(path.read_bytes() for path in backups)]
        assert work in kept
        assert set(kept) <= {work, STUB * 5000}
        for path in backups:
            path.unlink()
    backups.reset(app, STUB)
    assert [path.name for path in app.parent.iterdir()] == ["app.py"]
