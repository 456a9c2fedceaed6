"""Checks are proved before they are trusted: red on the stub, green on solutions, and no misconception gets past."""

import ast
import shutil
from pathlib import Path

from grader.content.catalog import Lesson
from grader.content.layout import Course
from grader.content.source import read_source
from grader.content.stub import cut
from grader.content.wrong import WrongSolution, load
from grader.judge import Judge
from grader.report import Cause, Outcome, Report, Verdict

SEED = 1
WRONG_AT_LEAST = 5
RIGHT_AT_LEAST = 2


def test_every_check_is_red_on_the_stub_for_the_right_reason(
    judge: Judge, course: Course, lesson: Lesson, tmp_path: Path
) -> None:
    solution = course.solution_file(lesson)
    report = judge_source(judge, course, lesson, cut(read_source(solution), lesson, solution), tmp_path)
    unexpected = [v for v in report.verdicts if (v.outcome, v.cause) != (Outcome.FAILED, Cause.ASSERTION)]
    assert not unexpected, "on the stub a check should fail at an assertion of its own:\n" + told(unexpected)


def test_every_check_is_green_on_the_solution(judge: Judge, course: Course, lesson: Lesson) -> None:
    report = judge.check(lesson, course.solution_file(lesson), course.checks_file(lesson), seed=SEED)
    assert_complete(course, lesson, report)
    assert report.is_passed, told(report.verdicts)


def test_a_wrong_solution_is_caught_by_exactly_its_task(
    judge: Judge, course: Course, lesson: Lesson, wrong_solution: WrongSolution, tmp_path: Path
) -> None:
    misconception = wrong_solution.misconception
    report = judge_source(judge, course, lesson, wrong_solution.source, tmp_path)
    failed = [verdict for verdict in report.verdicts if verdict.outcome is not Outcome.PASSED]
    tasks = {verdict.task for verdict in failed}
    assert tasks == {misconception.task}, f"expected a failure of {misconception.task} alone, got:\n{told(failed)}"
    causes = {verdict.cause for verdict in failed}
    allowed = {Cause.ASSERTION, misconception.cause}
    assert misconception.cause in causes <= allowed, f"expected cause {misconception.cause}, got:\n{told(failed)}"


def test_another_right_solution_is_green(
    judge: Judge, course: Course, lesson: Lesson, right_file: Path, tmp_path: Path
) -> None:
    report = judge_source(judge, course, lesson, read_source(right_file), tmp_path)
    assert report.is_passed, told(report.verdicts)


def test_there_are_enough_wrong_solutions(course: Course, lesson: Lesson) -> None:
    made = load(course.wrong_file(lesson), lesson, read_source(course.solution_file(lesson)))
    assert len(made) >= WRONG_AT_LEAST, f"{lesson.slug} has {len(made)} wrong solutions, not {WRONG_AT_LEAST}"
    brief = [one.misconception.name for one in made if len(one.misconception.why.split()) < 8]
    assert not brief, f"say why people do it, and what is wrong with it: {', '.join(brief)}"


def test_there_are_enough_right_solutions_and_each_is_another(course: Course, lesson: Lesson) -> None:
    files = course.right_files(lesson)
    assert len(files) >= RIGHT_AT_LEAST, f"{lesson.slug} has {len(files)} other right solutions, not {RIGHT_AT_LEAST}"
    programs = {ast.dump(ast.parse(read_source(file))) for file in [course.solution_file(lesson), *files]}
    assert len(programs) == len(files) + 1, f"two solutions of {lesson.slug} are the same program"
    silent = [file.name for file in files if not ast.get_docstring(ast.parse(read_source(file)))]
    assert not silent, f"the docstring should say how it differs: {', '.join(silent)}"


def judge_source(judge: Judge, course: Course, lesson: Lesson, source: str, folder: Path) -> Report:
    """The verdicts of all checks, none of them waiting for another, on a program beside the solution's other files."""
    home = course.solution_file(lesson).parent
    shutil.copytree(home, folder / lesson.slug, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / lesson.slug / lesson.file
    file.write_text(source, encoding="utf-8")
    report = judge.check(lesson, file, course.checks_file(lesson), independent=True, seed=SEED)
    assert_complete(course, lesson, report)
    return report


def assert_complete(course: Course, lesson: Lesson, report: Report) -> None:
    """The file could be judged, and no check was left out."""
    assert report.fault is None, f"{report.fault.sentence}\n{report.fault.traceback}"
    tree = ast.parse(read_source(course.checks_file(lesson)))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert [verdict.name for verdict in report.verdicts] == names


def told(verdicts: list[Verdict] | tuple[Verdict, ...]) -> str:
    """Verdicts for a person, a paragraph each."""
    return "\n\n".join(
        f"{v.task} {v.name}: {v.outcome}, {v.cause}. {v.expected}\n{v.exchange or ''}\n{v.traceback}".strip()
        for v in verdicts
    )
