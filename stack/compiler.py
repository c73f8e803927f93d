"""Compile modules with the Python that runs this file; `bytecode.py` starts it. It imports nothing of this project.

Input: a pickled list of (name, source). Output: a pickled list of the contents of their .pyc files.
"""

import importlib.util
import marshal
import pickle
import sys

_UNCHECKED_HASH = 0b01


def _compiled(name: str, content: bytes) -> bytes:
    """Return a .pyc with an unchecked hash (PEP 552). Unpacking changes file times, so a timed .pyc is ignored."""
    code = compile(content, name, "exec", dont_inherit=True)
    flags = _UNCHECKED_HASH.to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(content) + marshal.dumps(code)


if __name__ == "__main__":
    modules: list[tuple[str, bytes]] = pickle.load(sys.stdin.buffer)
    pickle.dump([_compiled(name, content) for name, content in modules], sys.stdout.buffer, 4)
