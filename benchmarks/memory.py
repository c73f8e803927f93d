"""Read the peak memory of this process."""

from pathlib import Path


def peak_bytes() -> int:
    """Return the peak since this program started.

    Linux's `getrusage` would include the memory of the program that ran in this process before.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [kibibytes] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kibibytes) * 1024
