"""A save is noticed at once however the editor saves, and also where the system gives no notice."""

import collections
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import watchfiles

from grader.learner import watch

Heard = queue.Queue[list[Path]]
Listen = Callable[..., Heard]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    file = tmp_path / "01_basics" / "app.py"
    file.parent.mkdir()
    file.write_text("one")
    return file


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Start watching in a thread; gives the queue of what it yields."""
    stop, threads = threading.Event(), []

    def start(*files: Path, is_polling: bool | None = None) -> Heard:
        heard: Heard = queue.Queue()
        items = watch.saves(files, stop, is_polling=is_polling)
        thread = threading.Thread(target=lambda: collections.deque(map(heard.put, items)))
        thread.start()
        threads.append(thread)
        return heard

    yield start
    stop.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def in_place(file: Path) -> None:
    file.write_text("two")


def by_rename(file: Path) -> None:
    beside = file.with_name("app.py~new")
    beside.write_text("two")
    beside.replace(file)


def by_backup_and_new(file: Path) -> None:
    file.rename(file.with_name("app.py~"))
    file.write_text("two")
    file.with_name("app.py~").unlink()


@pytest.mark.parametrize("save", [in_place, by_rename, by_backup_and_new])
@pytest.mark.parametrize("is_polling", [None, True])
def test_every_way_to_save_is_one_notice(
    app: Path, listen: Listen, save: Callable[[Path], None], is_polling: bool | None
) -> None:
    heard = listen(app, is_polling=is_polling)
    save(app)
    assert heard.get(timeout=5) == [app]
    app.write_text("three")
    assert heard.get(timeout=5) == [app]


def test_only_the_file_that_was_saved_is_named(app: Path, listen: Listen, tmp_path: Path) -> None:
    other = tmp_path / "02_pydantic" / "app.py"
    other.parent.mkdir()
    other.write_text("one")
    heard = listen(app, other)
    (app.parent / "notes.md").write_text("not a lesson's file")
    by_rename(other)
    assert heard.get(timeout=5) == [other]


def test_a_save_before_the_first_look_is_not_missed(app: Path) -> None:
    stop = threading.Event()
    items = watch.saves([app], stop)
    app.write_text("saved while the thread was starting")
    assert next(items) == [app]
    stop.set()


def test_a_system_without_notices_is_polled(app: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool | None] = []

    def scarce(*folders: Path, force_polling: bool | None, **options: object) -> Iterator[object]:
        asked.append(force_polling)
        if not force_polling:
            raise OSError(28, "No space left on device")
        return watchfiles.watch(*folders, force_polling=True, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(watch, "watch", scarce)
    heard = listen(app)
    by_rename(app)
    assert heard.get(timeout=5) == [app]
    assert asked[:2] == [None, True]


def test_a_silent_file_system_is_looked_at_anyway(app: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = app.parent.parent / "silent"
    silent.mkdir()
    monkeypatch.setattr(watch, "watch", lambda *_, **options: watchfiles.watch(silent, **options))
    heard = listen(app)
    by_rename(app)
    assert heard.get(timeout=5) == [app]


def test_a_folder_that_is_replaced_is_watched_on(app: Path, listen: Listen) -> None:
    heard = listen(app)
    app.parent.rename(app.parent.with_name("old"))
    assert heard.get(timeout=5) == [app]
    app.parent.mkdir()
    app.write_text("from another branch")
    assert heard.get(timeout=5) == [app]
    by_rename(app)
    assert heard.get(timeout=5) == [app]


def test_a_folder_that_comes_later_is_noticed(tmp_path: Path, listen: Listen) -> None:
    late = tmp_path / "late" / "app.py"
    heard = listen(late)
    late.parent.mkdir()
    late.write_text("here")
    assert heard.get(timeout=5) == [late]


def test_notices_come_from_the_system_and_not_from_looking_twice_a_second(app: Path, listen: Listen) -> None:
    heard, waits = listen(app), []
    by_rename(app)
    heard.get(timeout=5)
    for _ in range(9):
        start = time.perf_counter()
        by_rename(app)
        os.utime(app)
        heard.get(timeout=5)
        waits.append(time.perf_counter() - start)
    assert sorted(waits)[4] < 0.25
