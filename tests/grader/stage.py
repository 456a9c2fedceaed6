"""What stands ready before the checks of a file run: the app with its variables and upstream, or the suite."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from grader.checks import CheckFile
from grader.sandbox.app import App
from grader.suite import Suite
from grader.suite_trial import SuiteTrial
from grader.trial import Trial
from grader.upstream import Upstream

StartApp = Callable[..., App]


@contextmanager
def app_on_trial(
    file: CheckFile, start: StartApp, app_file: Path, models: tuple[str, ...], seed: int
) -> Iterator[Trial]:
    """Start the app that the checks share, and the upstream if one of them asks for it; raises `AppDied`."""
    env = file.environment(Random(f"{seed}:environment"))
    upstream = Upstream() if file.wants_upstream else None
    given: dict[str, Any] = {"env": env}
    if upstream is not None:
        given = {"env": env | {"UPSTREAM_URL": upstream.url}, "connect_ports": (upstream.port,)}
    try:
        with start(app_file, models, **given) as app:
            yield Trial(app, seed, upstream)
    finally:
        if upstream is not None:
            upstream.close()


@contextmanager
def suite_on_trial(suite: Suite, seed: int) -> Iterator[SuiteTrial]:
    """Hold the learner's own tests ready: each check gives them the APIs it wants them to judge."""
    yield SuiteTrial(suite, seed)
