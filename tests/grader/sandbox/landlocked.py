"""Landlock: which files an app may read and write, and which ports of this machine it may dial."""

import mimetypes
import os
import stat
import sys
import sysconfig
from typing import Any

FOLDERS = (
    "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec",
    "/usr/sbin", "/usr/share", "/usr/local/bin", "/usr/local/cuda", "/usr/local/etc", "/usr/local/lib",
    "/usr/local/share", "/nix/store", "/proc/sys", "/run/systemd/resolve", "/sys",
)  # fmt: skip
FILES = (
    "/dev/full", "/dev/random", "/dev/urandom", "/dev/zero", "/proc/cpuinfo", "/proc/filesystems", "/proc/loadavg",
    "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/version",
)  # fmt: skip
SETTINGS = (
    "ca-certificates", "crypto-policies", "debian_version", "fonts", "gai.conf", "group", "host.conf", "hosts",
    "ld.so.cache", "locale.alias", "localtime", "lsb-release", "nsswitch.conf", "openssl", "os-release", "passwd",
    "pki", "protocols", "resolv.conf", "services", "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf", "timezone",
)  # fmt: skip
FILE_RIGHTS = 0x4007  # execute, write, read and truncate: the others are rights to folders
OWN_FILES = ("cgroup", "io", "limits", "maps", "mountinfo", "mounts", "smaps", "stat", "statm", "status")


def _readable() -> list[str]:
    """The paths of the system and of Python that exist: not the memory and variables of processes, not its secrets."""
    library = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    interpreter = {sys.prefix, sys.base_prefix} - {"/usr", "/usr/local"}  # there, the library alone will do
    settings = (*(f"/etc/{name}" for name in SETTINGS), *mimetypes.knownfiles)
    named = (*FOLDERS, *FILES, *settings, *library, *interpreter)
    return sorted({os.path.realpath(path) for path in named if os.path.exists(path)})


READABLE = _readable() if sys.platform == "linux" else []


def restrict_files(readable: list[str], writable: str, connect_ports: list[int], *, may_listen: bool) -> None:
    """Allow this thread, and those it starts, no file and no port but these."""
    from py_landlock import AccessFs, AccessNet, LandlockError, create_ruleset, get_abi_version, restrict_self
    from py_landlock.prctl import set_no_new_privs

    try:
        rights = _handled(get_abi_version())
    except LandlockError:  # an old kernel: `missing_protections` tells the people
        return
    ruleset = create_ruleset(rights)
    read = AccessFs.READ_FILE | AccessFs.READ_DIR
    write = AccessFs.WRITE_FILE | AccessFs.TRUNCATE | AccessFs.REMOVE_FILE | AccessFs.REMOVE_DIR | AccessFs.REFER
    make = AccessFs.MAKE_REG | AccessFs.MAKE_DIR | AccessFs.MAKE_SYM
    for path in (*READABLE, *_own_files(), *readable):
        _allow_path(ruleset, path, read & rights.handled_access_fs)
    for path in ("/proc", "/etc"):  # who is there may be known
        _allow_path(ruleset, path, AccessFs.READ_DIR)
    _allow_path(ruleset, writable, (read | write | make) & rights.handled_access_fs)
    _allow_path(ruleset, os.devnull, AccessFs.READ_FILE | AccessFs.WRITE_FILE)
    ports = dict.fromkeys(connect_ports, AccessNet.CONNECT_TCP) | ({0: AccessNet.BIND_TCP} if may_listen else {})
    for port, access in ports.items() if rights.handled_access_net else ():
        _allow_port(ruleset, port, access)
    set_no_new_privs()
    restrict_self(ruleset, None)
    os.close(ruleset)


def _handled(abi: Any) -> Any:
    """Everything that this kernel's Landlock can refuse."""
    from py_landlock import RulesetAttr
    from py_landlock.abi import get_supported_fs, get_supported_net, get_supported_scope

    rights = RulesetAttr()
    rights.handled_access_fs = get_supported_fs(abi)
    rights.handled_access_net = get_supported_net(abi)
    rights.scoped = get_supported_scope(abi)
    return rights


def _own_files() -> list[str]:
    """What a process may read of itself. It stays open: Landlock knows the very file, else the kernel makes it anew."""
    own = [path for name in OWN_FILES if os.path.exists(path := f"/proc/self/{name}")]
    for path in ("/proc/self/", *own):
        os.open(path, os.O_PATH)
    return own


def _allow_path(ruleset: Any, path: str, access: int) -> None:
    from py_landlock import PathBeneathAttr, add_rule

    handle = os.open(path, os.O_PATH)
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            access &= FILE_RIGHTS
        add_rule(ruleset, PathBeneathAttr(access, handle))
    finally:
        os.close(handle)


def _allow_port(ruleset: Any, port: int, access: int) -> None:
    from py_landlock import NetPortAttr, add_rule

    add_rule(ruleset, NetPortAttr(access, port))
