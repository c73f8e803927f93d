"""Read the peak memory of this process."""

from pathlib import Path


def peak_bytes() -> int:
    """Return the peak since this program started.

    Linux's `getrusage` would include the memory of the program that ran in this process before.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (peak,) = [line for line in lines if line.startswith("VmHWM:")]
    kibibytes = int(peak.split()[1])  # The line is like "VmHWM:   81234 kB".
    return kibibytes * 1024
