"""Run our handler ("ours") and the tutorial's ("theirs") in one process, without Lambda, with the emulator as AWS."""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from statistics import mean, median
from typing import Any
from unittest import mock

import boto3
from chalice.local import LocalChalice

from benchmarks import records, scene
from benchmarks.metered import MeteredApp
from benchmarks.records import CONTEXT
from benchmarks.tutorial.faults import SdkFaults
from benchmarks.worker import print_figures

NAMES = ("ours", "theirs")
WARM_UP, MEASURED = 20, 200
# The fault happens to every fourth person.
PEOPLE, FAULT_EVERY = 40, 4
THREADS, ROUND, ROUNDS = 32, 320, 3
# The waves in which all threads sign with one address, after one in which each has its own.
WAVES_TOGETHER = 8
_TABLES = {
    "TUTORIAL_SIGNATURES_TABLE": {"petition": "HASH", "email": "RANGE"},
    "TUTORIAL_COUNTERS_TABLE": {"petition": "HASH"},
}


Figures = dict[str, Any]
Act = Callable[[str], object]


class Sides:
    """Both applications, with which the same people sign."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.ours = MeteredApp(endpoint)
        self.faults = SdkFaults(boto3.DEFAULT_SESSION.events)  # type: ignore[union-attr]
        self.slug = self.ours.petition.slug
        records.create_queue_and_sender()
        boto3.client("sqs").create_queue(QueueName="overflow")
        client: Any = boto3.client("dynamodb")
        for table, key in _TABLES.items():
            os.environ[table] = table
            client.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in key],
                KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in key.items()],
            )
        from benchmarks.tutorial import application  # Late: it needs settings and faults when it is imported.

        self._apps: dict[str, Any] = {"ours": self.ours.app, "theirs": application.app}
        for each in self._apps.values():  # With one current request for each thread, as `chalice local` has it.
            each.__class__ = type("Threaded", (LocalChalice, type(each)), {})

    def sign(self, name: str, person: str) -> int:
        """Sign the petition in the application `name`. Return the status: 500 after an exception."""
        return int(self._apps[name](scene.sign_event(self.slug, person), None)["statusCode"])

    def count(self, name: str) -> int:
        with self.ours.stale_snapshots():
            return int(json.loads(self._apps[name](scene.count_event(self.slug), None)["body"])["count"])

    def at_once(self, act: Act, people: Sequence[str]) -> float:
        """Let people act in THREADS threads. Return how many acted a second."""
        started = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            results = list(pool.map(act, people))
        if any(isinstance(status, int) and status >= 300 for status in results):
            raise RuntimeError(f"some were answered {set(results)}")
        return len(people) / (time.perf_counter() - started)


def measure(endpoint: str) -> Figures:
    sides = Sides(endpoint)
    return {
        **measure_costs(sides),
        "requests_per_second": rates(sides),
        "count_error_race": count_error(sides, "race", race),
        "count_error_retries": count_error(sides, "retries", retry),
        "mails_lost": mails_lost(sides),
    }


def measure_costs(sides: Sides) -> Figures:
    """Return means of calls and units, and the median of CPU times. Both sides alternate in one warm process."""
    calls: dict[str, list[Figures]] = {name: [] for name in NAMES}
    for number in range(WARM_UP + MEASURED):
        for name in NAMES:
            with sides.ours.meter_block() as usage:
                start = time.process_time()
                status = sides.sign(name, f"supporter-{number}")
                cpu = time.process_time() - start
            if status != 202:
                raise RuntimeError(f"{name} answered {status}")
            calls[name].append({**usage.as_figures(), "cpu_ms": cpu * 1000})

    def figure(of: Callable[[list[float]], float], key: str) -> dict[str, float]:
        return {name: round(of([call[key] for call in calls[name][WARM_UP:]]), 2) for name in NAMES}

    costs = {"aws_calls": figure(mean, "calls"), "write_units": figure(mean, "write_units")}
    return {**costs, "handler_cpu_ms": figure(median, "cpu_ms")}


def rates(sides: Sides) -> dict[str, float]:
    """Return the median of ROUNDS rounds, which alternate: requests a second of THREADS threads."""
    rounds: dict[str, list[float]] = {name: [] for name in NAMES}
    for number in range(ROUNDS):
        for name in NAMES:
            people = [f"round-{number}-{person}" for person in range(ROUND)]
            rounds[name].append(sides.at_once(partial(sides.sign, name), people))
    return {name: round(median(rounds[name]), 1) for name in NAMES}


def count_error(sides: Sides, prefix: str, act: Callable[[str, Act, Sides], set[str]]) -> dict[str, int]:
    """Return the count minus the number of people who signed. Ours has only confirmed signatures, so they confirm."""
    from chalicelib.signatures.worker import store_overflow

    before = {name: sides.count(name) for name in NAMES}
    for name in NAMES:
        people = act(prefix, partial(sides.sign, name), sides)
    drain("OVERFLOW_QUEUE_URL", store_overflow)
    act(prefix, sides.ours.confirm, sides)
    return {name: sides.count(name) - before[name] - len(people) for name in NAMES}


def race(prefix: str, act: Act, sides: Sides) -> set[str]:
    """All threads act at once: each with its own address, then several times with one. Return the people."""
    waves = [[f"{prefix}-{number}" for number in range(THREADS)]]
    waves += [[f"{prefix}-together-{wave}"] * THREADS for wave in range(WAVES_TOGETHER)]
    for wave in waves:
        sides.at_once(act, wave)
    return {person for wave in waves for person in wave}


def retry(prefix: str, act: Act, sides: Sides) -> set[str]:
    """Every fourth person's writes succeed, but the responses are lost: the SDK tries again, and the person too."""
    people = dict(people_and_faults(prefix))
    for person, has_fault in people.items():
        with sides.faults.losing_answers() if has_fault else nullcontext():
            act(person)
        if has_fault:
            act(person)
    return {*people}


def mails_lost(sides: Sides) -> dict[str, int]:
    """Return how many people get no email. SES refuses emails only for a time, and people try again after an error."""
    from chalicelib.delivery.worker import relay_mail, send_mail

    for person, has_fault in people_and_faults("mails"):
        with sides.faults.refusing_mail() if has_fault else nullcontext(), mock.patch("time.sleep"):
            statuses = {name: sides.sign(name, person) for name in NAMES}
            # Pass the signature's stream record to the relay, as Lambda would.
            relay_mail({"Records": [records.insert_record(sides.slug, sides.ours.id_of(person), 0)]}, CONTEXT)
            # Receive only once: while SES refuses, a message fails each time.
            drain("MAIL_QUEUE_URL", send_mail, receives=1)
        for name in NAMES:
            if statuses[name] != 202:
                sides.sign(name, person)
    drain("MAIL_QUEUE_URL", send_mail)
    signers = {f"{person}@example.org" for person, _ in people_and_faults("mails")}
    recipients: dict[str, set[str]] = {name: set() for name in NAMES}
    for mail in records.sent_emails(sides.endpoint):
        recipients["theirs" if mail["Subject"].startswith("You signed") else "ours"].update(mail["To"])
    return {name: len(signers - recipients[name]) for name in NAMES}


def people_and_faults(prefix: str) -> Iterator[tuple[str, bool]]:
    """Yield people, and whether the fault happens to them."""
    yield from ((f"{prefix}-{number}", number % FAULT_EVERY == 0) for number in range(PEOPLE))


def drain(variable: str, handle: Callable[[Figures, Any], Figures], receives: int = 1000) -> None:
    """Do what Lambda's poller does, in at most `receives` batches. Failed messages can be received again at once."""
    sqs: Any = boto3.client("sqs")
    url = os.environ[variable]
    for _ in range(receives):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
        if not (found := answer.get("Messages", [])):
            return
        # As Lambda passes them: names begin with small letters.
        messages = [{f"{name[0].lower()}{name[1:]}": value for name, value in each.items()} for each in found]
        answer = handle({"Records": [{"eventSource": "aws:sqs", **each} for each in messages]}, CONTEXT)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for each in found:
            receipt = {"QueueUrl": url, "ReceiptHandle": each["ReceiptHandle"]}
            if each["MessageId"] in failed:
                sqs.change_message_visibility(**receipt, VisibilityTimeout=0)
            else:
                sqs.delete_message(**receipt)


if __name__ == "__main__":
    print_figures(measure)
