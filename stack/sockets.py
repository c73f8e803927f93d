"""Find free ports, and the sockets on which a group of processes listens. Read /proc, so that no tool is needed."""

import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LOOPBACK = "127.0.0.1"
_LISTEN = "0A"
# Linux and macOS give higher ports to connections, at any time: also between our test of a port and the caller's bind.
_PORTS = range(10_000, 32_768)
# The states of ended processes: zombie, dead.
_ENDED = "ZX"


class Listener(NamedTuple):
    """The address and port of a TCP socket that waits for connections."""

    address: str
    port: int


def free_port() -> int:
    """Return a loopback port that is free now. Another process may take it before the caller binds it."""
    # A random choice of the system: with a seed that a test sets, several processes would choose the same port.
    return next(port for port in random.SystemRandom().sample(_PORTS, 100) if not is_taken(port))


def is_taken(port: int) -> bool:
    """Return whether something answers on the port, or the port cannot be bound."""
    with socket.socket() as probe:
        if probe.connect_ex((LOOPBACK, port)) == 0:
            return True
    with socket.socket() as probe:
        # As servers do. Without it, a port with ended connections of an earlier server would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def group_members(group: int) -> list[int]:
    """Return the ids of the running processes of a process group."""
    return [pid for pid, its_group, state in _processes() if its_group == group and state not in _ENDED]


def group_listeners(group: int) -> set[Listener]:
    """Return the TCP sockets on which a process of the group listens."""
    inodes: set[str] = set()
    for pid in group_members(group):
        inodes.update(_socket_inodes(pid))
    return {listener for inode, listener in _listening() if inode in inodes}


def _processes() -> Iterator[tuple[int, int, str]]:
    """Yield the id, the process group and the state of each process."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, after_command = entry.read_text().rpartition(")")  # The command is in brackets.
            # The state, the parent's id, the process group, and more.
            state, _, group, *_ = after_command.split()
        except OSError:  # the process has ended
            continue
        yield int(entry.parent.name), int(group), state


def _socket_inodes(pid: int) -> Iterator[str]:
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                yield target.removeprefix("socket:[").removesuffix("]")
    except OSError:  # the process has ended
        return


def _listening() -> Iterator[tuple[str, Listener]]:
    """Yield the inode, the address and the port of each TCP socket on this machine that listens."""
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        path = Path("/proc/net") / table
        if not path.exists():
            continue
        for line in path.read_text().splitlines()[1:]:
            fields = line.split()
            local, state, inode = fields[1], fields[3], fields[9]
            if state == _LISTEN:
                yield inode, _listener(local, family)


def _listener(local: str, family: socket.AddressFamily) -> Listener:
    """Return the address and port that /proc writes as `local`.

    The kernel writes an address as 32-bit words in the machine's byte order. We assume little-endian.
    """
    address, port = local.split(":")
    packed = b""
    for start in range(0, len(address), 8):
        word = bytes.fromhex(address[start : start + 8])
        packed += word[::-1]
    return Listener(socket.inet_ntop(family, packed), int(port, 16))
