"""Errors of the course itself: one sentence for the learner, the details in a file."""

import contextlib
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from grader.content.catalog import LessonNotFound
from grader.content.layout import CourseNotFound
from grader.content.source import ContentError

LARGEST = 1_000_000


def sentence(error: BaseException, folder: Path | None) -> str:
    """Say what is wrong; an error nobody foresaw is written to the log, and the sentence names that file."""
    if is_foreseen(error):
        text = str(error)
        return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
    what = f"{type(error).__name__}: {error}".strip().rstrip(":").splitlines()[0]
    file = write(error, folder)
    where = f" The details are in {file}." if file else ""
    if isinstance(error, OSError) and error.strerror:
        name = f": {error.filename}" if error.filename else ""
        return f"The system refused something the course needs ({error.strerror}{name}).{where}"
    return f"The course itself stumbled ({what}); your work is safe.{where}"


def is_foreseen(error: BaseException) -> bool:
    """Whether the error's own text is made for people."""
    from grader.checks import CheckFileError
    from grader.sandbox.launcher import JudgeError

    return isinstance(error, ContentError | CourseNotFound | LessonNotFound | CheckFileError | JudgeError)


def write(error: BaseException, folder: Path | None) -> Path | None:
    """Append the traceback to `log.txt` in the course folder, else among the system's temporary files, else nowhere."""
    details = "".join(traceback.format_exception(error))
    entry = f"--- {datetime.now(UTC).isoformat(timespec='seconds')}\n{details}\n"
    for place in (folder, Path(tempfile.gettempdir(), "course")):
        if place is None:
            continue
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            file = place / "log.txt"
            mode = "w" if file.exists() and file.stat().st_size > LARGEST else "a"
            with file.open(mode, encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(entry)
            return file
    return None
