"""For every function in the template, every AWS call and every fault: a retry succeeds and the counts are exact."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.email import Mailer, MailQuota
from chalicelib.aws.queue import Queue, Source
from chalicelib.aws.table import Tables
from chalicelib.core.caching import forget_all
from chalicelib.core.rights import Right
from chalicelib.delivery import worker
from chalicelib.mail.kind import AfterCrash
from chalicelib.mail.model import MailRequest
from tests.actors import NOW, bobs_token, store_published_petition
from tests.conditions import copy_item
from tests.fake_site import FakeSite, forget_process_state
from tests.fakes import FakeQueue
from tests.faults import staff_scenes
from tests.faults.derived_scenes import derived_scenes
from tests.faults.injection import (
    CALLS,
    Fault,
    Faults,
    Injection,
    after_any_two_faults,
    call_with_faults,
    restore,
    targets,
)
from tests.faults.scenes import TWO_HOURS, Scene, assert_exact_counts
from tests.faults.sites import CALLS_ANOTHER, sites
from tests.faults.state import SceneState
from tests.syntax import FILES, imports, place

pytestmark = pytest.mark.faults
MODULES = [import_module(f"tests.faults.{path.stem}") for path in sorted(Path(__file__).parent.glob("*_scenes.py"))]
OWN_SCENES: list[Scene] = [scene for module in MODULES for scene in getattr(module, "SCENES", ())]
SCENES = [*OWN_SCENES, *derived_scenes({scene.handler for scene in OWN_SCENES})]
REFUSALS = (Fault.THROTTLED, Fault.DENIED)
every_scene = pytest.mark.parametrize("scene", SCENES, ids=str)
COUNTING = ("confirm_signature", "withdraw_signature", "erase_person", "confirm_my_move")
COUNT_SCENES = [scene for scene in SCENES if scene.handler in COUNTING]
# What was stored before the call of each scene.
STATES: dict[Scene, list[dict[str, Any]]] = {}
# Only `manage.py` and `make ready` make these calls.
ONLY_OF_ENGINEERS = {
    "chalicelib/health/words.py:store_readiness",
    "chalicelib/mail/sending.py:pause_mail",
    "chalicelib/mail/sending.py:resume_mail",
    "chalicelib/petitions/store.py:raise_shards",
    "chalicelib/projections/recount.py:repair_pending",
    "chalicelib/shedding/level.py:set_level",
    "chalicelib/signatures/walk.py:read_letter_senders",
    "chalicelib/tallies/prove.py:_add_to_tally",
    "chalicelib/tallies/store.py:reopen",
}


@pytest.fixture(autouse=True)
def _surroundings(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with staff_scenes.surroundings(monkeypatch):
        yield


def prepare(fake_site: FakeSite, scene: Scene) -> None:
    """Make the state before the scene's call, or copy what was made before, and let two hours pass."""
    restore(*targets(fake_site))
    if scene not in STATES:
        make_state(fake_site, scene)
        STATES[scene] = [copy_item(stored) for stored in all_that_is_stored(fake_site)]
    for stored, before in zip(all_that_is_stored(fake_site), STATES[scene], strict=True):
        stored.clear()
        stored.update(copy_item(before))
    forget_process_state()
    fake_site.clock.moment = NOW + TWO_HOURS


def all_that_is_stored(fake_site: FakeSite) -> list[dict[str, Any]]:
    return [vars(each) for each in (*targets(fake_site), fake_site.scene_state)]


def make_state(fake_site: FakeSite, scene: Scene) -> None:
    """Reset everything, and make the state before the scene's call."""
    fake_site.tables.items.clear()
    fake_site.bucket.objects.clear()
    for target in targets(fake_site):
        if isinstance(target, FakeQueue):
            target.messages.clear()
    fake_site.mailer.mails.clear()
    fake_site.scene_state = SceneState()
    fake_site.scene_state.bobs_token = bobs_token(fake_site.tables, NOW, *Right)
    fake_site.clock.moment = NOW
    store_published_petition(fake_site.tables)
    forget_all()
    scene.before(fake_site)


def play(fake_site: FakeSite, scene: Scene, faults: Faults) -> Injection:
    """Play the scene with faults, retry until it succeeds, and return the calls of the first attempt."""
    prepare(fake_site, scene)
    has_succeeded, made = call_with_faults(fake_site, faults, lambda: scene.act(fake_site))
    assert_exact_counts(fake_site)
    if has_succeeded:
        scene.then(fake_site)
    for _ in range(3):
        fake_site.clock.forward(scene.retry_after)
        if scene.act(fake_site):
            break
    else:
        raise AssertionError(f"{scene} never settled after {faults}")
    scene.then(fake_site)
    assert_exact_counts(fake_site)
    return made


@every_scene
def test_a_retry_after_any_fault_at_any_call_succeeds(fake_site: FakeSite, scene: Scene) -> None:
    is_sender = scene.handler.startswith("send_")
    calls = play(fake_site, scene, {})
    indexes = calls_to_fail(calls.sites)
    faults = [(at, fault) for at in indexes for fault in calls.faults_at(at)]
    if is_sender:
        faults += [(at, fault) for at in indexes for fault in REFUSALS]
    for at, fault in faults:
        made = play(fake_site, scene, {at: fault})
        assert made.met
        if is_sender:
            mails = len(fake_site.mailer.mails)
            is_after_a_crash = mails == scene.sends + _more_after_a_crash(fake_site) and _is_around_sending(made)
            assert mails == scene.sends or is_after_a_crash
            if scene.sends:
                fake_site.clock.forward(timedelta(hours=5))
                assert scene.act(fake_site)
                assert len(fake_site.mailer.mails) == mails, "a redelivered message sends nothing"


def calls_to_fail(sites: Sequence[str]) -> list[int]:
    """Return each site's first two calls and its last: a walk over all partitions repeats the same line of code."""
    chosen: set[int] = set()
    for site in set(sites):
        indexes = [at for at, other in enumerate(sites) if other == site]
        chosen |= {*indexes[:2], indexes[-1]}
    return sorted(chosen)


def _more_after_a_crash(fake_site: FakeSite) -> int:
    """Return how many more emails there are if the sender crashed after it may have sent one."""
    request: MailRequest | None = getattr(fake_site.scene_state, "mail_request", None)
    is_never_sent_twice = request and worker.KINDS[request.kind].after_crash is AfterCrash.UNKNOWN
    # The crash may also come before the email, but after the mark that it is about to be sent.
    return -1 if is_never_sent_twice else 1


def _is_around_sending(made: Injection) -> bool:
    """Return whether the fault came where SES may have accepted the email, or before this was stored or revoked."""
    [(site, fault)] = made.met
    if site.endswith((":delete_test_address", ":mark_mailed", ":mark_sent", ":release")):
        return True
    # Then nothing was sent or stored.
    return fault not in REFUSALS and site.endswith((":deliver_within_rate", ":_try_change"))


@pytest.mark.parametrize("scene", COUNT_SCENES, ids=str)
def test_after_any_two_faults_the_count_is_exact(fake_site: FakeSite, scene: Scene) -> None:
    after_any_two_faults(lambda faults: play(fake_site, scene, faults))


def test_every_handler_of_the_template_has_a_scene() -> None:
    assert {scene.handler for scene in SCENES} == set(app.handler_map)


def test_every_call_in_the_code_is_faulted_and_every_kind_of_email_sent(fake_site: FakeSite) -> None:
    """A new call or kind fails this test until a scene makes or sends it."""
    met: set[str] = set()
    kinds: set[str] = set()
    for scene in SCENES:
        played = play(fake_site, scene, {}).sites
        kinds |= {mail.tags["kind"] for mail in fake_site.mailer.mails}
        for at in calls_to_fail(played):
            if played[at] in met:
                continue
            # The next call fails too: some calls are made only after a fault, such as the send to the overflow queue.
            made = play(fake_site, scene, {at: Fault.THROTTLED, at + 1: Fault.LOST_AFTER})
            met |= {site for site, _ in made.met}
    assert met | ONLY_OF_ENGINEERS == sites()
    # The first two are like "confirm", and "move-over" is dropped.
    assert {*worker.KINDS} - kinds == {"already-signed", "confirm-imported", "move-over"}


def test_only_the_sender_of_an_email_tells_a_refused_call_from_a_lost_one() -> None:
    """Otherwise each call would have to be refused as well as lost."""
    refused = {f"chalicelib.core.errors.{name}" for name in ("Throttled", "Denied", "Unreached")}
    outside_aws = [path for path in FILES if place(path).startswith("chalicelib/") and path.parent.name != "aws"]
    importing = {place(path) for path in outside_aws if refused.intersection(imports(path))}
    assert importing == {"chalicelib/mail/send.py"}


def test_every_aws_method_can_be_faulted() -> None:
    for kind in (Tables, Queue, Source, Bucket, Mailer, MailQuota):
        public = {name for name in vars(kind) if not name.startswith("_")}
        # Only manage.py calls move. The others need no AWS call.
        no_calls = {"move", "link", "upload_form", "answered_at", "close_if_idle", *CALLS_ANOTHER}
        assert public - no_calls == set(CALLS[kind.__name__])
