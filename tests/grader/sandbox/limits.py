"""What an app under judgement may use."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds on one app process. Times are wall-clock seconds, sizes are bytes.

    `memory` is what the app may take on top of what its warm parent had (the imported libraries). `scratch` and
    `scratch_files` bound its folder, `reports` what it may do that is observed.
    """

    startup_seconds: float = 20.0
    request_seconds: float = 10.0
    check_seconds: float = 30.0
    shutdown_seconds: float = 5.0
    memory: int = 2048 * MIB
    output: int = 4 * MIB
    response: int = 10 * MIB
    written_file: int = 64 * MIB
    open_files: int = 256
    cpu_seconds: int = 300
    threads: int = 500
    scratch: int = 512 * MIB
    scratch_files: int = 10_000
    reports: int = 100_000
