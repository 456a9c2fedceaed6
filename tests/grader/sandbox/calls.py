"""System calls that an app may not make: new processes, sockets, other processes' affairs, and the judge's channel.

A call that is refused raises in Python. A few, which honest programs make without need, are pretended to succeed: the
mode and owner of files, whose change Landlock cannot confine to a folder. Neither can it confine changing a file's
times, but there a pretence would do harm: `Path.touch` would believe it and make no file.
"""

import errno
import os

REFUSED = (
    "fork", "vfork", "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
    "pidfd_open", "pidfd_send_signal", "process_madvise", "process_mrelease", "kcmp", "io_uring_setup", "io_setup",
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsmount",
    "open_by_handle_at", "bpf", "userfaultfd", "perf_event_open", "add_key", "keyctl", "request_key", "kexec_load",
    "init_module", "finit_module", "reboot", "swapon", "quotactl", "acct", "syslog", "setsid", "setpgid",
    "memfd_create", "memfd_secret", "shmget", "msgget", "semget", "mq_open", "fanotify_init",
    "landlock_create_ruleset", "seccomp",
)  # fmt: skip
PRETENDED = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr",
    "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "setpriority",
    "ioprio_set", "sched_setscheduler", "sched_setattr", "sched_setparam",
)  # fmt: skip
CLONE_THREAD = 0x00010000
MSG_FASTOPEN = 0x20000000
PR_SET_PDEATHSIG, PR_SET_SECCOMP = 1, 22
UNKNOWN = -1  # a call that is too new for the library
WORD = 0xFFFFFFFF  # the kernel looks at the lower half of these arguments only
STREAM, DATAGRAM, RAW, SEQUENCED = 1, 2, 3, 5
UNIX, INTERNET = 1, (2, 10)


def restrict_calls(report_fd: int, *, tcp: bool) -> None:
    """Refuse for this thread, and those it starts, all calls that an app has no need for."""
    try:
        import pyseccomp as seccomp
    except Exception:  # pyseccomp raises RuntimeError where libseccomp is absent
        return
    rules = _Rules(seccomp)
    for name in REFUSED:
        rules.refuse(name, errno.EPERM)
    for name in PRETENDED:
        rules.refuse(name, 0)
    rules.refuse("clone", errno.EPERM, rules.masked(0, CLONE_THREAD, 0))  # what is not a thread is a process
    rules.refuse("clone3", errno.ENOSYS)  # its flags cannot be filtered; the C library falls back to clone
    _keep_to_itself(rules)
    _protect_channel(rules, report_fd)
    _restrict_sockets(rules, tcp)
    rules.load()


class _Rules:
    """A seccomp filter that allows what no rule refuses, and ignores calls that this processor does not have."""

    def __init__(self, seccomp: object) -> None:
        self._seccomp = seccomp
        self._filter = seccomp.SyscallFilter(seccomp.ALLOW)  # type: ignore[attr-defined]

    def refuse(self, name: str, code: int, *conditions: object) -> None:
        if self._seccomp.resolve_syscall(self._seccomp.Arch.NATIVE, name) == UNKNOWN:  # type: ignore[attr-defined]
            return
        self._filter.add_rule(self._seccomp.ERRNO(code), name, *conditions)  # type: ignore[attr-defined]

    def masked(self, argument: int, mask: int, value: int) -> object:
        return self._seccomp.Arg(argument, self._seccomp.MASKED_EQ, mask, value)  # type: ignore[attr-defined]

    def differs(self, argument: int, value: int) -> object:
        return self._seccomp.Arg(argument, self._seccomp.NE, value)  # type: ignore[attr-defined]

    def load(self) -> None:
        self._filter.load()


def _keep_to_itself(rules: _Rules) -> None:
    """No signals, limits or processor sets for other processes (Landlock refuses signals only from Linux 6.12 on)."""
    me = os.getpid()
    for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
        rules.refuse(name, errno.EPERM, rules.differs(0, me))
    rules.refuse("tkill", errno.EPERM)
    rules.refuse("prlimit64", errno.EPERM, rules.differs(0, 0))
    rules.refuse("sched_setaffinity", 0, rules.differs(0, 0))  # runtimes place threads by it, in vain
    for option in (PR_SET_PDEATHSIG, PR_SET_SECCOMP):  # it dies with the judge, and filters no call away
        rules.refuse("prctl", errno.EPERM, rules.masked(0, WORD, option))


def _protect_channel(rules: _Rules, report_fd: int) -> None:
    """Let nobody close, replace, shut or deafen the descriptor on which observations go."""
    for name in ("close", "shutdown", "setsockopt", "fcntl", "ioctl"):
        rules.refuse(name, errno.EPERM, rules.masked(0, WORD, report_fd))
    for name in ("dup2", "dup3"):
        rules.refuse(name, errno.EPERM, rules.masked(1, WORD, report_fd))
    rules.refuse("close_range", errno.ENOSYS)  # the C library falls back to close


def _restrict_sockets(rules: _Rules, tcp: bool) -> None:
    """Refuse new sockets, but internet streams with `tcp`, which Landlock bounds; pairs of streams are free."""
    for family in range(64):
        if not (tcp and family in INTERNET):
            rules.refuse("socket", errno.EACCES, rules.masked(0, WORD, family))
    for kind in (DATAGRAM, RAW, SEQUENCED):
        rules.refuse("socketpair", errno.EACCES, rules.masked(1, 0xF, kind))  # these could be connected elsewhere
        for family in INTERNET if tcp else ():
            rules.refuse("socket", errno.EACCES, rules.masked(0, WORD, family), rules.masked(1, 0xF, kind))
    if tcp:
        for protocol in (132, 262):  # SCTP and MPTCP, which Landlock does not know
            rules.refuse("socket", errno.EACCES, rules.masked(2, WORD, protocol))
        for name, flags in (("sendto", 3), ("sendmsg", 2)):
            rules.refuse(name, errno.EACCES, rules.masked(flags, MSG_FASTOPEN, MSG_FASTOPEN))  # connects past Landlock
