"""A script that compiles modules with the Python that runs the script. `bytecode.py` starts the script.

Standard input: a pickled list of (name, source). Standard output: a pickled list with the content of each module's
.pyc file. The script imports only the standard library: perhaps the packages of this project are not installed for
the Python that runs the script.
"""

import importlib.util
import marshal
import pickle
import sys

_UNCHECKED_HASH = 0b01


def _compiled(name: str, content: bytes) -> bytes:
    """Return the content of a .pyc with an unchecked hash (PEP 552).

    A usual .pyc contains its source file's time. Unpacking the zip changes this time, so Python would ignore the .pyc.
    """
    code = compile(content, name, "exec", dont_inherit=True)
    flags = _UNCHECKED_HASH.to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(content) + marshal.dumps(code)


if __name__ == "__main__":
    modules: list[tuple[str, bytes]] = pickle.load(sys.stdin.buffer)
    pickle.dump([_compiled(name, content) for name, content in modules], sys.stdout.buffer)
