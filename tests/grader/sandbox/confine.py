"""Taking rights away from the process that will run somebody's app. What cannot be taken here is named, not hidden.

Linux: Landlock (files, TCP, signals) and seccomp (sockets, new processes), both without root. Elsewhere only the
resource limits hold, and `missing_protections()` says so.
"""

import errno
import os
import sys
from pathlib import Path

from grader.sandbox.limits import Limits

SYSTEM_READABLE = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc",
    "/proc",
    "/dev",
    "/sys",
    "/run/systemd/resolve",
    "/nix",
    "/opt",
)
FORBIDDEN_CALLS = (
    "fork", "vfork", "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
    "io_uring_setup", "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "bpf", "userfaultfd",
    "perf_event_open", "add_key", "keyctl", "request_key", "kexec_load", "init_module", "reboot", "swapon",
)  # fmt: skip
CLONE_THREAD = 0x00010000


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


def confine(readable: list[str], writable: str, connect_ports: list[int], *, may_listen: bool = False) -> None:
    """Give up, for good: files outside `readable` and `writable`, the network but `connect_ports`, new processes.

    `may_listen` leaves the right to listen on a free port that the kernel picks (a model runtime needs it).
    """
    if sys.platform != "linux":
        return
    _restrict_files_and_tcp(readable, writable, connect_ports, may_listen)
    _restrict_calls(tcp=bool(connect_ports) or may_listen)


def _restrict_files_and_tcp(readable: list[str], writable: str, connect_ports: list[int], may_listen: bool) -> None:
    from py_landlock import AccessFs, Landlock, LandlockError

    system = [path for path in SYSTEM_READABLE if os.path.exists(path)]
    interpreter = {sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.path.realpath(sys.executable))}
    rules = Landlock(strict=False)
    try:
        rules.allow_read(*system, *interpreter, *readable)
        rules.allow_execute("/usr", *interpreter)  # shared libraries are mapped executable
        rules.allow_write(writable).allow_read(writable)
        rules.add_path_rule("/dev/null", access=AccessFs.READ_FILE | AccessFs.WRITE_FILE)
        if connect_ports:
            rules.allow_network(*connect_ports, bind=False, connect=True)
        if may_listen:
            rules.allow_network(0, bind=True, connect=False)
        rules.apply()
    except LandlockError:  # an old kernel: `missing_protections` tells the people
        return


def _restrict_calls(*, tcp: bool) -> None:
    try:
        import pyseccomp as seccomp
    except Exception:  # pyseccomp raises RuntimeError where libseccomp is absent
        return
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in FORBIDDEN_CALLS:
        _refuse(rules, name, errno.EPERM)
    thread_bit = seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0)
    _refuse(rules, "clone", errno.EPERM, thread_bit)  # a clone that is not a thread is a process
    _refuse(rules, "clone3", errno.ENOSYS)  # its flags cannot be filtered; the C library falls back to clone
    for family in range(2, 46):  # every family but Unix sockets
        if not (tcp and family in (2, 10)):
            _refuse(rules, "socket", errno.EACCES, seccomp.Arg(0, seccomp.EQ, family))
    if tcp:
        for family in (2, 10):
            for kind in (2, 3, 5):  # datagram, raw, seqpacket
                is_kind = seccomp.Arg(1, seccomp.MASKED_EQ, 0xF, kind)
                _refuse(rules, "socket", errno.EACCES, seccomp.Arg(0, seccomp.EQ, family), is_kind)
    rules.load()


def _refuse(rules: object, name: str, code: int, *conditions: object) -> None:
    import pyseccomp as seccomp

    try:
        rules.add_rule(seccomp.ERRNO(code), name, *conditions)  # type: ignore[attr-defined]
    except (ValueError, OSError, RuntimeError):  # a call that this processor architecture does not have
        return
