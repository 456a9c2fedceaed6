"""The commands on a tiny real course: what they print, how they end, and that nothing goes wrong in a traceback."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.learner import checking
from grader.tests import small_course
from grader.tests.commands import COURSE, call, course, words


def test_without_a_terminal_map_and_verdict_are_printed_and_all_is_well(root: Path) -> None:
    done = course()
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 of 2 lessons passed" in done.stdout
    assert "Task 1.1" in done.stdout
    assert "GET /hello" in done.stdout
    assert "lessons/01_greeting/app.py" in done.stdout
    assert "\x1b" not in done.stdout


def test_without_a_terminal_green_lessons_are_recorded_up_to_the_first_that_is_not(root: Path) -> None:
    small_course.solve(root, 1)
    text = words(call().stdout)
    assert "✓ A greeting passed 2 of 2 tasks" in text
    assert "Task 2.1" in text
    assert "✓ 01 A greeting" in words(call("list").stdout)
    assert "▸ 02 A doubling" in words(call("list").stdout)


def test_without_a_terminal_a_finished_course_says_so(root: Path) -> None:
    small_course.solve(root, 1)
    small_course.solve(root, 2)
    for _ in range(2):
        done = call()
        assert done.exit_code == 0
        assert "All lessons are passed." in done.stdout


def test_check_fails_on_the_stub_and_passes_on_the_solution(root: Path) -> None:
    failed = call("check", "1")
    assert failed.exit_code == 1
    assert "expected The answer should be 200 OK. why A client that greets" in words(failed.stdout)
    small_course.solve(root, 1)
    passed = call("check", "01_greeting")
    assert passed.exit_code == 0
    assert "A greeting passed" in passed.stdout


def test_check_all_has_a_line_for_each_lesson_and_one_verdict(root: Path) -> None:
    small_course.solve(root, 1)
    done = call("check")
    assert done.exit_code == 1
    assert "✓ A greeting passed" in done.stdout
    assert words(done.stdout).count("02 A doubling") == 3  # in the map, in the list, above the verdict
    small_course.solve(root, 2)
    assert call("check").exit_code == 0


def test_check_shows_the_map_before_the_judge_is_asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checking, "judge_one", judge)
    done = call("check", "1")
    assert done.exit_code == 130
    assert "0 of 2 lessons passed" in done.stdout


def test_the_same_seed_draws_the_same_inputs(root: Path) -> None:
    text = small_course.app(root, 1).read_text()
    small_course.app(root, 1).write_text(
        text.replace('raise NotImplementedError("Task 1.1")', 'return {"greeting": "hello"}')
    )
    sent = []
    for seed in ("5", "5", "6"):
        report = json.loads(call("check", "1", "--seed", seed, "--json").stdout)["lessons"][0]
        assert report["seed"] == int(seed)
        sent.append(report["verdicts"][1]["exchange"]["sent"])
    assert sent[0] == sent[1] != sent[2]


def test_check_as_json_is_one_document_with_the_promised_keys(root: Path) -> None:
    done = call("check", "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert (document["version"], document["passed"]) == (1, False)
    assert [lesson["topic"] for lesson in document["lessons"]] == ["greeting", "doubling"]
    keys = "number topic title passed seconds seed file notes fault verdicts"
    assert set(document["lessons"][0]) == set(keys.split())
    keys = "task name outcome expected why cause waits_for exchange traceback output seconds"
    assert set(document["lessons"][0]["verdicts"][0]) == set(keys.split())
    help_text = words(call("check", "--help").stdout.replace("│", ""))
    assert all(f'"{key}"' in help_text for key in keys.split())


def test_list_as_json_is_one_document_with_the_promised_keys(root: Path) -> None:
    call("check", "1")
    small_course.solve(root, 1)
    document = json.loads(call("list", "--json").stdout)
    assert (document["version"], document["current"]) == (1, "greeting")
    first, second = document["lessons"]
    assert (first["state"], second["state"]) == ("changed", "untried")
    assert [task["outcome"] for task in first["tasks"] + second["tasks"]] == ["failed", "waiting", None]
    assert first["file"] == str(small_course.app(root, 1))
    assert first["was_passed"] is False


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


BROKEN: dict[str, Callable[[Path], object]] = {
    "does not exist": lambda file: file.unlink(),
    "is a folder": make_folder,
    "is empty": lambda file: file.write_text(""),
    "not UTF-8": lambda file: file.write_bytes(b"x = 1\ny = '\xff'\n"),
    "binary data": lambda file: file.write_bytes(b"\x00\x01"),
    "line 2": lambda file: file.write_text("x = 1\ndef (\n"),
    "has no app": lambda file: file.write_text("x = 1\n"),
    "two FastAPI apps": lambda file: file.write_text("from fastapi import FastAPI\napp = FastAPI()\nb = FastAPI()\n"),
    "raised": lambda file: file.write_text("import nothing_of_the_kind\n"),
}


@pytest.mark.parametrize("said", BROKEN)
def test_a_file_that_cannot_be_judged_is_one_sentence_and_the_map_works(root: Path, said: str) -> None:
    BROKEN[said](small_course.app(root, 1))
    done = call("check", "1")
    assert done.exit_code == 1
    assert said in words(done.stdout)
    assert "Traceback" not in done.output
    again = call("list")
    assert again.exit_code == 0
    assert "does not start" in again.stdout


def test_a_broken_catalogue_is_named_with_line_and_expectation(root: Path) -> None:
    catalog = root / "lessons" / "catalog.toml"
    catalog.write_text(catalog.read_text().replace("minutes = 5", 'minutes = "long"', 1))
    for command in ([], ["list"], ["check", "1"], ["hint", "1"]):
        done = course(*command)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Lessons/catalog.toml, line 7:") or "catalog.toml, line 7:" in done.stderr
        assert "whole number" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_folder_without_a_course_is_one_sentence(tmp_path: Path) -> None:
    done = course("--course", str(tmp_path), "list")
    assert done.returncode == 2
    assert "is not inside a checkout of the course" in done.stderr


def test_an_unknown_lesson_is_one_sentence_with_what_there_is(root: Path) -> None:
    done = call("check", "greting")
    assert done.exit_code == 2
    assert "did you mean 01_greeting?" in done.stderr


def test_an_error_nobody_foresaw_is_one_sentence_and_in_the_log(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "show_map", lambda *_: 1 / 0)
    done = call("list")
    assert done.exit_code == 70
    assert "division by zero" in done.stderr
    assert str(root / ".course" / "log.txt") in done.stderr
    assert "Traceback" not in done.output
    assert "Traceback" in (root / ".course" / "log.txt").read_text()


def test_hints_climb_the_ladder(root: Path) -> None:
    first, second = call("hint", "1").stdout, call("hint", "1").stdout
    assert "The hint concept of 1.1." in first
    assert "The hint where of 1.1." not in first
    assert "The hint concept of 1.1." in second
    assert "The hint where of 1.1." in second
    assert "The hint nearly all of 1.2." in call("hint", "1", "--task", "1.2", "--all").stdout


def test_a_hint_is_for_the_first_task_that_is_not_right(root: Path) -> None:
    text = small_course.app(root, 1).read_text()
    small_course.app(root, 1).write_text(
        text.replace('raise NotImplementedError("Task 1.1")', 'return {"greeting": "hello"}')
    )
    assert "Hints for task 1.2" in call("hint", "1").stdout
    small_course.app(root, 1).write_text("nothing = 1\n")
    assert "Hints for task 1.1" in call("hint", "1").stdout
    small_course.solve(root, 1)
    assert "Every task of lesson 1 is right" in call("hint", "1").stdout


def test_a_hint_for_a_task_that_is_not_there(root: Path) -> None:
    done = call("hint", "1", "--task", "9.9")
    assert done.exit_code == 2
    assert "it has 1.1, 1.2" in done.stderr


def test_reset_keeps_the_work_and_restore_brings_it_back(root: Path) -> None:
    file = small_course.app(root, 1)
    file.write_text("my = 'work'\n")
    assert "Your file is kept as .course/backups/01_greeting/" in words(call("reset", "1", "--yes").stdout)
    assert "NotImplementedError" in file.read_text()
    assert "is again what it was" in words(call("reset", "1", "--restore").stdout)
    assert file.read_text() == "my = 'work'\n"


def test_without_a_terminal_nothing_is_reset_or_shown_unasked(root: Path) -> None:
    small_course.app(root, 1).write_text("my = 'work'\n")
    for command in ("reset", "solution"):
        done = course(command, "1")
        assert done.returncode == 1
        assert "--yes" in done.stderr
        assert "return" not in done.stdout
    assert small_course.app(root, 1).read_text() == "my = 'work'\n"


def test_reset_where_backups_cannot_be_written_leaves_the_work(root: Path) -> None:
    (root / ".course").write_text("in the way")
    small_course.app(root, 1).write_text("my = 'work'\n")
    done = course("reset", "1", "--yes")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "The system refused something the course needs (File exists" in done.stderr
    assert small_course.app(root, 1).read_text() == "my = 'work'\n"


def test_the_solution_is_shown_clean_after_a_pass_or_to_those_who_insist(root: Path) -> None:
    assert 'return {"greeting": "hello"}' in call("solution", "1", "--yes").stdout
    small_course.solve(root, 1)
    call("check", "1")
    done = call("solution", "1")
    assert done.exit_code == 0
    assert "SOLUTION" not in done.stdout


def test_review_asks_about_a_passed_lesson_in_turn(root: Path) -> None:
    assert "pass a lesson first" in call("review").stdout
    small_course.solve(root, 1)
    call()
    asked = words(call("review").stdout)
    assert "What does /answer of lesson 1 answer?" in asked
    assert "course review 1 --answer" in asked
    assert "It is the answer" not in asked
    assert "It is the answer of lesson 1." in words(call("review", "1", "--answer").stdout)
    small_course.solve(root, 2)
    call()
    assert "lesson 2" not in words(call("review", "1").stdout)


def test_stubs_are_compared_and_written_with_the_old_file_kept(root: Path) -> None:
    assert call("stubs", "--check").exit_code == 0
    small_course.solve(root, 1)
    done = call("stubs", "--check")
    assert done.exit_code == 1
    assert "01_greeting" in done.stdout
    assert call("stubs").exit_code == 0
    assert call("stubs", "--check").exit_code == 0
    assert len(list((root / ".course" / "backups" / "01_greeting").iterdir())) == 1


def test_new_creates_a_lesson_that_is_in_the_map(root: Path) -> None:
    done = call("new", "3", "sorting", "A sorting")
    assert done.exit_code == 0, done.output
    assert "lessons/03_sorting/README.md" in done.stdout
    assert "03 A sorting" in words(call("list").stdout)
    again = call("new", "3", "sorting", "A sorting")
    assert again.exit_code == 2
    assert len(again.stderr.splitlines()) == 1


def test_version_says_whether_apps_are_confined() -> None:
    done = call("--version")
    assert done.exit_code == 0
    assert done.stdout.startswith("course ")
    assert "Apps are judged" in done.stdout


@pytest.mark.parametrize("command", ["", "check", "list", "hint", "reset", "solution", "review", "run", "stubs", "new"])
def test_every_command_explains_itself(command: str) -> None:
    done = call(*command.split(), "--help")
    assert done.exit_code == 0
    assert "Usage:" in done.stdout
    assert len(words(done.stdout)) > 150


def test_a_wrong_command_is_told_what_there_is(root: Path) -> None:
    done = call("chek")
    assert done.exit_code == 2
    assert "check" in done.output


def test_where_nothing_can_be_saved_everything_else_goes_on(root: Path) -> None:
    (root / ".course").write_text("in the way")
    done = course("check", "1")
    assert done.returncode == 1
    assert "Task 1.1" in done.stdout
    assert "Progress is not being saved" in done.stderr
    assert "Traceback" not in done.stderr


def test_on_a_full_disk_everything_else_goes_on(root: Path) -> None:
    done = course("list", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)))
    assert done.returncode == 0
    done = course("check", "1", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)))
    assert done.returncode == 1
    assert "Task 1.1" in done.stdout
    assert "Progress is not being saved (File too large)" in done.stderr


def test_a_reader_that_has_enough_is_no_trouble(root: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COURSE, "list"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_the_map_does_not_wait_for_what_only_the_screen_or_the_judge_needs(root: Path) -> None:
    script = (
        "import sys\nfrom grader.learner.cli import main\nsys.argv = ['course', 'list']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'textual', 'torch', 'fastapi', 'uvicorn', 'httpx2', 'rich.markdown', 'watchfiles'}\n"
        "print(heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "01  A greeting" in done.stdout
    assert done.stderr == "set()\n"
