"""What a process has used so far, as Linux tells it."""

import os
from pathlib import Path


def resident_bytes(process_id: int) -> int:
    """Memory of the process that is not swapped out. Raises OSError if it has ended."""
    fields = Path(f"/proc/{process_id}/statm").read_text("ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE")


def cpu_seconds(process_id: int) -> float:
    """Processor time of all its threads, in steps of 10 ms. Raises OSError if it has ended."""
    fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
