"""What stands ready before an app of a lesson starts: its variables and, where checks ask for it, the upstream."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from grader.checks import CheckFile
from grader.upstream import Upstream


@contextmanager
def set_stage(file: CheckFile, seed: int) -> Iterator[tuple[Upstream | None, dict[str, object]]]:
    """Set up what every app of this report is given: its variables and, if a check asks for it, the upstream."""
    env = file.environment(Random(f"{seed}:environment"))
    if not file.wants_upstream:
        yield None, {"env": env}
        return
    upstream = Upstream()
    try:
        yield upstream, {"env": env | {"UPSTREAM_URL": upstream.url}, "connect_ports": (upstream.port,)}
    finally:
        upstream.close()
