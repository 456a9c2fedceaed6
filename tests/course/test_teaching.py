"""Every check teaches, every task has its ladder of hints, and no idea is used before it is taught."""

import ast
from collections.abc import Iterator

from grader.checks import load_checks
from grader.content import hints, readme
from grader.content.catalog import Catalog, Lesson
from grader.content.ideas import ideas
from grader.content.layout import Course
from grader.content.source import read_source, shown

HINT_WORDS = range(20, 161)
CLOCKS = {"sleep", "monotonic", "perf_counter", "perf_counter_ns", "now", "utcnow", "timeit"}
CLOCK_MODULES = {"time", "timeit"}


def test_hints_are_complete_and_readable_in_a_minute(course: Course, lesson: Lesson) -> None:
    ladders = hints.load(course.hints_file(lesson), lesson)
    file = shown(course.hints_file(lesson))
    odd = [
        f"{file}, line {hint.line}: {hint.words} words"
        for ladder in ladders.values()
        for hint in ladder
        if hint.words not in HINT_WORDS
    ]
    assert not odd, f"a hint has {HINT_WORDS.start} to {HINT_WORDS.stop - 1} words:\n" + "\n".join(odd)


def test_every_task_has_checks_and_every_check_a_task(course: Course, lesson: Lesson) -> None:
    checked = {check.task for check in load_checks(course.checks_file(lesson)).checks}
    assert checked == {task.number for task in lesson.tasks}


def test_every_function_that_looks_like_a_check_is_one(course: Course, lesson: Lesson) -> None:
    checks = {check.name for check in load_checks(course.checks_file(lesson)).checks}
    unmarked = [function.name for function in functions(course, lesson) if function.name.startswith("test_")]
    assert checks == set(unmarked), "mark every test_ function, and nothing else, with @check"


def test_every_check_says_why_a_client_cares(course: Course, lesson: Lesson) -> None:
    silent = [check.name for check in load_checks(course.checks_file(lesson)).checks if len(check.why.split()) < 6]
    assert not silent, f"the docstring is shown to the learner; say why it matters: {', '.join(silent)}"


def test_every_assertion_says_what_was_expected(course: Course, lesson: Lesson) -> None:
    file = course.checks_file(lesson)
    tree = ast.parse(read_source(file))
    silent = [
        f"{shown(file)}, line {node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and not is_sentence(node.msg)
    ]
    assert not silent, "say in words what was expected:\n" + "\n".join(silent)


def test_no_check_looks_at_a_clock(course: Course, lesson: Lesson) -> None:
    file = course.checks_file(lesson)
    tree = ast.parse(read_source(file))
    clocks = [f"{shown(file)}, line {line}: {name}" for line, name in clock_readings(tree)]
    assert not clocks, "prove it by what was observed, not by a clock:\n" + "\n".join(clocks)


def test_a_solution_uses_no_idea_before_it_is_taught(course: Course, catalog: Catalog, lesson: Lesson) -> None:
    file = course.solution_file(lesson)
    untaught = early(read_source(file), catalog.known_ideas(lesson))
    assert not untaught, f"{shown(file)} uses what nobody has taught yet (see `teaches`): {untaught}"


def test_a_worked_example_uses_no_idea_before_it_is_taught(course: Course, catalog: Catalog, lesson: Lesson) -> None:
    example = readme.load(course.readme(lesson), lesson).example
    untaught = early(example.source, catalog.known_ideas(lesson))
    assert not untaught, f"{shown(course.readme(lesson))} uses what nobody has taught yet: {untaught}"


def test_what_a_lesson_teaches_is_new_and_in_use(course: Course, catalog: Catalog, lesson: Lesson) -> None:
    example = readme.load(course.readme(lesson), lesson).example
    used = ideas(read_source(course.solution_file(lesson))).keys() | ideas(example.source).keys()
    assert not set(lesson.teaches) - used, "the catalogue says this is taught, but neither solution nor example uses it"
    known = frozenset().union(*(catalog.known_ideas(catalog.find(topic)) for topic in lesson.builds_on))
    assert not known & set(lesson.teaches), "the catalogue says this is taught, but an earlier lesson did already"


def early(source: str, known: frozenset[str]) -> list[str]:
    """The ideas of a program that are not known yet."""
    return [f"{idea} (line {line})" for idea, line in sorted(ideas(source).items()) if idea not in known]


def functions(course: Course, lesson: Lesson) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions of a lesson's checks, wherever they are."""
    tree = ast.parse(read_source(course.checks_file(lesson)))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def is_sentence(message: ast.expr | None) -> bool:
    """Whether an assertion's message is more than a word or two; one that is computed is trusted."""
    if isinstance(message, ast.Constant):
        return isinstance(message.value, str) and len(message.value.split()) >= 4
    return message is not None


def clock_readings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a program asks for the time, or waits."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in CLOCK_MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in CLOCK_MODULES:
            yield node.lineno, node.module
        elif isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            yield node.lineno, node.attr
