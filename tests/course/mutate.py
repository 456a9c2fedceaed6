"""Mutation testing of the checks: cosmic-ray changes a solution in one place, the judge has to notice.

    python tests/course/mutate.py            every lesson
    python tests/course/mutate.py 3 12       these lessons

A mutant that no check notices has to stand in survivors.toml with the reason why it may live; one that behaves exactly
like the solution is marked `is_equivalent` there and leaves the count. Exits 1 when a survivor is not listed, when a
listed one is gone, or when the score is below the bar.
"""

import argparse
import ast
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from rich.console import Console
from rich.progress import Progress

from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.content.source import read_source
from grader.content.stub import blocks
from grader.judge import Judge
from grader.sandbox.limits import Limits

BAR = 0.98
MARKER = re.compile(r"\s*(#.*)?$")  # what a removed decorator takes along: blank lines and comments
SURVIVORS = Path(__file__).parent / "survivors.toml"
IMPATIENT = Limits(startup_seconds=10, request_seconds=4, check_seconds=8)


@dataclass(frozen=True)
class Mutant:
    """A solution with one change: the lines that went and came, and the whole source."""

    lesson: str
    before: str
    after: str
    source: str


def mutants(course: Course, lesson: Lesson) -> Iterator[Mutant]:
    """Yield every mutant of what the learner has to write that is another program, each once.

    What the stub gives already (data, say) is nobody's answer, so no check has to hold it in place.
    """
    file = course.solution_file(lesson)
    source = read_source(file)
    theirs = {line for block in blocks(source, lesson, file) for line in range(block.first, block.last + 1)}
    seen = {ast.dump(ast.parse(source))}
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments():  # it would have to be told a variable's name
            continue
        operator, occurrence = kind(), 0
        while (changed := mutate_code(source, operator, occurrence)) is not None:
            occurrence += 1
            program = _program(changed)
            line, before, after = _difference(source, changed)
            if program not in seen and line in theirs:
                seen.add(program)
                yield Mutant(lesson.slug, before, after, changed)


def _program(source: str) -> str:
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return source


def _difference(source: str, changed: str) -> tuple[int, str, str]:
    """The first line that changed, the lines that went and those that came."""
    hunk, *lines = list(unified_diff(source.splitlines(), changed.splitlines(), n=0, lineterm=""))[2:] or ["@@ -0 @@"]
    went = [line[1:].strip() for line in lines if line.startswith("-") and not MARKER.match(line[1:])]
    came = [line[1:].strip() for line in lines if line.startswith("+") and not MARKER.match(line[1:])]
    first = int(hunk.split("-")[1].split()[0].partition(",")[0])
    return first, "\n".join(went), "\n".join(came)


def survives(judge: Judge, course: Course, lesson: Lesson, mutant: Mutant, folder: Path) -> bool:
    """Whether every check passes on a mutant."""
    home = folder / lesson.slug
    shutil.copytree(course.solution_file(lesson).parent, home, dirs_exist_ok=True)
    file = home / lesson.file
    file.write_text(mutant.source, encoding="utf-8")
    return judge.check(lesson, file, course.checks_file(lesson), seed=1).is_passed


def listed(path: Path) -> dict[tuple[str, str, str], bool]:
    """Return whether each mutant in survivors.toml is equivalent, by lesson, line and mutated line."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {(each["lesson"], each["before"], each["after"]): each["is_equivalent"] for each in table["survivor"]}


def run(course: Course, lessons: list[Lesson], console: Console) -> bool:
    """Judge every mutant, print the score of each lesson and every survivor; return whether all is well."""
    may_live, is_well = listed(SURVIVORS), True
    killed = total = 0
    with Judge(limits=IMPATIENT) as judge, Progress(console=console) as progress, tempfile.TemporaryDirectory() as name:
        judge.warm(sorted({model for lesson in lessons for model in lesson.models}))
        for lesson in lessons:
            made = list(mutants(course, lesson))
            bar = progress.add_task(lesson.slug, total=len(made))
            living = set()
            for mutant in made:
                if survives(judge, course, lesson, mutant, Path(name)):
                    living.add((mutant.lesson, mutant.before, mutant.after))
                progress.advance(bar)
            total += len(made) - sum(may_live.get(each, False) for each in living)
            killed += len(made) - len(living)
            is_well &= report(console, lesson, len(made), living, may_live)
    score = killed / max(total, 1)
    console.print(f"\n{killed} of {total} mutants killed, equivalent ones left out: {score:.1%} (bar {BAR:.0%})")
    return is_well and score >= BAR


def report(
    console: Console,
    lesson: Lesson,
    count: int,
    living: set[tuple[str, str, str]],
    may_live: dict[tuple[str, str, str], bool],
) -> bool:
    """Print one lesson's survivors; return whether each is listed and none is listed in vain."""
    known = {key for key in may_live if key[0] == lesson.slug}
    console.print(f"{lesson.slug}: {count - len(living)} of {count} killed, {len(living & known)} may live")
    for _, before, after in sorted(living - known):
        console.print(f"  survives: {before}\n        as: {after}", markup=False, highlight=False, soft_wrap=True)
    for _, before, after in sorted(known - living):
        console.print(f"  listed in vain: {before}\n              as: {after}", markup=False, soft_wrap=True)
    return living == known


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lesson", nargs="*", help="number or topic; all lessons when left out")
    wanted = parser.parse_args().lesson
    course = Course.find(Path(__file__).parent)
    catalog = course.catalog()
    lessons = [catalog.find(each) for each in wanted] or list(catalog.lessons)
    sys.exit(0 if run(course, lessons, Console()) else 1)


if __name__ == "__main__":
    main()
