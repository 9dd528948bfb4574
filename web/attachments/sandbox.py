"""What a process that reads strangers' files may still do.

A decoder that was taken over by a file should find nothing to read, nobody to talk to, and little time.
Limits of resources hold everywhere. Network and file access end on Linux where the kernel allows a
process to give them up without privileges (user namespaces; Landlock, since Linux 5.13).
"""

import contextlib
import ctypes
import os
import resource
import struct
import sys
import sysconfig

from web.processes.parent import end_with
from web.processes.priority import LAST, give_way

CPU_SECONDS = 40
"HEIC of 100 megapixels takes some 15 s, all else less; others wait meanwhile."
MEMORY_BYTES = 1200 * 2**20
"Of address space; a limit for the largest photos as well."
OPEN_FILES = 32
THREADS = 16
"Threads and processes: libde265 starts one even if it is told to do without."
READABLE = (
    "/usr/share/fonts",
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
)
"Fonts that a PDF does not bring along, and modules that the libraries import late. No data of ours."

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_CLONE_NEWNET, _CLONE_NEWUSER, _CLONE_NEWIPC = 0x40000000, 0x10000000, 0x08000000
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF}
"ABI version -> all rights to files that it knows; from 5 on 0xFFFF. See linux/landlock.h."
_READ_FILES_AND_FOLDERS = 0x4 | 0x8

_libc = ctypes.CDLL(None, use_errno=True)
_on_linux = sys.platform == "linux"


def for_the_parent() -> bool:
    """Restrain the process that waits for files: last in line, gone with its parent, no network.

    Returns whether it has a user namespace of its own.
    """
    server = os.getppid()
    os.setpriority(os.PRIO_PROCESS, 0, LAST)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    namespace = False
    if _on_linux:
        # Containers often forbid it; Landlock still refuses TCP then.
        namespace = bool(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0)
    end_with(server)  # after what makes the kernel forget it
    return namespace


def for_a_file(namespace: bool, parent: int) -> None:
    """Restrain the process of one file: limited time and memory, hardly any files.

    `namespace` is what `for_the_parent` returned to the process `parent`.
    """
    give_way()
    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
    }
    if namespace:  # otherwise all other processes of this user count
        limits[resource.RLIMIT_NPROC] = THREADS
    for limit, most in limits.items():
        _, allowed = resource.getrlimit(limit)
        if allowed != resource.RLIM_INFINITY:
            most = min(most, allowed)
        resource.setrlimit(limit, (most, most))
    end_with(parent)
    if _on_linux:
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        _give_up_files()


def _give_up_files() -> None:
    """Landlock: no file but READABLE, no trace of processes outside; no TCP from Linux 6.7 on (version
    4), and no signal to them from 6.12 on (version 6)."""
    version = _libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return
    attributes = struct.pack(
        "QQQ", _FILE_RIGHTS.get(version, 0xFFFF), 3 if version >= 4 else 0, 3 if version >= 6 else 0
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = _libc.syscall(
        _LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if rules < 0:
        return
    for path in READABLE:
        with contextlib.suppress(OSError):  # not there, or not for us
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            beneath = struct.pack("=Qi", _READ_FILES_AND_FOLDERS, folder)
            _libc.syscall(_LANDLOCK_ADD_RULE, rules, 1, beneath, ctypes.c_uint32(0))
            os.close(folder)
    _libc.syscall(_LANDLOCK_RESTRICT_SELF, rules, ctypes.c_uint32(0))
    os.close(rules)
