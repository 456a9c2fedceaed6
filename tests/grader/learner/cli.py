"""The `course` command: watch mode on a terminal, and each of its keys as a subcommand."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup


def flag(*names: str, help: str) -> Any:
    """An option that is there or not."""
    return typer.Option(*names, help=help, metavar="")


EPILOG = "A lesson is named by its number (3), its topic (lifespan_models) or its folder."
Number = Annotated[str, typer.Argument(metavar="N", help="The lesson: 3, lifespan_models or 03_lifespan_models.")]
MaybeNumber = Annotated[str | None, typer.Argument(metavar="N", help="The lesson, when it is to be a certain one.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Draw the same random inputs as a run that named this seed.")]
Json = Annotated[bool, flag("--json", help="Print one JSON document and nothing else; its keys are stable.")]
Yes = Annotated[bool, flag("--yes", "-y", help="Do not ask.")]


class Commands(TyperGroup):
    """Runs a command; whatever goes wrong in it becomes one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run, and turn what was raised into `typer.Exit`."""
        from grader.learner import ending

        with ending.in_one_sentence(ctx):
            return super().invoke(ctx)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)


@app.callback(invoke_without_command=True)
def course(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("--course", metavar="DIR", help="The checkout of the course, if not the one here.")
    ] = None,
    is_plain: Annotated[bool, flag("--plain", help="Watch with lines of text instead of a full screen.")] = False,
    seed: Seed = None,
    is_version: Annotated[
        bool, flag("--version", help="Say which version this is, and whether apps are confined here.")
    ] = False,
) -> None:
    """Learn FastAPI for machine learning by building small APIs that are judged as their clients see them.

    Without a command: shows the map, opens the current lesson and judges it again whenever you save. Keys: n next,
    h hint, l list, c check all, d diff with the solution (after a pass), x reset, q quit. Without a terminal: prints
    the map and the verdict on the current lesson, and ends with exit code 0.
    """
    from grader.learner import start

    ctx.obj = folder
    if is_version:
        start.version()
    elif ctx.invoked_subcommand is None:
        start.begin(start.session(folder), seed, is_plain=is_plain)


@app.command()
def check(ctx: typer.Context, lesson: MaybeNumber = None, seed: Seed = None, is_json: Json = False) -> None:
    """Judge lesson N, or all lessons; the exit code is 1 when something is not right.

    With --json: {"version": 1, "passed": bool, "lessons": [{"number", "topic", "title", "passed", "seconds", "seed",
    "file", "notes", "fault": null or {"cause", "sentence", "line", "traceback", "output"}, "verdicts": [{"task",
    "name", "outcome": "passed" or "failed" or "waiting", "expected", "why", "cause", "waits_for", "exchange",
    "traceback", "output", "seconds"}]}]}.
    """
    from grader.learner import checking, start

    session = start.session(ctx.obj)
    lessons = [session.catalog.find(lesson)] if lesson else list(session.lessons)
    judged = checking.as_json if is_json else checking.on_console
    raise typer.Exit(0 if judged(session, lessons, seed) else 1)


@app.command("list")
def list_lessons(ctx: typer.Context, is_json: Json = False) -> None:
    """Show the map: every lesson with its minutes, its tasks and where you are.

    With --json: {"version": 1, "current": topic, "lessons": [{"number", "topic", "title", "minutes", "file", "state":
    "untried" or "changed" or "open" or "passed", "was_passed": bool, "tasks": [{"number", "title", "outcome": null or
    "passed" or "failed" or "waiting"}]}]}. Outcomes are those of the last run; "changed" says the file is newer.
    """
    from grader.learner import checking, start

    session = start.session(ctx.obj)
    checking.list_as_json(session) if is_json else checking.show_map(session)


@app.command()
def hint(
    ctx: typer.Context,
    lesson: Number,
    task: Annotated[
        str | None, typer.Option("--task", help="The task, such as 3.2; else the first that fails.")
    ] = None,
    is_all: Annotated[bool, flag("--all", help="Show the whole ladder at once.")] = False,
) -> None:
    """Show the next hint for the first failing task of lesson N, below those you have seen.

    Each task has four: the concept, where it goes, part of the code, nearly all of it.
    """
    from grader.learner import help, start

    session = start.session(ctx.obj)
    help.hint(session, session.catalog.find(lesson), task, is_all=is_all)


@app.command()
def reset(
    ctx: typer.Context,
    lesson: Number,
    is_restore: Annotated[bool, flag("--restore", help="Bring back what the last reset put away.")] = False,
    is_yes: Yes = False,
) -> None:
    """Start lesson N over. What you wrote is always kept first, under .course/backups."""
    from grader.learner import help, start

    session = start.session(ctx.obj)
    help.reset_lesson(session, session.catalog.find(lesson), is_restore=is_restore, is_yes=is_yes)


@app.command()
def solution(ctx: typer.Context, lesson: Number, is_yes: Yes = False) -> None:
    """Show the solution of lesson N; before you have passed it, asks whether you are sure."""
    from grader.learner import help, start

    session = start.session(ctx.obj)
    help.solution(session, session.catalog.find(lesson), is_yes=is_yes)


@app.command()
def review(
    ctx: typer.Context,
    lesson: MaybeNumber = None,
    is_answer: Annotated[bool, flag("--answer", help="Show the answer with the question.")] = False,
) -> None:
    """Ask a prediction question from a lesson you passed: the one you have not been asked for longest, or N's."""
    from grader.learner import help, start

    session = start.session(ctx.obj)
    help.review(session, session.catalog.find(lesson) if lesson else None, is_answer=is_answer)


@app.command()
def run(
    ctx: typer.Context,
    lesson: MaybeNumber = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where to serve.")] = 8000,
) -> None:
    """Serve lesson N, or the current one, with reload, to play with it; /docs in a browser shows it."""
    from grader.learner import playing, start

    session = start.session(ctx.obj)
    raise typer.Exit(playing.serve(session, session.catalog.find(lesson) if lesson else session.current, port))


@app.command()
def stubs(
    ctx: typer.Context,
    is_check: Annotated[bool, flag("--check", help="Only say which are out of date; exit code 1 if any.")] = False,
) -> None:
    """For authors: cut the lessons' files from the solutions again. What they held is kept, as by reset."""
    from grader.learner import authoring, start

    raise typer.Exit(authoring.stubs(start.session(ctx.obj), is_check=is_check))


@app.command()
def new(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NN", min=1, help="Its number in the course.")],
    topic: Annotated[str, typer.Argument(help="Its folder's name after the number, such as model_registry.")],
    title: Annotated[str, typer.Argument(help="Its title in the map.")],
) -> None:
    """For authors: create lesson NN with every file it needs, ready to be filled in."""
    from grader.learner import authoring, start

    authoring.new(start.session(ctx.obj), number, topic, title)


def main() -> None:
    """Run the command line."""
    from grader.learner import ending, marks

    marks.be_showable()
    ending.raise_on_termination()
    app()
