"""Bytecode in the zip, made by the Python that will read it."""

import pickle
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from stack.console import Failure
from stack.target import Target

_COMPILER = Path(__file__).with_name("compiler.py")


def with_bytecode(sources: Iterable[tuple[str, bytes]], target: Target) -> Iterator[tuple[str, bytes]]:
    """The sources, and each module's .pyc where the target has an interpreter here."""
    everything = list(sources)
    yield from everything
    modules = [source for source in everything if source[0].endswith(".py")]
    if target.python:
        for (name, _), compiled in zip(modules, _compiled(modules, target.python), strict=True):
            yield _name(name, target.version), compiled


def _name(module: str, version: str) -> str:
    path = PurePosixPath(module)
    return str(path.parent / "__pycache__" / f"{path.stem}.cpython-{version.replace('.', '')}.pyc")


def _compiled(modules: list[tuple[str, bytes]], python: Path) -> list[bytes]:
    """All in one process. Nothing of this environment's packages reaches it, nor does it need any."""
    command = [str(python), "-I", "-S", "-W", "ignore", str(_COMPILER)]
    done = subprocess.run(command, input=pickle.dumps(modules, 4), capture_output=True, check=False)
    if done.returncode:
        raise Failure(f"{python} could not compile the modules:\n{done.stderr.decode().strip()}")
    compiled: list[bytes] = pickle.loads(done.stdout)
    return compiled
