"""Run the emulator of AWS (ministack) as a child process on loopback. Stop it with every process that it started."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from stack.console import Failure
from stack.paths import REGION, emulator_python
from stack.scratch import new_folder
from stack.sockets import LOOPBACK, Listener, free_port, group_listeners, group_members, is_taken

_WARDEN = Path(__file__).with_name("warden.py")
_READY_SECONDS = 30.0
_STOP_SECONDS = 15.0  # How long the emulator may take to save its data.
FUNCTIONS = 12  # How many functions run at once, at most.
JOB_DELAY = 20  # Seconds from the request of a job (chalicelib.jobs) until the job begins.
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class Emulator:
    """A running emulator. `home`: a scratch folder, which is removed when the emulator stops."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    keeps_state: bool

    @property
    def endpoint(self) -> str:
        """Return the emulator's URL, which all its services share."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        """Return the path of the log of the emulator and of the functions that it runs."""
        return self.home / "emulator.log"

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def listeners(self) -> set[Listener]:
        """Return every TCP socket that the emulator and its Lambda workers listen on."""
        return group_listeners(self.process.pid)


def client_environment(endpoint: str) -> dict[str, str]:
    """Return environment variables with which a subprocess's AWS clients use only the emulator, never AWS."""
    region = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    guards = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    return {"AWS_ENDPOINT_URL": endpoint, **region, **guards, **_CREDENTIALS}


def set_faults(endpoint: str, rates: Mapping[str, float]) -> dict[str, int]:
    """Inject faults into the functions' calls of AWS. `rates`: the share of calls that get each fault, by its name.

    Return how often each fault was injected until now. `stack.strict.faults` has the names. Raise HTTPError for an
    unknown name.
    """
    request = urllib.request.Request(f"{endpoint}/_petitions/faults", json.dumps(rates).encode(), method="PUT")
    with urllib.request.urlopen(request, timeout=30) as answer:
        injected: dict[str, int] = json.load(answer)["met"]  # How many calls met each fault.
    return injected


@contextmanager
def emulator(
    port: int = 0,
    state: Path | None = None,
    functions: int = FUNCTIONS,
    job_delay: int = JOB_DELAY,
    *,
    is_plain: bool = False,
) -> Iterator[Emulator]:
    """Run an emulator until the block ends. The arguments are those of `start`. Port 0 means a free port."""
    running = start(port, state, functions, job_delay, is_plain=is_plain)
    try:
        yield running
    finally:
        stop(running)


def start(
    port: int = 0,
    state: Path | None = None,
    functions: int = FUNCTIONS,
    job_delay: int = JOB_DELAY,
    *,
    is_plain: bool = False,
) -> Emulator:
    """Start an emulator and wait until it is ready. The emulator refuses calls that a function's role does not allow.

    `is_plain`: nothing of the emulator is replaced (stack/strict), so it refuses no function.
    `state`: the folder that keeps the data between runs. `functions`: how many functions run at once, at most.
    `job_delay`: seconds until a requested job begins.
    """
    if not emulator_python().exists():
        raise Failure("the emulator is not installed: run it through make, e.g. `make run`")
    if port and is_taken(port):
        raise Failure(f"port {port} is taken; choose another")
    limits = {"LAMBDA_ACCOUNT_CONCURRENCY": str(functions), "EMULATOR_JOB_DELAY": str(job_delay)}
    running = _spawn(port or free_port(), state, {**limits, **({"EMULATOR_IS_PLAIN": "1"} if is_plain else {})})
    try:
        _wait_ready(running)
    except BaseException:
        stop(running)
        raise
    return running


def stop(running: Emulator) -> None:
    """If the emulator keeps its data, let it save the data. Then end it and every process that it started."""
    if running.keeps_state:
        running.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            running.process.wait(_STOP_SECONDS)
    _end_group(running.process.pid)
    running.process.wait()
    if running.process.stdin:
        running.process.stdin.close()
    shutil.rmtree(running.home, ignore_errors=True)


def _spawn(port: int, state: Path | None, limits: Mapping[str, str]) -> Emulator:
    """Start warden.py, which runs the emulator, in a process group of its own, which `stop` ends."""
    home, lock = new_folder()
    with (home / "emulator.log").open("wb") as log, lock:
        process = subprocess.Popen(
            [str(emulator_python()), "-P", str(_WARDEN)],
            env={**_environment(port, home, state), **limits},
            cwd=home,
            stdin=subprocess.PIPE,  # When this pipe closes, warden.py stops the emulator.
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock.fileno(),),  # The lock lasts until the process ends (scratch.py).
        )
    return Emulator(process, port, home, keeps_state=state is not None)


def _environment(port: int, home: Path, state: Path | None) -> dict[str, str]:
    """Return the environment variables that the emulator needs, and no others: every function inherits them."""
    listening = {"BIND_HOST": LOOPBACK, "MINISTACK_HOST": LOOPBACK, "GATEWAY_PORT": str(port)}
    quiet = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "LOG_LEVEL": "INFO"}
    region = {"MINISTACK_REGION": REGION}
    here = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "TMPDIR": str(home)}
    # The judge decides, as AWS's IAM does, which calls a function's role allows (stack/judge).
    judge = {name: os.environ[name] for name in ("JUDGE_HOME",) if name in os.environ}
    return {**here, **listening, **quiet, **region, **judge, **_persistence(state)}


def _persistence(state: Path | None) -> dict[str, str]:
    """Return the variables with which the emulator keeps its state. Create the folder for the buckets' objects."""
    if state is None:
        return {}
    buckets = state / "buckets"
    buckets.mkdir(parents=True, exist_ok=True)
    s3 = {"S3_PERSIST": "1", "S3_DATA_DIR": str(buckets)}
    return {"PERSIST_STATE": "1", "STATE_DIR": str(state), **s3}


def _wait_ready(running: Emulator) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if not running.is_alive():
            raise Failure(f"the emulator did not start: {_last_line(running.log)}")
        if _is_answering(running.port) and _listens_on_port(running):
            return
        time.sleep(0.05)
    raise Failure(f"the emulator was not ready after {_READY_SECONDS:.0f} s")


def _is_answering(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/_ministack/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _listens_on_port(running: Emulator) -> bool:
    """Return whether the emulator listens on its port. If not, perhaps another process took the port first."""
    if not Path("/proc/net/tcp").exists():  # Not Linux, so nothing can list the listeners.
        return running.is_alive()
    return any(listener.port == running.port for listener in running.listeners())


def _end_group(group: int) -> None:
    """Kill the processes of the group. Wait until they have ended, but at most 5 seconds."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + 5
    while group_members(group) and time.monotonic() < deadline:
        time.sleep(0.02)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "its log is empty, so perhaps its port was taken"
