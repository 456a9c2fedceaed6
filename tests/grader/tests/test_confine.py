"""What the kernel refuses to an app, call by call, and what an honest one still can."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.calls import PRETENDED, REFUSED
from grader.sandbox.confine import missing_protections
from grader.tests.corpus import JUDGED

LINUX = sys.platform == "linux"
REFUSALS = {
    "clone": "EPERM",
    "clone into a namespace": "EPERM",
    "clone3": "ENOSYS",
    "signal another process": "EPERM",
    "signal everybody": "EPERM",
    "signal a thread": "EPERM",
    "limit another process": "EPERM",
    "outlive the judge": "EPERM",
    "filter calls": "EPERM",
    "close the channel": "EPERM",
    "close the channel, upper half set": "EPERM",
    "replace the channel": "EPERM",
    "replace the channel, too": "EPERM",
    "deafen the channel": "EPERM",
    "close a range": "ENOSYS",
    "raise a limit": "not allowed to raise maximum limit",
    "rename the machine": "EPERM",
    "pair of datagram sockets": "EACCES",
    "dial another port": "EACCES",
    "send a datagram": "EACCES",
    "dial by MPTCP": "EACCES",
    "dial fast": "EACCES",
    "listen": "EACCES",
    "read the judge": "EACCES",
    "write beside the scratch folder": "EACCES",
    "read the memory": "EACCES",
    "read the variables of another": "EACCES",
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The outcomes of everything that was tried: without the network, and with one port allowed."""
    with socket.create_server(("127.0.0.1", 0)) as allowed, socket.create_server(("127.0.0.1", 0)) as forbidden:
        ports = (allowed.getsockname()[1], forbidden.getsockname()[1])
        offline = tried(tmp_path_factory.mktemp("offline"), 0, ports[1])
        return {"offline": offline, "online": tried(tmp_path_factory.mktemp("online"), *ports)}


def tried(folder: Path, allowed: int, forbidden: int) -> dict[str, str]:
    """Let a process of its own try everything."""
    (folder / "scratch").mkdir()
    command = [sys.executable, "-I", str(JUDGED / "confined.py"), str(folder / "scratch"), str(allowed), str(forbidden)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    outcomes: dict[str, str] = json.loads(run.stdout)
    return outcomes


@pytest.mark.parametrize("network", ["offline", "online"])
def test_calls_are_refused(seen: dict[str, dict[str, str]], network: str) -> None:
    outcomes = seen[network]
    expected = {f"refused {name}": "EPERM" for name in REFUSED} | {f"pretended {name}": "done" for name in PRETENDED}
    expected |= REFUSALS
    wrong = {deed: outcomes[deed] for deed, end in expected.items() if outcomes[deed] not in (end, "unknown")}
    assert wrong == {}


def test_no_socket_can_be_made_offline(seen: dict[str, dict[str, str]]) -> None:
    outcomes = {seen["offline"][f"socket {family}"] for family in range(46)}
    assert outcomes == {"EACCES"}


def test_only_internet_streams_can_be_made_online(seen: dict[str, dict[str, str]]) -> None:
    made = [family for family in range(46) if seen["online"][f"socket {family}"] == "done"]
    assert made == [int(socket.AF_INET), int(socket.AF_INET6)]
    assert seen["online"]["dial the allowed port"] == "done"
    assert seen["offline"]["dial the allowed port"] == "EACCES"


@pytest.mark.parametrize("network", ["offline", "online"])
def test_an_honest_app_misses_nothing(seen: dict[str, dict[str, str]], network: str) -> None:
    assert seen[network]["use the scratch folder"] == "done"
    assert seen[network]["run a thread"] == "done"


def test_what_is_missing_is_said() -> None:
    assert (missing_protections() == []) is LINUX, "run the tests of the judge on Linux 6.12 or newer, with libseccomp"
