"""Taking rights away from the process that will run somebody's app. What cannot be taken here is named, not hidden.

Linux: Landlock (`grader.sandbox.landlocked`: files, TCP, signals), seccomp (`grader.sandbox.calls`) and dropped
capabilities, all without root. Elsewhere only the resource limits hold, and `missing_protections()` says so.
"""

import ctypes
import sys
from pathlib import Path

from grader.sandbox.calls import restrict_calls
from grader.sandbox.landlocked import restrict_files
from grader.sandbox.limits import Limits

CAP_DAC_OVERRIDE = 1  # kept: it lets root read what belongs to somebody else, where Landlock allows to read at all
CAPABILITY_VERSION = 0x20080522


def missing_protections() -> list[str]:
    """Name what this system cannot enforce, in words for people; empty when everything holds."""
    if sys.platform != "linux":
        return ["files, network and processes of an app are not confined on this system"]
    missing = []
    try:
        from py_landlock import get_abi_version

        abi = int(get_abi_version())
        if abi < 4:
            missing.append("the kernel's Landlock is too old to refuse network connections (Linux 6.7 or newer can)")
        if abi < 6:
            missing.append("the kernel's Landlock is too old to refuse signals (Linux 6.12 or newer can)")
    except Exception:  # any reason to be without Landlock has the same consequence
        missing.append("the kernel offers no Landlock: an app can read and write what you can")
    try:
        import pyseccomp  # noqa: F401
    except Exception:  # pyseccomp raises RuntimeError where libseccomp is absent
        missing.append("libseccomp is not installed: an app can start processes and send datagrams")
    return missing


def set_resource_limits(limits: Limits) -> None:
    """Bound memory, processor time, open files and file sizes of this process; no core dumps."""
    if sys.platform == "win32":
        return
    import resource

    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.written_file,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    if sys.platform == "linux":
        bounds[resource.RLIMIT_DATA] = _data_bytes() + limits.memory
    for what, bound in bounds.items():
        _, hard = resource.getrlimit(what)
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (allowed, allowed))


def _data_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


def confine(
    readable: list[str], writable: str, connect_ports: list[int], report_fd: int, *, may_listen: bool = False
) -> None:
    """Give up, for good: files outside `readable` and `writable`, the network but `connect_ports`, new processes.

    `may_listen` leaves the right to listen on a free port that the kernel picks (a model runtime needs it). Nothing
    but writing and reading is left for `report_fd`.
    """
    if sys.platform != "linux":
        return
    restrict_files(readable, writable, connect_ports, may_listen=may_listen)
    _drop_capabilities()
    restrict_calls(report_fd, tcp=bool(connect_ports) or may_listen)


def _drop_capabilities() -> None:
    """Keep nothing of root's power, such as lifting limits and changing clocks, except reading files of others."""

    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    class Data(ctypes.Structure):
        _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))

    library = ctypes.CDLL(None)
    header, data = Header(CAPABILITY_VERSION, 0), (Data * 2)()
    if hasattr(library, "capget") and library.capget(ctypes.byref(header), data) == 0:
        data[0].effective &= 1 << CAP_DAC_OVERRIDE
        data[0].permitted &= 1 << CAP_DAC_OVERRIDE
        data[0].inheritable = data[1].effective = data[1].permitted = data[1].inheritable = 0
        library.capset(ctypes.byref(header), data)
