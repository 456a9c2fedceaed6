"""Where an attack takes place: a submission with planted files, things not to be touched, what is left afterwards."""

import contextlib
import json
import os
import socket
import tempfile
import threading
import time
from pathlib import Path

import psutil

from grader.tests.corpus import JUDGED, Attack

PLANTED = ("conftest.py", "sitecustomize.py", "usercustomize.py", "json.py", "statistics.py", "pytest.py", "fastapi.py")
BOOBY_TRAP = "raise SystemExit('a planted file was run')\n"


class Beacon:
    """A server on loopback that must never be reached."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.visits = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._server.accept()[0].close()
                self.visits += 1

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


class Scene:
    """Lays out a submission with the attack as its app.py, and remembers how everything around it looked."""

    def __init__(self, root: Path, attack: Attack, beacon: Beacon, neighbour: str) -> None:
        self.root, self.attack, self.beacon = root, attack, beacon
        self.app_file, self.checks_file = root / "submission" / "app.py", root / "course" / "checks.py"
        self.temporary = Path(tempfile.mkdtemp(prefix="scene-"))  # short: the path of a Unix socket has to fit
        for folder in (self.app_file.parent, self.checks_file.parent, root / "outside"):
            folder.mkdir()
        self.app_file.write_text(attack.file.read_text())
        for name in PLANTED:
            (self.app_file.parent / name).write_text(BOOBY_TRAP)
        (self.app_file.parent / "planted.pth").write_text("import planted_module\n")
        (self.app_file.parent / "planted_module.py").write_text(BOOBY_TRAP)
        checks = "model_checks.py" if attack.needs_model else "checks.py"
        self.checks_file.write_text((JUDGED / checks).read_text())
        honest = self.checks_file.with_name("honest.py")
        honest.write_text((JUDGED / "honest.py").read_text())
        (root / "outside" / "treasure.txt").write_text("gold")
        (self.app_file.parent / "solution.py").symlink_to(honest)
        where = {"checks": str(self.checks_file), "honest": str(honest), "outside": str(root / "outside")}
        where |= {"port": beacon.port, "neighbour": neighbour}  # type: ignore[dict-item]
        (self.app_file.parent / "where.json").write_text(json.dumps(where))
        self._before = self._look()

    def _look(self) -> dict[str, tuple[int, ...] | bytes]:
        seen: dict[str, tuple[int, ...] | bytes] = {}
        for path in sorted(self.root.rglob("*")):
            state = path.lstat()
            seen[f"{path} state"] = (state.st_mode, state.st_uid, state.st_size)
            seen[f"{path} attributes"] = tuple(map(len, os.listxattr(path, follow_symlinks=False)))
            seen[f"{path} content"] = path.read_bytes() if path.is_file() else b""
        return seen

    def traces(self, warm_pids: set[int], known: set[int]) -> list[str]:
        """Name everything that is left: changed files, folders in TMPDIR, visits to the beacon, processes."""
        after = self._look()
        changed = [name for name in {**self._before, **after} if self._before.get(name) != after.get(name)]
        left = [str(path) for path in self.temporary.iterdir()]
        visits = [f"{self.beacon.visits} visits"] if self.beacon.visits else []
        return [*changed, *left, *visits, *_strays(warm_pids, known)]


def _strays(warm_pids: set[int], known: set[int], patience: float = 2.0) -> list[str]:
    """Processes that a judge's apps left: children of its warm processes, or orphans that were forked from one."""
    until = time.monotonic() + patience
    while (found := _find_strays(warm_pids) - known) and time.monotonic() < until:
        time.sleep(0.02)
    return [f"process {pid}" for pid in found]


def _find_strays(warm_pids: set[int]) -> set[int]:
    found: set[int] = set()
    for process in psutil.process_iter(["pid", "ppid", "cmdline"]):
        is_forked = "grader.sandbox" in " ".join(process.info["cmdline"] or ())
        if process.info["ppid"] in warm_pids or (is_forked and process.info["ppid"] == 1):
            found.add(process.info["pid"])
    return found
