"""AWS works again and everything is delivered. Then each signature answered with 202 is stored, and all sums agree."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chalicelib.exports.model import ExportRequest, new_export
from chalicelib.exports.run import ExportContext
from chalicelib.jobs.request import start
from chalicelib.mail.signature_kinds import HIDDEN
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.projections.dimensions import Dimension
from chalicelib.projections.funnel import FunnelBy
from chalicelib.projections.recount import recount
from chalicelib.shedding.level import Level, set_level
from chalicelib.signatures.model import UNMAILED_LIFETIME, MailKind
from chalicelib.statements.freeze import MAX_REMOVED
from tests.exporting import run_stored_export
from tests.fakes import FakeQueue
from tests.faults.injection import Faults
from tests.flows.ledger import without_zeros
from tests.flows.world import NO_FAULTS, World

MOST_HOURS = 48


def deliver_everything(world: World, outage: str = "", faulty_step: str = "", faults: Faults = NO_FAULTS) -> None:
    """Deliver everything, with faults only in `faulty_step`. `outage`: the function that does not run, or "lost"."""

    def faults_at(step: str) -> Faults:
        return faults if step == faulty_step else NO_FAULTS

    _deliver(world, "store_overflow", 2, faults_at("store_overflow"))
    if outage != "relay_mail":
        for shard in (0, 1):
            world.read_stream("relay_mail", shard, 1000, faults=faults_at("relay_mail"))
    if outage == "lost":
        world.channels["send_mail"].expire()
    for function in ("send_mail", "send_other_mail"):
        if function != outage:
            _deliver(world, function, 2, faults_at(function))


def recover(world: World, promised: Mapping[str, datetime]) -> None:
    """Let hours pass until nothing waits: a pause ends after one hour, a sweep begins every six."""
    world.site.mailer.failures = []
    set_level(Level.NORMAL, world.tables)
    for _ in range(MOST_HOURS):
        _run_every_function(world)
        if _is_quiet(world):
            break
        world.site.clock.forward(timedelta(hours=1, seconds=1))
    _assert_nothing_waits(world)
    world.expire_items()
    _read_streams(world)
    _assert_promises_are_kept(world, promised)
    _assert_all_sums_agree(world)


def _run_every_function(world: World) -> None:
    """Run every function. Redrive no email: the sweep finds its requests in the table."""
    for function, size in (("store_overflow", 10), ("run_address_job", 1)):
        world.channels[function].redrive()
        _deliver(world, function, size)
    for _ in range(2):
        world.run_schedule("watch")
        world.run_schedule("sweep")
        _read_streams(world)
        _deliver(world, "send_mail", 10)
        _deliver(world, "send_other_mail", 2)
    world.run_schedule("recount_tallies")


def _read_streams(world: World) -> None:
    """Run both functions of the stream over all new records."""
    for function in ("relay_mail", "project_signatures"):
        for shard in (0, 1):
            world.read_stream(function, shard, 1000)


def _deliver(world: World, function: str, size: int, faults: Faults = NO_FAULTS) -> None:
    waiting = list(world.channels[function].messages)
    for first in range(0, len(waiting), size):
        if world.has_open_source(function):
            world.deliver(function, waiting[first : first + size], faults)


def _is_quiet(world: World) -> bool:
    if not world.site.other_source.is_open or _has_messages(world):
        return False
    has_requests = any("mail_kind" in item for item in world.signatures())
    return not has_requests


def _has_messages(world: World) -> bool:
    return any(channel.messages for channel in world.channels.values())


def _assert_nothing_waits(world: World) -> None:
    assert world.site.source.is_open, "mail is still paused"
    assert world.site.other_source.is_open
    assert not _has_messages(world), "a message is never processed"
    for item in world.signatures():
        if "mail_kind" in item:
            assert "undeliverable" in item or _is_on_hold(world, item), f"a mail request was lost: {item}"


def _is_on_hold(world: World, item: Mapping[str, Any]) -> bool:
    """Return whether this email to confirm waits, because the petition is closed or taken down."""
    is_hidden = world.petition.state_at(world.now) in HIDDEN or not world.petition.is_confirmable_at(world.now)
    return is_hidden and item["mail_kind"] == MailKind.CONFIRM


def _assert_promises_are_kept(world: World, promised: Mapping[str, datetime]) -> None:
    for identity, moment in promised.items():
        item = world.item(identity)
        if item is not None and item["state"] != "withdrawn":
            continue
        has_expired = moment + UNMAILED_LIFETIME <= world.now
        ended_at = world.ledger.ended_at.get(identity)
        has_ended_since = ended_at is not None and ended_at >= moment
        assert has_expired or has_ended_since, "the answer was 202, but the signature is not stored"


def _assert_all_sums_agree(world: World) -> None:
    world.site.clock.forward(timedelta(minutes=2))
    found = recount(world.petition, lambda: world.now, world.tables)
    stored = Counter(item["state"] for item in world.signatures())
    counts = world.counts()
    assert (found.drift, found.wrong_pending, found.moving) == ({}, {}, 0)
    assert found.confirmed == counts["confirmed"] == stored["confirmed"]
    assert counts["pending"] == stored["pending"]
    _assert_projections_agree(world)
    _assert_the_public_learns_the_same(world, found.confirmed)


def _assert_projections_agree(world: World) -> None:
    """Assert that the projections are complete, and that every stage was counted once."""
    for by in Dimension:
        rows = world.counts(f"?by={by}")["breakdown"]
        shown = {row["key"]: row["confirmed"] for row in rows}
        assert shown == without_zeros(world.ledger.projections.projected[by])
    for span in FunnelBy:
        assert world.funnel(span) == without_zeros(world.ledger.projections.passed)


def _assert_the_public_learns_the_same(world: World, confirmed: int) -> None:
    """Assert that statement, export, public count and public removals agree with the ledger."""
    removed = sorted(without_zeros(world.ledger.removed).values())
    petition, path = petition_as_stored(world.petition.slug, world.tables), f"/petitions/{world.petition.slug}"
    statement = world.post_as_bob(f"/api/staff{path}/statements", None).json_body["statement"]
    assert statement["confirmed"] == confirmed
    assert sorted(each.count for each in petition.removals if each.count) == removed
    assert len(statement["removed"] or ()) == min(len(petition.removals), MAX_REMOVED)
    assert _exported(petition, world) == confirmed
    if petition.state is not PetitionState.REMOVED:
        public = world.site.get(f"/api{path}").json_body
        assert sorted(each["count"] for each in public["removed"] if each["count"]) == removed


def _exported(petition: Petition, world: World) -> int:
    """Return the rows of an export of this moment, which fails if they do not agree with the count."""
    export = new_export(ExportRequest.model_validate({}), petition, "bob", world.now, world.tables)
    start(export, FakeQueue(), world.tables)
    with TemporaryDirectory() as folder:
        context = ExportContext(world.tables, world.site.bucket, Path(folder), lambda: world.now)
        return run_stored_export(export, context).processed
