"""What became of an app that was told to stop."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stopped:
    """How a graceful stop went: exit code (None: had to be killed), models still alive after the shutdown."""

    exit_code: int | None
    live_models: int
    is_clean: bool
