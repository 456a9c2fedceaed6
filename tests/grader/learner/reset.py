"""Starting a lesson over, and taking that back: what is done to the file, said in a sentence."""

from grader.content import stub
from grader.content.catalog import Lesson
from grader.content.source import read_source, shown
from grader.learner.session import Session


def question(session: Session, lesson: Lesson) -> str:
    """What to ask before anything is done."""
    return (
        f"Start lesson {lesson.number} over? {shown(session.course.lesson_file(lesson))} becomes the starting point "
        f"again; what it holds now is kept in {shown(session.backups(lesson).folder)}."
    )


def start_over(session: Session, lesson: Lesson) -> str:
    """Write the stub, the old file being kept. Raises `StubError` and OSError; the file is then as it was."""
    solution = session.course.solution_file(lesson)
    text = stub.cut(read_source(solution, stub.StubError), lesson, solution)
    done = session.backups(lesson).reset(session.course.lesson_file(lesson), text.encode())
    if not done.is_changed:
        return f"Lesson {lesson.number} is at its starting point already; nothing was changed."
    start = f"Lesson {lesson.number} is at its starting point."
    if done.backup is None:
        return start
    back = f"`course reset {lesson.number} --restore` brings it back"
    return f"{start} Your file is kept as {shown(done.backup)}; {back}."


def bring_back(session: Session, lesson: Lesson) -> str:
    """Restore the newest backup that differs from the file, which is kept, too. Raises OSError."""
    done = session.backups(lesson).restore(session.course.lesson_file(lesson))
    if done is None or done.source is None:
        return f"There is no earlier version of lesson {lesson.number} in {shown(session.backups(lesson).folder)}."
    kept = f" What was there is kept as {shown(done.backup)}." if done.backup else ""
    return f"Lesson {lesson.number} is again what it was in {shown(done.source)}.{kept}"
