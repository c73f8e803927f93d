"""The policies against the calls of every scene: nothing is missing, and no entry is without a call that needs it."""

import copy
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from app import app
from stack.referee.engine import Engine
from stack.referee.ledger import entries, unused
from stack.referee.model import Word
from stack.referee.policies import declared
from tests.faults.sites import sites_from
from tests.faults.test_every_handler import SCENES
from tests.referee.deciding import decision, policies
from tests.referee.evidence import Evidence, gathered
from tests.referee.replay import Replay
from tests.referee.witness import serving
from tests.served import Served

# One process gathers the evidence for all of them.
pytestmark = pytest.mark.xdist_group("referee")
NOTE = "chalicelib/staff/audit/store.py:keep_refusal"
# Looked up by its name: only the relay asks for letters again.
AGAIN = {"chalicelib/mail/counted.py:request_dropped", "chalicelib/mail/counted.py:transact"}
# What an email's feedback does, and who requests one.
RECORDED = {f"chalicelib/{name}.py:mark_undeliverable" for name in ("letters/deliveries", "mail/counted")}
REQUESTED = {"chalicelib/mail/deliveries.py:put"}
OF_DIGESTS = {"chalicelib/letters/digest_kind.py:put", "chalicelib/letters/gathered.py:find_digest"}
TEST_ADDRESS = "chalicelib/letters/target_state.py:keep_test_address"
# `sites_from` follows names: these are named in what a function runs, and not called by it.
NAMED_ONLY = {
    # These views never refuse an action after they have recorded it.
    "counts": {"chalicelib/staff/store.py:find", "chalicelib/staff/store.py:mark_used", NOTE},
    "manage": {"chalicelib/staff/store.py:mark_used", "chalicelib/mail/outbox.py:depth", *AGAIN, *OF_DIGESTS},
    "people": {"chalicelib/staff/store.py:find", "chalicelib/staff/store.py:mark_used", NOTE},
    "exports": {"chalicelib/staff/store.py:find", "chalicelib/staff/store.py:mark_used"},
    # A partner that finds a signature signs again without email, so an email is requested only after a race.
    "partners": {
        *("chalicelib/staff/store.py:find", "chalicelib/staff/store.py:mark_used"),
        *("chalicelib/signatures/mail_state.py:nudge_mail", "chalicelib/signatures/mail_state.py:request_mail"),
    },
    # No email of updates, and no letter, is urgent.
    "send_mail": {
        *RECORDED,
        *REQUESTED,
        *(f"chalicelib/letters/target_state.py:{name}" for name in ("target_state", "record_digests")),
        *("chalicelib/letters/pace.py:_has_room", *OF_DIGESTS),
        "chalicelib/mail/counted.py:transact",
        "chalicelib/mail/outstanding.py:advance",
        "chalicelib/mail/deliveries.py:mark_sent",
        "chalicelib/mail/deliveries.py:mark_undeliverable",
        "chalicelib/mail/deliveries.py:request",
        "chalicelib/mail/outstanding.py:mark",
        *("chalicelib/letters/deliveries.py:mark_refused", "chalicelib/letters/target_state.py:pause"),
        "chalicelib/mail/stop.py:is_stopped",
        "chalicelib/petitions/store.py:find_letter",
        "chalicelib/signatures/mail_state.py:mark_undeliverable",
        "chalicelib/signatures/store.py:find",
        "chalicelib/updates/store.py:find",
    },
    "send_other_mail": {
        *RECORDED,
        *REQUESTED,
        "chalicelib/letters/digest_kind.py:put",
        *("chalicelib/mail/deliveries.py:request", "chalicelib/mail/deliveries.py:mark_undeliverable"),
        *("chalicelib/mail/outstanding.py:mark", "chalicelib/signatures/mail_state.py:mark_undeliverable"),
    },
    # The partner's usual wording is stored already.
    "run_import": {
        "chalicelib/partners/store.py:keep_wording",
        *("chalicelib/signatures/mail_state.py:nudge_mail", "chalicelib/signatures/mail_state.py:request_mail"),
    },
    # The relay requests letters, and neither sends them nor records their outcome.
    "relay_mail": {
        *("chalicelib/mail/outbox.py:depth", TEST_ADDRESS, *OF_DIGESTS, "chalicelib/mail/state.py:_change"),
        *(f"chalicelib/mail/deliveries.py:{name}" for name in ("_consistently", "mark_sent", "mark_undeliverable")),
    },
    "send_letter_digests": {
        *(TEST_ADDRESS, "chalicelib/mail/outbox.py:depth", *AGAIN, *REQUESTED),
    },
    "run_update": {
        "chalicelib/mail/outbox.py:depth",
        *AGAIN,
        *OF_DIGESTS,
        TEST_ADDRESS,
        "chalicelib/petitions/store.py:list_all",
    },
    "project_signatures": {"chalicelib/projections/store.py:followed"},
    # A type of its arguments; only the sender claims.
    "sweep_mail": {"chalicelib/mail/state.py:claim", *AGAIN, *REQUESTED, *OF_DIGESTS, TEST_ADDRESS},
    # A late message for a signature with a requested email is ignored before this call.
    "store_overflow": {"chalicelib/signatures/mail_state.py:nudge_mail"},
}
# A presigned link is computed without a call.
LINKS = {"exports": {"chalicelib/exports/api.py:_link", "chalicelib/exports/subscribers/api.py:link_list"}}


@pytest.mark.parametrize("function", declared())
def test_a_role_allows_every_call_of_its_function(evidence: Evidence, engine: Engine, function: str) -> None:
    assert not refused_of(evidence, engine, function)


@pytest.mark.faults
def test_a_role_allows_every_call_after_any_fault(
    served: Served, surroundings: None, tmp_path: Path, engine: Engine
) -> None:
    found = gathered(served, tmp_path, every_fault=True)
    assert not [line for function in declared() for line in refused_of(found, engine, function)]


def refused_of(evidence: Evidence, engine: Engine, function: str) -> list[str]:
    return [
        f"{function}, {site}: {question}"
        for question, site in evidence.asked[function].values()
        if not decision(engine, function, question).allowed
    ]


@pytest.mark.parametrize("function", declared())
def test_every_entry_of_a_policy_is_used(evidence: Evidence, engine: Engine, function: str) -> None:
    used = {word for question in evidence.questions(function) for word in decision(engine, function, question).words}
    assert unused({function: policies()[function]}, {(function, word) for word in used}) == []


def test_every_call_that_a_function_can_make_is_made_here(evidence: Evidence) -> None:
    """A new call fails this until there is a scene in which it happens."""
    differing = {}
    for function, handlers in handlers_of().items():
        reached = sites_from(handlers) - NAMED_ONLY.get(function, set())
        differing[function] = reached ^ (evidence.sites[function] - LINKS.get(function, set()))
    assert "\n".join(sorted(f"{name}: {site}" for name, sites in differing.items() for site in sites)) == ""


def test_a_call_that_cannot_be_replayed_fails_although_its_handler_catches_all(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_its_table(*_: object) -> None:
        raise KeyError("deliveries")

    swept = [scene for scene in SCENES if scene.handler == "sweep_mail"]
    monkeypatch.setattr("tests.referee.evidence.SCENES", swept)
    monkeypatch.setattr("tests.referee.evidence._more", lambda _: None)
    monkeypatch.setattr(Replay, "play", without_its_table)
    with pytest.raises(KeyError, match="deliveries"):
        gathered(served, tmp_path)


def handlers_of() -> dict[str, list[tuple[str, str]]]:
    """Module and name of what each function runs."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, methods in app.routes.items():
        for method, entry in methods.items():
            found[serving(method, path)].append((app.handler_map[entry.view_name].__module__, entry.view_name))
    for name in declared():
        func = getattr(app.handler_map.get(name), "func", None)
        if isinstance(func, FunctionType):
            found[name].append((func.__module__, name))
    return found


@pytest.mark.parametrize("function", declared())
def test_removing_any_entry_of_a_policy_refuses_a_call(evidence: Evidence, engine: Engine, function: str) -> None:
    decided = [(question, decision(engine, function, question)) for question in evidence.questions(function)]
    for _, word in entries({function: policies()[function]}):
        less = without(policies()[function], word)
        needing = [question for question, answer in decided if word in answer.words]
        assert any(not decision(engine, function, question, less).allowed for question in needing), word


@pytest.mark.parametrize("function", declared())
def test_removing_any_statement_of_a_policy_refuses_a_call(evidence: Evidence, engine: Engine, function: str) -> None:
    for statement in policies()[function]["Statement"]:
        less = {**policies()[function]}
        less["Statement"] = [each for each in less["Statement"] if each is not statement] or [NOTHING]
        asked = evidence.questions(function)
        assert any(not decision(engine, function, each, less).allowed for each in asked), statement["Sid"]


NOTHING = {"Sid": "Nothing", "Effect": "Deny", "Action": "sts:GetCallerIdentity", "Resource": "*"}


def without(policy: Any, word: Word) -> Any:
    """The policy without one entry; without the statement, if it was the only one of its kind."""
    less = copy.deepcopy(policy)
    [statement] = [each for each in less["Statement"] if each["Sid"] == word.statement]
    holders = [statement] if word.kind in ("Action", "Resource") else statement["Condition"].values()
    for holder in [each for each in holders if word.kind in each]:
        values = holder[word.kind]
        left = [each for each in values if each != word.value] if isinstance(values, list) else []
        if left:
            holder[word.kind] = left
        else:
            less["Statement"] = [each for each in less["Statement"] if each is not statement] or [NOTHING]
    return less


def test_an_entry_is_removed_alone_or_with_its_statement() -> None:
    statement = {
        "Sid": "S",
        "Effect": "Allow",
        "Action": ["a:B", "a:C"],
        "Resource": "r",
        "Condition": {"Op": {"k": ["1", "2"]}},
    }
    policy = {"Statement": [statement, {"Sid": "T", "Action": "a:D", "Resource": "r"}]}
    assert without(policy, Word("S", "Action", "a:B"))["Statement"][0]["Action"] == ["a:C"]
    assert without(policy, Word("S", "k", "2"))["Statement"][0]["Condition"] == {"Op": {"k": ["1"]}}
    assert [each["Sid"] for each in without(policy, Word("S", "Resource", "r"))["Statement"]] == ["T"]
    assert list(_sids(without({"Statement": [statement]}, Word("S", "Resource", "r")))) == ["Nothing"]


def _sids(policy: Any) -> Iterator[str]:
    return (each["Sid"] for each in policy["Statement"])
