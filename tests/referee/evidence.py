"""Every IAM question that the handlers' calls raise, by the function whose role must allow it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.core.errors import MailRefused, SendingStopped, Throttled
from chalicelib.exports import worker
from chalicelib.jobs.request import cancel
from chalicelib.petitions import find
from chalicelib.shedding.level import Level, forget_level, set_level
from stack.referee.model import Question
from stack.referee.policies import HERE, declared_policies, resolver
from stack.referee.questions import questions
from stack.template.functions import logical_id
from stack.template.merge import merge_template
from tests.actors import NOW, item_of, json_of
from tests.faults import test_signing
from tests.faults.export_scenes import a_requested_export
from tests.faults.import_scenes import an_import_that_waits, run_job
from tests.faults.injection import Fault
from tests.faults.mail_scenes import requests
from tests.faults.partner_scenes import BATCH, oak_has_a_token, send
from tests.faults.scenes import KEY, PETITION, Scene, alice_pending, nothing
from tests.faults.test_every_handler import SCENES, calls_to_fail, play, prepare
from tests.located import give_table
from tests.referee.implied import implied_questions
from tests.referee.replay import Replay, environment
from tests.referee.shapes import shape
from tests.referee.witness import RecordedCall, recording
from tests.served import Served, schedule_event, sqs_event, stream_event

# A denied or lost call, or a killed process, leads to no other call than these.
FAULTS = (Fault.THROTTLED, Fault.LOST_AFTER)
REFUSALS = (SendingStopped("mail"), Throttled("mail"), MailRefused())


@dataclass
class Evidence:
    """`asked`: by function, each question with the place in the code that raises it. `sites`: all such places."""

    asked: dict[str, dict[str, tuple[Question, str]]] = field(default_factory=dict)
    sites: dict[str, set[str]] = field(default_factory=dict)

    def add(self, function: str, site: str, question: Question) -> None:
        self.asked.setdefault(function, {}).setdefault(repr(question), (question, site))

    def questions(self, function: str) -> list[Question]:
        return [question for question, _ in self.asked[function].values()]


class Collector:
    """Turns recorded calls into questions. Calls of one shape raise the same questions, so one of them is enough."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.evidence = Evidence()
        self._served = served
        self._replay = Replay(environment(resolver(), merge_template()), folder)
        self._seen: set[str] = set()
        self.failures: list[Exception] = []

    def record(self, call: RecordedCall) -> None:
        """Add the call. Keep an exception, because the handler that makes the call may catch it."""
        try:
            self._record(call)
        except Exception as failure:
            self.failures.append(failure)

    def _record(self, call: RecordedCall) -> None:
        self.evidence.sites.setdefault(call.function, set()).add(call.site)
        shape_of_call = f"{call.function} {id(call.target)} {call.method} {shape((call.arguments, call.named))}"
        if shape_of_call in self._seen:
            return
        self._seen.add(shape_of_call)
        for aws_call in self._replay.play(call, self._served):
            for question in questions(aws_call, HERE):
                self.evidence.add(call.function, call.site, question)


def gather(served: Served, folder: Path, every_fault: bool = False) -> Evidence:
    """Gather evidence from every scene, and from what Lambda does with each role. `every_fault`: with each fault."""
    collector = Collector(served, folder)
    with recording(collector.record):
        for scene in SCENES:
            sites = play(served, scene, {}).sites
            for at, fault in product(calls_to_fail(sites), FAULTS) if every_fault else ():
                play(served, scene, {at: fault})
        _play_more(served)
    if collector.failures:
        raise collector.failures[0]
    _add_implied(collector.evidence, merge_template())
    return collector.evidence


def _play_more(served: Served) -> None:
    """Play what the scenes lack: email that SES refuses, signing again, exports that end early."""
    for refusal, function in product(REFUSALS, ("send_mail", "send_other_mail")):
        prepare(served, Scene(function, alice_pending, lambda _: True, nothing))
        served.mailer.failures.append(refusal)
        served.deliver(function, requests(served))
    for before, level in product(test_signing.BEFORE, (Level.NORMAL, Level.ACCEPT_ONLY)):
        test_signing.prepare(served, before)
        set_level(level, served.tables)
        forget_level()
        served.post_json(test_signing.API, json_of())
        find._petition_cache.clear()  # The process knows that the petition exists, and has not read it.
        served.post_json(test_signing.API, json_of())
        served.deliver("store_overflow", served.overflow.messages)
        _relay_project_and_sweep(served)
    prepare(served, Scene("take_signatures", oak_has_a_token, lambda _: True, nothing))
    # For an unknown petition, the process reads the list of petitions.
    send(BATCH, served, "/api/partner/petitions/nobody/signatures", 404)
    set_level(Level.ACCEPT_ONLY, served.tables)
    forget_level()
    send(BATCH, served)
    forget_level()
    prepare(served, Scene("run_import", an_import_that_waits, lambda _: True, nothing))
    set_level(Level.ACCEPT_ONLY, served.tables)
    forget_level()
    run_job(served)
    set_level(Level.NORMAL, served.tables)
    forget_level()
    prepare(served, Scene("run_export", a_requested_export, lambda _: True, nothing))
    no_time = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 1000)
    worker.run_export(sqs_event(served.exports.messages[-1:]), no_time)
    cancel(served.job, NOW, served.tables)  # type: ignore[attr-defined]
    worker.run_export(sqs_event(served.exports.messages[-1:]), no_time)


def _relay_project_and_sweep(served: Served) -> None:
    """Process Alice's signature from the stream and by the sweep, with a table of constituencies."""
    item = item_of(served.tables, PETITION, KEY.sk)
    with pytest.MonkeyPatch.context() as patch:
        give_table(patch)
        served.invoke("project_signatures", stream_event([("1", {**item, "state": "pending"}, item)]))
    served.invoke("relay_mail", stream_event([("1", None, item)]))
    for requested in (True, False):
        if not requested:
            served.tables.items[KEY].pop("mail_requested_at", None)
        served.clock.forward(timedelta(days=1))
        served.invoke("sweep_mail", schedule_event())


def _add_implied(evidence: Evidence, document: Mapping[str, Any]) -> None:
    for function in declared_policies():
        logical = logical_id(function)
        for question in implied_questions(logical, document["Resources"].get(logical, {}), resolver()):
            evidence.add(function, "Lambda itself", question)
