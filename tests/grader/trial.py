"""One file on trial: runs checks one by one against its app and turns what happens into verdicts."""

import linecache
import time
from random import Random

import httpx2

from grader.checks import Check
from grader.explain import ending, exit_cause, no_memory, refused
from grader.report import Cause, Exchange, Outcome, Verdict
from grader.sandbox.app import App, AppDied
from grader.sandbox.client import TooBig, TooSlow
from grader.sandbox.launcher import JudgeError
from grader.sandbox.output import TRACEBACK, last_traceback
from grader.sandbox.plain import plain_line
from grader.upstream import Upstream

SECONDS_TO_LOG = 0.5
SECONDS_TO_EXIT = 0.3
SHAPE_ERRORS = (RecursionError, KeyError, IndexError, TypeError, AttributeError, ValueError, httpx2.DecodingError)


def waiting(check: Check, blocker: str) -> Verdict:
    """The verdict on a check that was not run, because `blocker` has to pass first."""
    return Verdict(check.task, check.name, Outcome.WAITING, why=check.why, waits_for=blocker)


def blocked_by(check: Check, needs: dict[str, list[str]], failed: set[str]) -> str | None:
    """Name the task that keeps a check from being run: one its task needs, or its own; None without `needs`."""
    if not needs:
        return None
    return next((task for task in [*needs.get(check.task, []), check.task] if task in failed), None)


class Trial:
    """Holds the shared app of a file's checks; restarts it when a check left it dead."""

    def __init__(self, app: App, seed: int, upstream: Upstream | None = None) -> None:
        self._shared, self._seed, self._upstream = app, seed, upstream
        self._active = app
        self.hangs = 0

    def abort(self) -> None:
        """End the app that is being asked right now."""
        self._active.abort()

    def run(self, check: Check) -> Verdict:
        """Run one check and return its verdict."""
        began = time.perf_counter()
        try:
            verdict = self._run_fresh(check) if check.is_fresh else self._run_shared(check)
        except AppDied as died:
            fault = died.fault
            sentence = f"{_given(check)} the app should start. {fault.sentence}"
            verdict = self._verdict(check, fault.cause, sentence, None, fault.traceback, fault.output)
        if verdict.cause is Cause.HUNG:
            self.hangs += 1
        return Verdict(**{**vars(verdict), "seconds": time.perf_counter() - began})

    def _run_shared(self, check: Check) -> Verdict:
        app = self._active = self._shared
        if not app.is_alive or app.is_changed:
            app.restart()
        return self._ask(check, app)

    def _run_fresh(self, check: Check) -> Verdict:
        self._active = self._shared.another(check.env, check.files)
        with self._active as app:
            return self._ask(check, app)

    def _ask(self, check: Check, app: App) -> Verdict:
        app.journal.entries.clear()
        client = app.new_client()
        start = app.process.output.size
        if self._upstream is not None:
            self._upstream.expect()
        given = {"client": client, "app": app, "rng": Random(f"{self._seed}:{check.name}"), "upstream": self._upstream}
        arguments = {name: given[name] for name in check.arguments}
        app.deadline = time.monotonic() + (check.seconds or app.limits.check_seconds)
        try:
            check.function(**arguments)
        except (AppDied, JudgeError):
            raise
        except Exception as error:
            return self._judge_failure(check, app, start, error)
        finally:
            app.deadline = float("inf")
        if not app.process.has_all_reports():
            cause = app.process.ended_for or Cause.TAMPERED
            return self._verdict(check, cause, f"The app {ending(app.process)}.", app.journal.last_exchange)
        return Verdict(check.task, check.name, Outcome.PASSED, why=check.why)

    def _judge_failure(self, check: Check, app: App, start: int, error: Exception) -> Verdict:
        process = app.process
        process.take_reports()
        if _is_cut(error):
            process.handle.exited.wait(SECONDS_TO_EXIT)  # mostly, its process is about to be gone
        if app.journal.last_status == 500 or app.journal.last_is_stream:
            self._await_traceback(app, start)
        output = process.output.text(start)
        trace = last_traceback(output, str(app.app_file.resolve()))
        cause, sentence = self._explain(check, app, error)
        if trace.rpartition("\n")[2].startswith("MemoryError"):
            cause, sentence = Cause.MEMORY, f"The app {no_memory(process)}."
        more_cause, more = refused(process, trace)
        return self._verdict(check, more_cause or cause, sentence + more, app.journal.last_exchange, trace, output)

    @staticmethod
    def _await_traceback(app: App, start: int) -> None:
        """An app answers 500, or ends a stream, first and logs why a moment later."""
        until = time.monotonic() + SECONDS_TO_LOG
        while TRACEBACK not in app.process.output.text(start) and time.monotonic() < until:
            time.sleep(0.005)

    @staticmethod
    def _explain(check: Check, app: App, error: Exception) -> tuple[Cause, str]:
        process = app.process
        if process.ended_for is Cause.HUNG:
            return Cause.HUNG, "The app did not finish in time and was stopped; is there a loop that never ends?"
        if process.ended_for is not None:
            return process.ended_for, f"The app {ending(process)}."
        if isinstance(error, TooSlow):
            return Cause.HUNG, f"The whole answer should be there within {process.limits.request_seconds:g} s: {error}."
        if isinstance(error, TooBig):
            return Cause.RESPONSE, f"The answer should have an end: it is {error} already."
        if isinstance(error, httpx2.TransportError):
            if process.handle.exited.is_set():
                cause, what = exit_cause(process)
                return cause, f"The app {what} while it was being asked."
            if isinstance(error, httpx2.ConnectError):
                return Cause.RESPONSE, "The app runs, but accepts no connections; did it close its socket?"
            return Cause.RESPONSE, f"The answer should be valid HTTP: {error or type(error).__name__}."
        if isinstance(error, AssertionError):
            return Cause.ASSERTION, str(error)
        if isinstance(error, SHAPE_ERRORS):
            return Cause.SHAPE, f"The answer does not have the shape that this check reads: {_where(check, error)}."
        return Cause.JUDGE, f"The check itself broke, which is our fault: {_where(check, error)}."

    @staticmethod
    def _verdict(
        check: Check, cause: Cause, expected: str, exchange: Exchange | None, trace: str = "", output: str = ""
    ) -> Verdict:
        return Verdict(
            check.task,
            check.name,
            Outcome.FAILED,
            why=check.why,
            expected=plain_line(expected),
            cause=cause,
            exchange=exchange,
            traceback=trace,
            output=output,
        )


def _is_cut(error: Exception) -> bool:
    """Whether a connection ended in the middle, as it does when the process at its other end is gone."""
    if isinstance(error, httpx2.RemoteProtocolError):
        return "disconnected" in str(error) or "closed" in str(error)
    return isinstance(error, httpx2.NetworkError)


def _given(check: Check) -> str:
    """Name what a check starts its app with, as the beginning of a sentence."""
    given = [f"{name}={value}" for name, value in check.env.items()] + [f"a file {name}" for name in check.files]
    return f"With {' and '.join(given)}" if given else "Once more"


def _where(check: Check, error: Exception) -> str:
    """Name the line of the check that stumbled, and over what."""
    filename, line = check.function.__code__.co_filename, 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    source = linecache.getline(filename, line).strip()
    return f"`{source}` met {type(error).__name__}: {error}"
