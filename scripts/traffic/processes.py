"""What a process has used so far, as Linux tells it."""

import os
from pathlib import Path


def resident_bytes(process_id: int) -> int:
    """Memory of the process that is not swapped out. Raises OSError if it has ended."""
    fields = Path(f"/proc/{process_id}/statm").read_text("ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE")


def begin_peak(process_id: int) -> int:
    """Forget how much memory the process has had (proc_pid_clear_refs(5)); what it has now."""
    Path(f"/proc/{process_id}/clear_refs").write_text("5")
    return peak_bytes(process_id)


def peak_bytes(process_id: int) -> int:
    """The most memory that it has had since `begin_peak`. Raises OSError if it has ended."""
    status = Path(f"/proc/{process_id}/status").read_text("ascii", "replace")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def cpu_seconds(process_id: int) -> float:
    """Processor time of all its threads, in steps of 10 ms. Raises OSError if it has ended."""
    fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
