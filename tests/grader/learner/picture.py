"""Draws the README's picture: the real watch screen on a real failing attempt at lesson 1, as one self-contained SVG.

Run as `python -m grader.learner.picture OUT.svg`.
"""

import asyncio
import contextlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

from grader.content import wrong
from grader.content.layout import Course
from grader.content.source import read_source
from grader.learner import render
from grader.learner.screen import WatchScreen
from grader.learner.session import Session, find_course

MISCONCEPTION = "null-for-an-unknown-name"
SIZE = (118, 37)
SEED = 2026
SECONDS = 60
FONT_FACE = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
FONTS = 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'


def attempt(course: Course) -> str:
    """What somebody with a well-known misconception would have written in lesson 1."""
    lesson = course.catalog().lessons[0]
    solution = render.without_markers(read_source(course.solution_file(lesson)))
    solutions = wrong.load(course.wrong_file(lesson), lesson, solution)
    return next(found.source for found in solutions if found.misconception.name == MISCONCEPTION)


def copy(course: Course, folder: Path) -> Course:
    """A checkout to play in, with the attempt in the place of lesson 1's stub."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for part in (course.lessons, course.solutions, course.checks):
        shutil.copytree(part, folder / part.relative_to(course.root), ignore=ignored)
    scratch = Course(folder)
    scratch.lesson_file(scratch.catalog().lessons[0]).write_text(attempt(course), "utf-8")
    return scratch


async def draw(course: Course) -> str:
    """Run the screen until the verdict is there, and export it."""
    session = Session(course)
    screen = WatchScreen(session, session.lessons[0], SEED)
    async with screen.run_test(size=SIZE) as pilot:
        async with asyncio.timeout(SECONDS):
            while screen.desk.report is None:
                await pilot.pause(0.05)
        await pilot.pause()
        picture = screen.export_screenshot(title="course", simplify=True)
    return FONT_FACE.sub("", picture).replace("Fira Code, monospace", FONTS).replace("Fira Code", "ui-monospace")


def main(out: Path) -> None:
    """Draw into `out`."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        picture = asyncio.run(draw(copy(find_course(None), Path(folder))))
    out.write_text(picture, "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m grader.learner.picture OUT.svg")
    main(Path(sys.argv[1]).resolve())
