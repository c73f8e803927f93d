"""The whole application on fakes of AWS that keep what was ever stored, queued, sent, logged or answered."""

import io
import re
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from chalice.test import HTTPResponse

from chalicelib.aws.queue import Outgoing
from chalicelib.aws.table import Change, Item, NewItem
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.delivery.worker import receive_feedback, send_mail, send_other_mail
from chalicelib.edge.batch import BatchFailed, RunFailed
from chalicelib.edge.routes import all_routes
from chalicelib.runner.worker import run_address_job, run_job
from chalicelib.signatures.worker import store_overflow
from stack.template.merge import merge_template
from tests.fake_site import a_fake_site, context, sqs_event, stream_event
from tests.fakes import FakeBucket, FakeQueue
from tests.flows.canaries import Finding, Search
from tests.streaming import Streaming

# A place such as "counts UPDATES tests", and the canaries that stand there.
Places = Mapping[str, set[Finding]]
MINUTES = timedelta(minutes=2)
# SES's reports come through the last one.
WORKERS: Mapping[str, Callable[..., Any]] = {
    "overflow": store_overflow,
    "mail": send_mail,
    "other_mail": send_other_mail,
    "jobs": run_job,
    "address_jobs": run_address_job,
    "feedback": receive_feedback,
}


class WatchedTables(Streaming):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[Key, Item]] = []

    def put(self, key: Key, item: Mapping[str, Any]) -> None:
        super().put(key, item)
        self.written.append((key, self.items[key]))

    def _write(self, writes: Sequence[Change | NewItem]) -> None:
        super()._write(writes)
        self.written += [(write.key, self.items[write.key]) for write in writes]


class WatchedQueue(FakeQueue):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Mapping[str, Any]] = []
        self.dead_letters: list[Mapping[str, Any]] = []

    def send(self, messages: Sequence[Outgoing]) -> None:
        super().send(messages)
        self.sent += [message.body for message in messages]


class WatchedBucket(FakeBucket):
    def __init__(self) -> None:
        super().__init__()
        self.stored: list[tuple[str, bytes]] = []

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        super().put_file(key, path, content_type)
        self.stored.append((key, self.objects[key]))


class WatchedSite:
    """`errors`: what Lambda prints about failed invocations. `answers`: each route, and its answer."""

    def __init__(self, log: io.StringIO) -> None:
        self.tables, self.bucket, self.log = WatchedTables(), WatchedBucket(), log
        self.queues = {name: WatchedQueue() for name in WORKERS}
        self.site = a_fake_site(self.tables, [self.queues[name] for name in ("mail", "overflow", "other_mail")])
        self.site.jobs, self.site.address_jobs = self.queues["jobs"], self.queues["address_jobs"]
        self.site.bucket, self.tables.clock = self.bucket, self.site.clock
        self.errors: list[str] = []
        self.answers: list[tuple[str, HTTPResponse]] = []
        self._streamed = 0
        self._request = self.site.client.http.request
        vars(self.site.client.http)["request"] = self._watched_request

    def _watched_request(self, method: str, path: str, **more: Any) -> HTTPResponse:
        answer = self._request(method, path, **more)
        self.answers.append((f"{method} {route_of(method, path)}", answer))
        return answer

    def pass_time(self, time: timedelta, *tasks: str) -> None:
        """Let time pass, delete what DynamoDB deletes by then, and run schedules and everything that waits."""
        self.site.clock.forward(time)
        for key, item in [*self.tables.items.items()]:
            expires = item.get("expires_at")
            if not isinstance(expires, str | None) and expires <= self.site.clock().timestamp():
                self.tables.expire(key)
        for task in tasks:
            self.invoke("check_mail", {"task": task})
        self.settle()

    def expire_files(self) -> None:
        """Delete the files that the bucket's rules delete in the end."""
        bucket = merge_template()["Resources"]["ExportsBucket"]["Properties"]
        for rule in bucket["LifecycleConfiguration"]["Rules"]:
            if "ExpirationInDays" in rule:
                self.bucket.delete_under(rule["Prefix"])

    def settle(self, rounds: int = 6) -> None:
        """Run streams, queues and jobs. A message that fails twice becomes a dead letter."""
        for _ in range(rounds):
            records = self.tables.log[self._streamed :]
            event = stream_event(records, self.tables.times_by_sequence)
            if self.invoke("project_signatures", event) and self.invoke("relay_mail", event):
                self._streamed += len(records)
            for name, queue in self.queues.items():
                messages, queue.messages[:] = list(queue.messages), []
                for message in messages:
                    answers = (WORKERS[name](sqs_event([message]), context()) for _ in range(2))
                    if all(answer["batchItemFailures"] for answer in answers):
                        queue.dead_letters.append(message)
            self.site.clock.forward(MINUTES)

    def invoke(self, function: str, event: Mapping[str, Any]) -> bool:
        """Return whether it succeeded."""
        try:
            self.site.invoke(function, event)
        except (BatchFailed, RunFailed):
            self.errors.append(traceback.format_exc())
            return False
        return True

    def snapshot(self) -> list[Any]:
        """Return what is stored now, for `restore`."""
        queues = [(list(queue.messages), list(queue.dead_letters)) for queue in self.queues.values()]
        return [dict(self.tables.items), dict(self.bucket.objects), queues, self.site.clock()]

    def restore(self, snapshot: list[Any]) -> None:
        self.tables.items, self.bucket.objects, queues, self.site.clock.moment = snapshot
        for queue, (messages, dead_letters) in zip(self.queues.values(), queues, strict=True):
            queue.messages, queue.dead_letters = messages, dead_letters
        self._streamed = len(self.tables.log)

    def redrive(self) -> None:
        for queue in self.queues.values():
            queue.messages += queue.dead_letters
            queue.dead_letters.clear()

    def places_ever(self, search: Search) -> Places:
        """Return where canaries stand, or ever stood."""
        return found(search, [
            *_in_tables(self.tables.written),
            *((_folder(key), content) for key, content in self.bucket.stored),
            *((f"queue {name}", queue.sent) for name, queue in self.queues.items()),
            *self._dead_letters(),
            *((f"email {mail.tags['kind']}", vars(mail) | {"tags": {}}) for mail in self.site.mailer.mails),
            *(("tags of an email", mail.tags) for mail in self.site.mailer.mails),
            *((f"answer {route}", [dict(answer.headers), answer.body]) for route, answer in self.answers),
            *(("log", line) for line in self.log.getvalue().splitlines()),
            *(("error", error) for error in self.errors),
        ])  # fmt: skip

    def places_now(self, search: Search) -> Places:
        """Return where canaries are stored now. Logs, emails and answers stay as they were."""
        return found(search, [
            *_in_tables(self.tables.items.items()),
            *((_folder(key), content) for key, content in self.bucket.objects.items()),
            *((f"queue {name}", queue.messages) for name, queue in self.queues.items()),
            *self._dead_letters(),
        ])  # fmt: skip

    def _dead_letters(self) -> Iterator[tuple[str, object]]:
        for name, queue in self.queues.items():
            yield f"dead letters of {name}", queue.dead_letters


def found(search: Search, held: Iterable[tuple[str, object]]) -> Places:
    places: dict[str, set[Finding]] = defaultdict(set)
    seen: set[tuple[str, str]] = set()
    for place, value in held:
        if (place, repr(value)) not in seen:
            seen.add((place, repr(value)))
            if findings := search.find(value):
                places[place] |= findings
    return places


def route_of(method: str, path: str) -> str:
    """Return the route's path, with the names of its parameters."""
    plain = path.partition("?")[0]
    for route in all_routes().values():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path))
        if route.method == method and re.fullmatch(pattern, plain):
            return route.path
    return "unknown"


def _in_tables(items: Iterable[tuple[Key, Item]]) -> Iterator[tuple[str, object]]:
    for key, item in items:
        for name, value in item.items():
            yield f"{_partition(key)} {name.partition('.')[0]}", value


def _partition(key: Key) -> str:
    """Return the table and the kind of item, such as "counts JOB#export"."""
    first, _, rest = key.pk.partition("#")
    if key.table in (keys.SIGNATURES, keys.AUDIT):
        return key.table
    return f"{key.table} {first}#{rest.partition('#')[0]}" if first == "JOB" else f"{key.table} {first}"


def _folder(key: str) -> str:
    parts = key.split("/")
    return f"bucket {parts[0]}/…/{parts[-1]}" if parts[0] == "imports" else f"bucket {parts[0]}/{parts[1]}"
