"""The commands on a real terminal, and what serves there: keys, signals, prompts."""

import json
import os
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
import typer

from grader.learner import ending
from grader.tests import small_course
from grader.tests.commands import COURSE, Terminal, call, words


def test_on_a_terminal_the_screen_opens_and_q_leaves_it(root: Path) -> None:
    terminal = Terminal()
    terminal.until("judged in")
    terminal.type("q")
    assert terminal.ended() == 0
    assert "Until soon." in terminal.seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_screen_in_good_order(root: Path, number: int) -> None:
    terminal = Terminal()
    terminal.until("judged in")
    os.kill(terminal.pid, number)
    assert terminal.ended() == 130
    assert "Traceback" not in terminal.seen
    assert terminal.seen.rfind("\x1b[?1049l") > terminal.seen.rfind("\x1b[?1049h")  # the terminal is as it was


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}])
def test_a_terminal_that_cannot_draw_gets_lines_of_text(root: Path, environment: dict[str, str]) -> None:
    terminal = Terminal(**environment)
    terminal.until("Save to be judged again")
    small_course.solve(root, 1)
    terminal.until("A doubling")
    terminal.until("A greeting passed")
    terminal.type("\x03")
    assert terminal.ended() == 130
    assert "Traceback" not in terminal.seen
    if environment["TERM" if "TERM" in environment else "PYTHONIOENCODING"] == "ascii":
        assert terminal.seen.isascii()


def test_ctrl_c_in_the_middle_of_a_check_is_quiet(root: Path) -> None:
    text = small_course.app(root, 1).read_text()
    small_course.app(root, 1).write_text(text.replace("raise NotImpl", "while True: pass\n    raise NotImpl"))
    terminal = Terminal("check", "1")
    terminal.until("judging lesson 1")
    terminal.type("\x03")
    assert terminal.ended() == 130
    assert "Traceback" not in terminal.seen
    assert "Abort" not in terminal.seen


def test_reset_and_review_ask_on_a_terminal(root: Path) -> None:
    small_course.app(root, 1).write_text("my = 'work'\n")
    for answer, is_kept in (("n\n", True), ("y\n", False)):
        terminal = Terminal("reset", "1")
        terminal.until("[y/N]")
        terminal.type(answer)
        assert terminal.ended() == (1 if is_kept else 0)
        assert (small_course.app(root, 1).read_text() == "my = 'work'\n") is is_kept
    terminal = Terminal("review", "2")
    terminal.until("Enter shows the answer")
    assert "It is the answer" not in terminal.seen
    terminal.type("\n")
    assert terminal.ended() == 0
    assert "It is the answer of lesson 2." in words(terminal.seen)


def test_run_serves_the_file_until_ctrl_c(root: Path) -> None:
    small_course.solve(root, 1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    terminal = Terminal("run", "1", "--port", str(port))
    terminal.until("Application startup complete")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/hello", timeout=10) as answer:
        assert json.load(answer) == {"greeting": "hello"}
    terminal.type("\x03")
    assert terminal.ended() == 130
    assert "Traceback" not in terminal.seen


def test_run_ends_its_server_when_it_is_told_to_end(root: Path) -> None:
    small_course.solve(root, 1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([*COURSE, "run", "1", "--port", str(port)], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert any("startup complete" in line for line in running.stderr)
        running.terminate()
        assert running.wait(30) == 130


def test_run_on_a_port_that_is_taken_is_one_sentence(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = call("run", "1", "--port", str(taken.getsockname()[1]))
    assert done.exit_code == 1
    assert "is taken" in done.stderr


def test_prompts_that_are_interrupted_end_quietly() -> None:
    context = type("Context", (), {"obj": None})()
    for error in (KeyboardInterrupt, typer.Abort):
        with pytest.raises(typer.Exit) as caught, ending.in_one_sentence(context):
            raise error
        assert caught.value.exit_code == 130
