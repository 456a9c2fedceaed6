"""Running the commands as a person does: in this process, in one of their own, or on a real terminal."""

import contextlib
import os
import pty
import subprocess
import sys
import time
from typing import Any

from typer.testing import CliRunner, Result

from grader.learner import marks
from grader.learner.cli import app

COURSE = [sys.executable, "-c", "from grader.learner.cli import main; main()"]


def call(*arguments: str, answer: str | None = None) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, arguments, input=answer)


def words(text: str) -> str:
    return " ".join(text.split())


def course(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, without a terminal."""
    return subprocess.run(
        [*COURSE, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **options
    )


class Terminal:
    """The command on a real terminal, as a person has it before them."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.seen = ""
        self.pid, self._screen = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [*COURSE, *arguments], os.environ | {"TERM": "xterm-256color"} | environment)
        os.set_blocking(self._screen, False)

    def until(self, text: str) -> str:
        """Read until `text` was written."""
        end = time.monotonic() + 30
        while text not in self.text:
            assert time.monotonic() < end, self.seen[-2000:]
            self._read()
        return self.seen

    @property
    def text(self) -> str:
        """What was seen, without colours and movements."""
        return marks.clean(self.seen)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._screen, keys.encode())

    def ended(self) -> int:
        """Read until the program ends; gives its exit code."""
        end = time.monotonic() + 30
        while True:
            self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._read()
                os.close(self._screen)
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, self.seen[-2000:]

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            self.seen += os.read(self._screen, 65536).decode(errors="replace")
            return
        time.sleep(0.01)
