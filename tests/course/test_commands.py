"""Every command that our texts tell people to type exists, and the harmless ones are typed here."""

import itertools
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from grader.content.layout import Course
from grader.content.markdown import fences
from grader.content.source import read_source, shown
from grader.learner.cli import app

SPAN = re.compile(r"(?<!`)`((?:course|make)(?: [^`\n]+)?)`(?!`)")
SHELL_SIGNS = "#<>|&;"
CONSOLES = {"console", "sh", "bash", "shell"}
FILLED_IN = {"N": "1", "NN": "97"}  # what stands in a text for a number to choose
QUIET = {"list", "check", "hint", "solution", "review", "stubs", "new"}  # they end by themselves and serve nothing
FRONT = ("README.md", "CONTRIBUTING.md")


@pytest.fixture
def copy(course: Course, tmp_path: Path) -> Path:
    """A copy of the course in which commands may leave traces."""
    for folder in (course.lessons, course.solutions, course.root / "tests"):
        shutil.copytree(folder, tmp_path / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("Makefile", "README.md"):
        shutil.copy(course.root / file, tmp_path)
    return tmp_path


def test_every_course_command_exists(course: Course) -> None:
    missing = [
        f"{place}: {shlex.join(command)}"
        for place, command in commands(texts(course))
        if command[0] == "course" and not is_offered(command[1:])
    ]
    assert not missing, "`course --help` does not know these:\n" + "\n".join(missing)


def test_every_make_target_exists(course: Course) -> None:
    missing = []
    for place, command in commands(texts(course)):
        if command[0] == "make":
            done = subprocess.run(["make", "-n", *command[1:]], cwd=course.root, capture_output=True, text=True)
            if done.returncode:
                missing.append(f"{place}: {shlex.join(command)}: {done.stderr.strip()}")
    assert not missing, "`make -n` does not know these:\n" + "\n".join(missing)


def test_the_front_pages_name_commands(course: Course) -> None:
    named = {command[0] for _, command in commands([course.root / name for name in FRONT])}
    assert named == {"course", "make"}, f"expected commands to try in {' and '.join(FRONT)}"


def test_harmless_commands_work_as_typed(course: Course, copy: Path) -> None:
    typed = {tuple(command): place for place, command in commands([course.root / name for name in FRONT])}
    failures = []
    for command, place in typed.items():
        words = [FILLED_IN.get(word, word) for word in command]
        if is_harmless(words):
            done = subprocess.run(program(words), cwd=copy, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            said = done.stdout + done.stderr
            if done.returncode not in allowed(words) or "Traceback" in said or not said:
                failures.append(f"{place}: {shlex.join(words)} ended with {done.returncode}:\n{said}")
    assert not failures, "\n".join(failures)


def texts(course: Course) -> list[Path]:
    """The pages that tell people what to type."""
    return [*(course.root / name for name in FRONT), *sorted(course.lessons.glob("*/*.md"))]


def commands(files: list[Path]) -> list[tuple[str, list[str]]]:
    """The course and make commands of these texts, as a shell would split them, each with the file that shows it."""
    found = []
    for file in files:
        text = read_source(file)
        lines = SPAN.findall(text)
        for fence in fences(text):
            if fence.language in CONSOLES:
                shows_answers = "$ " in fence.text
                lines += [
                    line.removeprefix("$ ") for line in fence.text.splitlines() if line[:2] == "$ " or not shows_answers
                ]
        found += [(shown(file), split(line)) for line in lines if re.match(r"(course|make)\b(?! *=)", line)]
    return found


def split(line: str) -> list[str]:
    """The words of the first command of a line."""
    words = shlex.split(line)
    return list(itertools.takewhile(lambda word: word[0] not in SHELL_SIGNS, words))


def is_offered(words: list[str]) -> bool:
    """Whether the course has such a command, with these options."""
    group = typer.main.get_command(app)
    command = group
    for word in words:
        options = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
        if word.startswith("-") and word.partition("=")[0] not in options:
            return False
        if command is group and not word.startswith("-"):
            offered = getattr(group, "commands", {})
            if word not in offered:
                return False
            command = offered[word]
    return True


def is_harmless(words: list[str]) -> bool:
    """Whether a command ends by itself and touches nothing but the copy."""
    if words[0] == "make":
        return words == ["make", "help"]
    if any(word.isupper() or "…" in word for word in words):
        return False
    return words == ["course"] or words[1] in QUIET or words[1].startswith("-")


def program(words: list[str]) -> list[str]:
    """The command to run, the course's own from beside this Python."""
    if words[0] == "make":
        return words
    found = shutil.which("course", path=Path(sys.executable).parent)
    assert found, "the course command is not installed beside this Python"
    return [found, *words[1:]]


def allowed(words: list[str]) -> set[int]:
    """The exit codes that are no surprise: a check of a lesson nobody has solved yet says no."""
    return {0, 1} if words[1:2] == ["check"] else {0}
