"""Every IAM question that the handlers' calls raise, by the function whose role must allow it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.core.errors import MailRefused, SendingStopped, Throttled
from chalicelib.jobs.request import cancel
from chalicelib.petitions import find
from chalicelib.petitions.preview import preview_link
from chalicelib.runner.worker import run_job
from chalicelib.shedding.level import Level, set_level
from stack.judge.model import Question
from stack.judge.questions import questions
from stack.judge.resolve import HERE, STACK, Resolver, resolver
from stack.template.functions import logical_id
from stack.template.merge import merge_template
from stack.template.rights import declared_policies
from tests.actors import NOW, TOKEN_KEYS, item_of, json_of
from tests.fake_site import FakeSite, context, sqs_event, stream_event
from tests.faults import test_signing
from tests.faults.injection import Fault
from tests.faults.job_scenes import run_import_job, with_a_requested_export, with_a_waiting_import
from tests.faults.mail_scenes import mail_messages
from tests.faults.partner_scenes import BATCH, send, with_oaks_token
from tests.faults.scenes import KEY, PETITION, Scene, nothing, with_alice_pending
from tests.faults.test_every_handler import SCENES, calls_to_fail, play, prepare
from tests.judge.replay import Replay, environment
from tests.judge.shapes import shape
from tests.judge.witness import RecordedCall, recording, settings_read
from tests.located import give_table

# Lambda itself makes these calls with a function's role: it polls sources, stores failed batches, and writes the log.
# Source: "Using Lambda with Amazon SQS" and "Using Lambda with Amazon DynamoDB" (execution role permissions), and
# the managed policy AWSLambdaBasicExecutionRole, without the creation of the log group, which the template creates.
_QUEUE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_STREAM_ACTIONS = ("DescribeStream", "GetRecords", "GetShardIterator")
_LOG_ACTIONS = ("CreateLogStream", "PutLogEvents")
# Any other fault leads to the same calls as one of these.
FAULTS = (Fault.THROTTLED, Fault.LOST_AFTER)
REFUSALS = (SendingStopped("mail"), Throttled("mail"), MailRefused())


@dataclass
class Evidence:
    """`by_function`: each question with the place in the code that raises it. `settings`: those that each reads."""

    by_function: dict[str, dict[str, tuple[Question, str]]] = field(default_factory=dict)
    settings: dict[str, set[str]] = field(default_factory=dict)

    def add(self, function: str, site: str, question: Question) -> None:
        known = self.by_function.setdefault(function, {})
        known.setdefault(repr(question), (question, site))

    def questions(self, function: str) -> list[Question]:
        return [question for question, _ in self.by_function[function].values()]


class Collector:
    """Turns recorded calls into questions. Calls of one shape raise the same questions, so one of them is enough."""

    def __init__(self, fake_site: FakeSite, folder: Path) -> None:
        self.evidence = Evidence()
        self._fake_site = fake_site
        self._replay = Replay(environment(resolver(), merge_template()), folder)
        self._seen: set[str] = set()
        self.failures: list[Exception] = []

    def record(self, call: RecordedCall) -> None:
        """Record the call. Keep an exception, because the handler that makes the call may catch it."""
        try:
            self._record(call)
        except Exception as failure:
            self.failures.append(failure)

    def _record(self, call: RecordedCall) -> None:
        shape_of_call = f"{call.function} {id(call.target)} {call.method} {shape((call.arguments, call.named))}"
        if shape_of_call in self._seen:
            return
        self._seen.add(shape_of_call)
        for aws_call in self._replay.play(call, self._fake_site):
            for question in questions(aws_call, HERE):
                self.evidence.add(call.function, call.site, question)


def gather(fake_site: FakeSite, folder: Path, every_fault: bool = False) -> Evidence:
    """Gather evidence from every scene, and from what Lambda does with each role. `every_fault`: with each fault."""
    collector = Collector(fake_site, folder)
    faults = FAULTS if every_fault else ()
    with recording(collector.record), settings_read(collector.evidence.settings):
        for scene in SCENES:
            sites = play(fake_site, scene, {}).sites
            for at, fault in product(calls_to_fail(sites), faults):
                play(fake_site, scene, {at: fault})
        _play_more(fake_site)
    if collector.failures:
        raise collector.failures[0]
    _add_implied(collector.evidence, merge_template())
    return collector.evidence


def _play_more(fake_site: FakeSite) -> None:
    """Play what the scenes lack: a preview, failing messages, refused email, signing again, exports that end early."""
    for function in ("store_overflow", "run_job", "run_address_job"):
        fake_site.deliver(function, ["not readable"])
    for refusal, function in product(REFUSALS, ("send_mail", "send_other_mail")):
        prepare(fake_site, Scene(function, with_alice_pending, lambda _: True, nothing))
        fake_site.mailer.failures.append(refusal)
        fake_site.deliver(function, mail_messages(fake_site))
    assert fake_site.get(preview_link(PETITION, fake_site.clock(), TOKEN_KEYS).path).status_code == 200
    for before, level in product(test_signing.BEFORE, (Level.NORMAL, Level.ACCEPT_ONLY)):
        prepare(fake_site, Scene("sign_by_json", before, lambda _: True, nothing))
        set_level(level, fake_site.tables)
        forget_all()
        fake_site.post_json(test_signing.SIGN_URL, json_of())
        find._petition_cache.clear()  # The process knows that the petition exists and must read it again.
        fake_site.post_json(test_signing.SIGN_URL, json_of())
        fake_site.deliver("store_overflow", fake_site.overflow.messages)
        _relay_project_and_sweep(fake_site)
    prepare(fake_site, Scene("take_signatures", with_oaks_token, lambda _: True, nothing))
    # For an unknown petition, the process reads the list of petitions.
    send(BATCH, fake_site, "/api/partner/petitions/nobody/signatures", 404)
    set_level(Level.ACCEPT_ONLY, fake_site.tables)
    forget_all()
    send(BATCH, fake_site)
    forget_all()
    prepare(fake_site, Scene("run_address_job", with_a_waiting_import, lambda _: True, nothing))
    set_level(Level.ACCEPT_ONLY, fake_site.tables)
    forget_all()
    run_import_job(fake_site)
    set_level(Level.NORMAL, fake_site.tables)
    forget_all()
    prepare(fake_site, Scene("run_job", with_a_requested_export, lambda _: True, nothing))
    run_job(sqs_event(fake_site.jobs.messages[-1:]), context(seconds=1))
    cancel(fake_site.scene_state.export, NOW, fake_site.tables)
    run_job(sqs_event(fake_site.jobs.messages[-1:]), context(seconds=1))


def _relay_project_and_sweep(fake_site: FakeSite) -> None:
    """Process Alice's signature from the stream and by the sweep, with a table of constituencies."""
    item = item_of(fake_site.tables, PETITION, KEY.sk)
    with pytest.MonkeyPatch.context() as patch:
        give_table(patch)
        fake_site.invoke("project_signatures", stream_event([("1", {**item, "state": "pending"}, item)]))
    fake_site.invoke("relay_mail", stream_event([("1", None, item)]))
    for requested in (True, False):
        if not requested:
            fake_site.tables.items[KEY].pop("mail_requested_at", None)
        fake_site.clock.forward(timedelta(days=1))
        fake_site.invoke("check_mail", {"task": "sweep"})


def _add_implied(evidence: Evidence, document: Mapping[str, Any]) -> None:
    for function in declared_policies():
        logical = logical_id(function)
        for question in _implied_questions(logical, document["Resources"].get(logical, {}), resolver()):
            evidence.add(function, "Lambda itself", question)


def _implied_questions(logical: str, resource: Mapping[str, Any], resolver: Resolver) -> Iterator[Question]:
    """Yield what the role of a function must allow, given its resource in the template."""
    stream = f"log-group:/aws/lambda/{STACK}-{logical}-1A2B3C:log-stream:2026/11/25/[$LATEST]1"
    yield from (Question(f"logs:{action}", resolver.where.arn("logs", stream), {}) for action in _LOG_ACTIONS)
    for event in resource.get("Properties", {}).get("Events", {}).values():
        yield from _event_questions(resolver.value(event.get("Properties", {})))


def _event_questions(source: Mapping[str, Any]) -> Iterator[Question]:
    if "Queue" in source:
        yield from (Question(f"sqs:{action}", source["Queue"], {}) for action in _QUEUE_ACTIONS)
    if "Stream" in source:
        yield from (Question(f"dynamodb:{action}", source["Stream"], {}) for action in _STREAM_ACTIONS)
        # ListStreams has no resource type, so its resource is "*".
        yield Question("dynamodb:ListStreams", "*", {})
    failed = source.get("DestinationConfig", {}).get("OnFailure")
    if failed:
        yield Question("sqs:SendMessage", failed["Destination"], {})
