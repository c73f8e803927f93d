"""Compile the zip's modules to bytecode with the Python version that will run the modules."""

import pickle
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from stack.console import Failure
from stack.target import Target

_COMPILER = Path(__file__).with_name("compiler.py")


def with_bytecode(sources: Iterable[tuple[str, bytes]], target: Target) -> Iterator[tuple[str, bytes]]:
    """Yield each source's name and content. If the target's interpreter is installed, also yield each module's .pyc."""
    files = list(sources)
    yield from files
    modules = [(name, content) for name, content in files if name.endswith(".py")]
    if target.python:
        compiled = _compiled(modules, target.python)
        for (name, _), bytecode in zip(modules, compiled, strict=True):
            yield _bytecode_name(name, target.version), bytecode


def _bytecode_name(module: str, version: str) -> str:
    path = PurePosixPath(module)
    digits = version.replace(".", "")
    return str(path.parent / "__pycache__" / f"{path.stem}.cpython-{digits}.pyc")


def _compiled(modules: list[tuple[str, bytes]], python: Path) -> list[bytes]:
    """Compile all modules in one process of `python`, which does not import packages of this environment."""
    command = [str(python), "-I", "-S", "-W", "ignore", str(_COMPILER)]
    done = subprocess.run(command, input=pickle.dumps(modules), capture_output=True, check=False)
    if done.returncode:
        raise Failure(f"{python} could not compile the modules:\n{done.stderr.decode().strip()}")
    compiled: list[bytes] = pickle.loads(done.stdout)
    return compiled
