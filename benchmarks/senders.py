"""Simulate how close the senders of email come to MAIL_PER_SECOND, and whether they exceed it.

The senders share only their queue, which is always full here. So each sender can run alone, on its own simulated clock.
The code is the product's, with tables in memory and a stub of SES. A call moves the clock by a random duration.
"""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from benchmarks import lambdas, results, scene
from chalicelib.mail.batch_sender import BatchSender
from chalicelib.mail.kind import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.rate_limit import EMAILS_PER_SENDER, RateLimiter, limit_rate, senders_for
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from stack.console import run_main, say
from tests.actors import (
    LIMIT_KEYS,
    NOW,
    SITE,
    TOKEN_KEYS,
    Person,
    a_published_petition,
    a_signing_context,
    request_of,
    sign_by_form,
)
from tests.fakes import FakeTables

RATE, SECONDS = 300, 60
# Durations are log-normal: one call in twelve takes more than twice the median.
SPREAD = 0.5
# Assumption: the seconds between two invocations, in which Lambda deletes the messages and receives others.
BETWEEN_INVOCATIONS = 0.030


class _SimulatedSender(FakeTables):
    """The process of a sender: its tables, which this class fakes, and its clock. `sent`: when SES got each email.

    Until `run`, calls to the tables take no time.
    """

    def __init__(self, number: int, per_second: float, cpu: float) -> None:
        super().__init__()
        self.random = Random(number)
        self.cpu = cpu
        self.is_running = False
        self.now = self.random.uniform(0, 1 / per_second)  # Senders do not start at the same moment.
        self.sent: list[float] = []
        self.limiter = RateLimiter(per_second, lambda: self.now, self.sleep)
        self.context = MailContext(SITE, TOKEN_KEYS, LIMIT_KEYS, limit_rate(self._deliver, self.limiter))

    def run(self, requests: Sequence[MailRequest]) -> None:
        self.is_running = True
        for first in range(0, len(requests), lambdas.QUEUE_BATCH):
            self._called("get")  # Each invocation first reads which share of the rate it may use.
            forget_petitions()  # The cache would expire by the real clock, which hardly moves.
            batch = BatchSender(SIGNATURE_KINDS, self.context, self, lambda: self.now, self.sleep)
            for request in requests[first : first + lambdas.QUEUE_BATCH]:
                batch.send(request, NOW + timedelta(seconds=self.now))
                self.now += self.cpu
            self.now += BETWEEN_INVOCATIONS

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def _called(self, name: str) -> None:
        super()._called(name)
        if self.is_running:
            self.now += self._duration(lambdas.CALL_SECONDS)

    def _deliver(self, _: object) -> str:
        self.sent.append(self.now)
        self.now += self._duration(lambdas.MAIL_SECONDS)
        return "sent"

    def _duration(self, mean: float) -> float:
        return mean * self.random.lognormvariate(-(SPREAD**2) / 2, SPREAD)


def simulate(rate: int, seconds: int, cpu: float) -> dict[str, Any]:
    """Return what all senders for this rate send in `seconds` seconds, after a first second in which they start.

    `cpu`: the CPU seconds for one email.
    """
    scene.skip_wait_after_signing()
    senders = senders_for(rate)
    sent: list[float] = []
    for number in range(senders):
        sent += _send_times(number, rate / senders, seconds, cpu)
    sent.sort()
    in_window = [time for time in sent if 1 <= time < seconds + 1]
    return {
        "mail_per_second": rate,
        "senders": senders,
        "seconds": seconds,
        "emails": len(in_window),
        "reached": round(len(in_window) / seconds / rate, 4),
        "most_in_a_second": _most_in_a_second(in_window),
    }


def cpu_seconds() -> float:
    """Return how long the CPU work for one email of a batch of ten takes on Lambda, as measured by `make cost`."""
    way = results.read()["way"]["send"]
    cpu = lambdas.interpolate(way, "cpu_us", lambdas.QUEUE_BATCH) / lambdas.QUEUE_BATCH
    return lambdas.seconds("send", cpu, calls=0)


def _send_times(number: int, per_second: float, seconds: int, cpu: float) -> list[float]:
    sender = _SimulatedSender(number, per_second, cpu)
    petition = a_published_petition(sender)
    # `simulate` leaves out the first second. One more second of emails makes the last second a full one.
    enough_emails = EMAILS_PER_SENDER * (seconds + 2)
    requests = [_request_of_new_signature(sender, petition, each) for each in range(enough_emails)]
    sender.run(requests)
    return sender.sent


def _request_of_new_signature(sender: _SimulatedSender, petition: Petition, number: int) -> MailRequest:
    """Sign from a network of its own, so that the limit for each network (first_emails.py) does not delay the email."""
    person = Person("Alice Achterberg", f"alice.{number}@mail.example")
    context = a_signing_context(sender)
    signature = sign_by_form(petition, NOW, context, person, network=f"network-{number}")
    return request_of(sender, petition, signature.signature_id)


def _most_in_a_second(times: Sequence[float]) -> int:
    most, window = 0, deque[float]()
    for time in times:
        window.append(time)
        # Keep the times of less than a second. Floats are not exact, so a nanosecond less also counts as a second.
        while window[0] <= time - 1 + 1e-9:
            window.popleft()
        most = max(most, len(window))
    return most


def main() -> None:
    figures = simulate(RATE, SECONDS, cpu_seconds())
    results.add({f"sender_{RATE}": figures})
    parts = [f"{name} {figure:,}" for name, figure in figures.items()]
    say(", ".join(parts))


if __name__ == "__main__":
    run_main(main)
