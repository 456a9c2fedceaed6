"""Serving a lesson's app to play with it: uvicorn on the learner's file, started again after each save."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import typer

from grader.content.catalog import Lesson
from grader.content.source import read_source
from grader.learner.session import Session

GRACE = 3.0
DEMO = "demo.env"


def serve(session: Session, lesson: Lesson | None, port: int) -> int:
    """Serve until Ctrl-C; gives the server's exit code."""
    if lesson is None:
        typer.echo("The catalogue has no lessons yet.", err=True)
        return 2
    if not _is_free(port):
        typer.echo(f"Port {port} is taken; choose another, such as `course run --port {port + 1}`.", err=True)
        return 1
    if not session.course.lesson_file(lesson).is_file():
        typer.echo(
            f"There is no file to serve; `course reset {lesson.number}` brings the starting point back.", err=True
        )
        return 1
    home = session.course.lesson_file(lesson).parent
    folder = str(home)
    options = ["--app-dir", folder, "--reload", "--reload-dir", folder, "--port", str(port)]
    typer.echo(f"Lesson {lesson.number} at http://127.0.0.1:{port}/docs until Ctrl-C.")
    command = [sys.executable, "-m", "uvicorn", "app:app", *options]
    with subprocess.Popen(command, env=variables(home)) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:
            _end(server)
            raise


def variables(folder: Path) -> dict[str, str]:
    """The environment for an app in `folder`: what its demo.env says, a NAME=value a line, and ours, which wins."""
    file = folder / DEMO
    lines = read_source(file).splitlines() if file.is_file() else []
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs} | os.environ | {"HF_HUB_OFFLINE": "1"}


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
