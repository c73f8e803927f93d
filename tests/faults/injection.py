"""Make any AWS call of a handler fail in any way.

A fault is an exception that botocore raises (tests/aws/test_wire_faults.py), translated as the called service does.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.aws import email, queue
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.failures import ErrorTranslator, translate_errors
from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Tables, storage_error
from chalicelib.core.errors import ConditionFailed
from tests.fake_mailer import FakeMailer
from tests.fake_site import FakeSite

ROOT = Path(__file__).parents[2]
CODE = ROOT / "chalicelib"
Target = Tables | Queue | queue.Source | Bucket | email.MailQuota | FakeMailer

# The AWS calls of each class. test_every_handler checks that the list is complete.
CALLS: dict[str, tuple[str, ...]] = {
    "Tables": (
        *("get", "batch_get", "query", "page", "count", "put", "put_new"),
        *("update", "update_and_read", "try_update", "transact", "check"),
    ),
    "Queue": ("send", "depth", "depth_without_delayed", "deliver_again_in", "check"),
    "Source": ("switch", "is_off"),
    "Mailer": ("send",),
    "MailQuota": ("daily", "suppresses"),
    "Bucket": ("put_file", "copy_to", "delete_under", "sizes_under"),
}
_TRANSLATORS: dict[str, tuple[str, ErrorTranslator | None]] = {
    "Tables": ("storage", storage_error),
    "Queue": ("queue", None),
    "Source": ("source", queue._source_error),
    "Mailer": ("mail", email._ses_error),
    "MailQuota": ("mail quota", email._quota_error),
    "Bucket": ("files", None),
}


class Fault(StrEnum):
    """A way to fail. A timeout and a reset connection are one way: test_wire_faults shows that both are Unavailable."""

    THROTTLED = "throttled"
    DENIED = "denied by a policy"
    LOST_BEFORE = "timed out or reset before it took effect"
    LOST_AFTER = "timed out or reset after it took effect"
    KILLED_BEFORE = "killed right before"
    KILLED_AFTER = "killed right after"


Faults = Mapping[int, Fault]
# The calls that change nothing.
READS = frozenset(
    {
        *("get", "batch_get", "query", "page", "count", "check", "depth", "depth_without_delayed", "is_off", "daily"),
        *("copy_to", "sizes_under"),
    }
)
# The faults of a write that differ in their effects. A refused call equals one lost before it took effect: both raise
# Unavailable, and only the sender of an email tells them apart (a test in test_every_handler). A process that is killed
# right before a call equals one that was killed right after the previous call.
WRITE_FAULTS = (Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.KILLED_AFTER)
# A read has no effect, so it does not matter when it is lost.
READ_FAULTS = (Fault.LOST_BEFORE,)
TAKES_EFFECT = frozenset({Fault.LOST_AFTER, Fault.KILLED_AFTER})
KILLS = frozenset({Fault.KILLED_BEFORE, Fault.KILLED_AFTER})


class Killed(BaseException):
    """The process was killed. No handler catches this."""


class Injection:
    """Numbers the calls in order, records their sites, and fails those in `faults`. `met`: the failed calls."""

    def __init__(self, faults: Faults) -> None:
        self.sites: list[str] = []
        self.reads: list[bool] = []
        self.met: list[tuple[str, Fault]] = []
        self._faults = faults

    def into(self, *targets: Target) -> None:
        """Make the calls of these objects fail."""
        for target in targets:
            kind = kind_of(target)
            for name in CALLS[kind]:
                call = getattr(type(target), name).__get__(target)
                setattr(target, name, self._failing(kind, call, is_read=name in READS))

    def faults_at(self, at: int) -> tuple[Fault, ...]:
        """Return the faults of this call that differ in their effects."""
        return READ_FAULTS if self.reads[at] else WRITE_FAULTS

    def _failing(self, kind: str, call: Callable[..., Any], *, is_read: bool) -> Callable[..., Any]:
        def faulty(*arguments: Any, **named: Any) -> Any:
            site = _site()
            has_no_messages = kind == "Queue" and bool(arguments) and not arguments[0]
            if not site or has_no_messages:
                return call(*arguments, **named)  # This is no AWS call of a handler. Without a site, a test calls.
            fault = self._faults.get(len(self.sites))
            self.sites.append(site)
            self.reads.append(is_read)
            if fault is None:
                return call(*arguments, **named)
            self.met.append((site, fault))
            return fail_call(fault, kind, lambda: call(*arguments, **named))

        return faulty


def after_any_two_faults(run: Callable[[Faults], Injection]) -> None:
    """Call `run` without a fault, with each fault, and with any two faults. `run` returns the calls that it made."""
    for first, fault in each_fault(run({})):
        for second, another in each_fault(run({first: fault}), first + 1):
            run({first: fault, second: another})


def each_fault(made: Injection, begin: int = 0) -> Iterator[tuple[int, Fault]]:
    """Yield each call from `begin` on with each of its faults."""
    for at in range(begin, len(made.sites)):
        for fault in made.faults_at(at):
            yield at, fault


def kind_of(target: Target) -> str:
    for kind in (Tables, Queue, queue.Source, Bucket, email.MailQuota):
        if isinstance(target, kind):
            return kind.__name__
    return "Mailer"


def targets(site: FakeSite) -> Sequence[Target]:
    """Return every fake of AWS that the application calls."""
    queues = (site.queue, site.other_queue, site.overflow, site.jobs, site.address_jobs)
    return (site.tables, site.bucket, *queues, site.source, site.other_source, site.mailer, site.quota)


def call_with_faults(fake_site: FakeSite, faults: Faults, act: Callable[[], Any]) -> tuple[Any, Injection]:
    """Run `act` with faults. Return its answer, None if it was killed, and the calls that it made."""
    injection = Injection(faults)
    injection.into(*targets(fake_site))
    answer = None
    with suppress(Killed):
        answer = act()
    restore(*targets(fake_site))
    return answer, injection


def restore(*targets: Target) -> None:
    """Remove the faults."""
    for target in targets:
        for name in CALLS[kind_of(target)]:
            vars(target).pop(name, None)


def fail_call(fault: Fault, kind: str, call: Callable[[], Any]) -> Any:
    if fault in TAKES_EFFECT:
        with suppress(ConditionFailed):  # The caller does not learn of a failed condition either.
            call()
    if fault in KILLS:
        raise Killed
    service, refusal = _TRANSLATORS[kind]
    with translate_errors(service, refusal):
        raise _error(fault)


def _error(fault: Fault) -> Exception:
    if fault is Fault.THROTTLED:
        return ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "Any")
    if fault is Fault.DENIED:
        return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "Not authorized"}}, "Any")
    return ReadTimeoutError(endpoint_url="https://aws.invalid")


def _site() -> str:
    """Return the calling function in chalicelib, outside of aws/, as `sites` names it; "" for a test."""
    frame: FrameType | None = sys._getframe(2)
    while frame:
        if site := _site_name(frame.f_code.co_filename, frame.f_code.co_qualname):
            return site
        frame = frame.f_back
    return ""


@cache
def _site_name(file: str, function: str) -> str:
    if not Path(file).is_relative_to(CODE) or Path(file).parent.name == "aws":
        return ""
    named = [part for part in function.split(".") if not part.startswith("<")]
    return f"{Path(file).relative_to(ROOT)}:{named[-1]}"
