"""Progress is never lost: not by kill -9, two programs at once, a broken file, a full disk or a newer version."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from grader.learner.progress import Progress, State, fingerprint
from grader.report import Cause, Fault, Outcome, Report, Verdict

WRITER = """
import sys
from pathlib import Path
from grader.learner.progress import Progress
progress = Progress(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), 10**9):
    progress.see_hint("basics", "1.1", number)
    progress.see_hint("lesson-%d" % (number % 50), "1.1", number)
    print(number, flush=True)
"""


def report(*outcomes: Outcome, fault: Fault | None = None) -> Report:
    verdicts = tuple(Verdict(f"1.{n}", f"test_{n}", outcome) for n, outcome in enumerate(outcomes, 1))
    return Report("01_basics", "app.py", verdicts, fault)


def test_a_recorded_report_is_known_to_the_next_start(tmp_path: Path) -> None:
    Progress(tmp_path).record("basics", report(Outcome.PASSED, Outcome.FAILED), "abc", ["1.1", "1.2"])
    standing = Progress(tmp_path).standing("basics", "abc")
    assert (standing.state, standing.tasks) == (State.OPEN, {"1.1": "passed", "1.2": "failed"})
    assert standing.passed_tasks == 1
    assert Progress(tmp_path).standing("pydantic", "abc").state is State.UNTRIED


def test_other_files_make_the_standing_changed(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.record("basics", report(Outcome.PASSED), "abc", ["1.1"])
    assert progress.standing("basics", "abc").state is State.PASSED
    assert progress.standing("basics", "xyz").state is State.CHANGED


def test_a_lesson_broken_later_was_passed(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.record("basics", report(Outcome.PASSED), "abc", ["1.1"])
    first = progress.standing("basics", "abc").passed_at
    progress.record("basics", report(fault=Fault(Cause.SYNTAX, "Line 3 is no Python.")), "xyz", ["1.1"])
    standing = progress.standing("basics", "xyz")
    assert (standing.state, standing.fault, standing.passed_at) == (State.OPEN, "Line 3 is no Python.", first)
    assert progress.was_passed("basics")
    assert not progress.was_passed("pydantic")


def test_hint_levels_only_climb(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    for level in (1, 3, 2):
        progress.see_hint("basics", "1.2", level)
    assert Progress(tmp_path).hint_level("basics", "1.2") == 3
    assert Progress(tmp_path).hint_level("basics", "1.1") == 0


def test_current_lesson_and_reviews_are_kept(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    assert progress.current is None
    progress.open_lesson("pydantic")
    progress.review("basics")
    again = Progress(tmp_path)
    assert again.current == "pydantic"
    assert again.reviewed_at("basics") > again.reviewed_at("pydantic") == ""


def test_keys_of_a_newer_version_are_kept(tmp_path: Path) -> None:
    newer = {"version": 7, "sky": "blue", "lessons": {"basics": {"stars": 5, "checked": {"mood": "good"}}}}
    (tmp_path / "progress.json").write_text(json.dumps(newer))
    progress = Progress(tmp_path)
    progress.see_hint("basics", "1.1", 2)
    raw = json.loads(progress.file.read_text())
    assert (raw["version"], raw["sky"], raw["lessons"]["basics"]["stars"]) == (7, "blue", 5)
    assert raw["lessons"]["basics"]["checked"] == {"mood": "good"}
    assert raw["lessons"]["basics"]["hints"] == {"1.1": 2}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"lessons": 3}',
        b'{"lessons": {"basics": []}}',
        b'{"lessons": {"basics": {"hints": 1}}}',
        b'{"lessons": {"basics": {"checked": {"tasks": "all"}}}}',
    ],
)
def test_a_broken_file_is_set_aside_with_a_notice(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "progress.json").write_bytes(content)
    progress = Progress(tmp_path)
    assert (tmp_path / "progress.json.broken-1").read_bytes() == content
    assert "broken-1" in progress.notices[0]
    progress.see_hint("basics", "1.1", 1)
    assert Progress(tmp_path).hint_level("basics", "1.1") == 1


def test_a_second_broken_file_does_not_overwrite_the_first(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        (tmp_path / "progress.json").write_bytes(content)
        Progress(tmp_path)
    assert (tmp_path / "progress.json.broken-1").read_bytes() == b"first"
    assert (tmp_path / "progress.json.broken-2").read_bytes() == b"second"


def test_a_folder_in_its_place_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "progress.json").mkdir()
    Progress(tmp_path).see_hint("basics", "1.1", 1)
    assert (tmp_path / "progress.json.broken-1").is_dir()
    assert Progress(tmp_path).hint_level("basics", "1.1") == 1


@pytest.mark.parametrize("values", [{"current": 3}, {"lessons": {"basics": {"hints": {"1.1": "many"}}}}])
def test_a_value_of_an_odd_type_reads_as_absent(tmp_path: Path, values: dict[str, object]) -> None:
    (tmp_path / "progress.json").write_text(json.dumps(values))
    progress = Progress(tmp_path)
    assert (progress.current, progress.hint_level("basics", "1.1")) == (None, 0)
    progress.see_hint("basics", "1.1", 1)
    assert progress.hint_level("basics", "1.1") == 1


def test_where_nothing_can_be_written_the_session_goes_on_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a folder cannot be made in here")
    progress = Progress(tmp_path / "file" / ".course")
    progress.record("basics", report(Outcome.PASSED), "abc", ["1.1"])
    progress.see_hint("basics", "1.1", 2)
    assert progress.standing("basics", "abc").state is State.PASSED
    assert progress.hint_level("basics", "1.1") == 2
    assert any("not being saved" in notice for notice in progress.notices)
    assert len(progress.notices) == len(set(progress.notices))


def test_what_could_not_be_saved_is_saved_when_it_can(tmp_path: Path) -> None:
    blocker = tmp_path / ".course"
    blocker.write_text("in the way")
    progress = Progress(blocker)
    progress.see_hint("basics", "1.1", 2)
    blocker.unlink()
    progress.open_lesson("basics")
    again = Progress(blocker)
    assert (again.current, again.hint_level("basics", "1.1")) == ("basics", 2)


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    Progress(tmp_path).see_hint("basics", "1.1", 1)
    before = (tmp_path / "progress.json").read_bytes()
    full = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from grader.learner.progress import Progress\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))\n"
        "progress = Progress(Path(sys.argv[1]))\n"
        "progress.see_hint('basics', '1.1', 3)\n"
        "print(progress.hint_level('basics', '1.1'), progress.notices[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", full, tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 Progress is not being saved (File too large)")
    assert (tmp_path / "progress.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_kill_9_at_any_moment_leaves_a_whole_file_with_everything_said(tmp_path: Path) -> None:
    chance, last = random.Random(20), 0
    for _ in range(25):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, str(last + 1)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            said = [int(next(writer.stdout)) for _ in range(chance.randrange(1, 12))]
            os.kill(writer.pid, signal.SIGKILL)
            said += [int(line) for line in writer.stdout if line.endswith("\n")]
        kept = Progress(tmp_path)
        assert kept.notices == []
        assert kept.hint_level("basics", "1.1") in (said[-1], said[-1] + 1)
        last = kept.hint_level("basics", "1.1")
    raw = json.loads((tmp_path / "progress.json").read_text())
    assert {entry["hints"]["1.1"] for entry in raw["lessons"].values()} >= set(range(last - 40, last))
    kept.see_hint("basics", "1.1", last + 1)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_two_programs_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom grader.learner.progress import Progress\n"
        "progress = Progress(Path(sys.argv[1]))\n"
        "for n in range(1, 31): progress.see_hint(sys.argv[2], f'1.{n}', n)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, tmp_path, topic]) for topic in ("basics", "pydantic")]
    assert [writer.wait() for writer in writers] == [0, 0]
    kept = Progress(tmp_path)
    assert all(kept.hint_level(topic, f"1.{n}") == n for topic in ("basics", "pydantic") for n in range(1, 31))


def test_two_threads_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    progress = Progress(tmp_path)

    def climb(topic: str) -> None:
        for n in range(1, 21):
            progress.see_hint(topic, f"1.{n}", n)

    threads = [threading.Thread(target=climb, args=[topic]) for topic in ("basics", "pydantic")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = Progress(tmp_path)
    assert kept.notices == []
    assert all(kept.hint_level(topic, f"1.{n}") == n for topic in ("basics", "pydantic") for n in range(1, 21))


def test_a_fingerprint_tells_contents_and_their_places_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    two.write_text("b")
    prints = {
        fingerprint(one, two),
        fingerprint(two, one),
        fingerprint(one, tmp_path),
        fingerprint(one, tmp_path / "x"),
    }
    assert len(prints) == 4
    assert fingerprint(one, two) == fingerprint(one, two)
