"""How an app stops is for the check to judge, in its own words."""

from pathlib import Path

from grader.content.catalog import Lesson, Task
from grader.judge import Judge
from grader.report import Cause
from grader.sandbox.limits import Limits

LESSON = Lesson(1, "stop", "Stop", "Stops.", 5, (), (), (), (), (Task("1.1", "Stop", ()),))
APP = """
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await asyncio.sleep(30)


app = FastAPI(lifespan=lifespan)
"""
CHECKS = '''
from grader import App, check


@check("1.1")
def test_it_stops(app: App) -> None:
    """An orchestrator kills whatever does not stop when it is told to."""
    stopped = app.stop()
    assert stopped.is_clean, f"it should have stopped, exit code {stopped.exit_code}"
'''


def test_a_stop_that_takes_too_long_fails_in_the_words_of_the_check(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    (tmp_path / "checks.py").write_text(CHECKS, encoding="utf-8")
    with Judge(limits=Limits(shutdown_seconds=0.3)) as judge:
        report = judge.check(LESSON, tmp_path / "app.py", tmp_path / "checks.py")
    (verdict,) = report.verdicts
    assert (verdict.cause, verdict.expected) == (Cause.ASSERTION, "it should have stopped, exit code None")
