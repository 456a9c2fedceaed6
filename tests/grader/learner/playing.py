"""Serving a lesson's app to play with it: FastAPI's own development server on the learner's file."""

import contextlib
import socket
import subprocess
import sys

import typer

from grader.content.catalog import Lesson
from grader.learner.session import Session

GRACE = 3.0


def serve(session: Session, lesson: Lesson | None, port: int) -> int:
    """Serve until Ctrl-C; gives the server's exit code."""
    if lesson is None:
        typer.echo("The catalogue has no lessons yet.", err=True)
        return 2
    if not _is_free(port):
        typer.echo(f"Port {port} is taken; choose another, such as `course run --port {port + 1}`.", err=True)
        return 1
    file = session.course.lesson_file(lesson)
    command = [sys.executable, "-m", "fastapi", "dev", str(file), "--port", str(port)]
    with subprocess.Popen(command) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:
            _end(server)
            raise


def _end(server: subprocess.Popen[bytes]) -> None:
    """Wait for a server that was interrupted, too; end one that was not, or does not mind."""
    for order in (None, server.terminate, server.kill):
        if order is not None:
            order()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(GRACE)
            return


def _is_free(port: int) -> bool:
    """Whether somebody could listen on the port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
