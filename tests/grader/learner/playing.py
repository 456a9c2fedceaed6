"""Serving a lesson's app to play with it: uvicorn on the learner's file, started again after each save."""

import contextlib
import os
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
    folder = str(session.course.lesson_file(lesson).parent)
    options = ["--app-dir", folder, "--reload", "--reload-dir", folder, "--port", str(port)]
    typer.echo(f"Lesson {lesson.number} at http://127.0.0.1:{port}/docs until Ctrl-C.")
    command = [sys.executable, "-m", "uvicorn", "app:app", *options]
    with subprocess.Popen(command, env=os.environ | {"HF_HUB_OFFLINE": "1"}) as server:
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
