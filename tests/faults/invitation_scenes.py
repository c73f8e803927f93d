"""Scenes of an invitation by email: it is sent, bounces, and is accepted."""

from chalicelib.core import keys, tokens
from chalicelib.core.tokens import Purpose
from chalicelib.mail.model import MailRequest
from tests.actors import BOB, DAY, NOW, TOKEN_KEYS
from tests.fake_site import FakeSite
from tests.faults.mail_scenes import bounce_email, sends
from tests.faults.scenes import Scene, assert_exact_counts, has_status
from tests.faults.staff_scenes import assert_audit_entry, request_as_bob

INVITATION = {"email": BOB.email, "owner": "dora", "rights": ["counts"]}
ATTEMPT = "a" * 43


def with_dora_invited(fake_site: FakeSite) -> None:
    answer = request_as_bob("POST", "/api/staff/invitations", INVITATION, fake_site)
    state, until = fake_site.scene_state, NOW + DAY
    state.other_token_id = answer.json_body["token_id"]
    state.invitation = tokens.issue(Purpose.INVITATION, (state.other_token_id,), until, TOKEN_KEYS)
    [message] = fake_site.other_queue.messages
    state.mail_request = MailRequest.model_validate(message)


def accept_invitation(fake_site: FakeSite) -> bool:
    body = {"token": fake_site.scene_state.invitation, "attempt": ATTEMPT}
    return has_status(fake_site.post_json("/api/staff/invitation", body), 200)


def assert_dora_has_a_token(fake_site: FakeSite) -> None:
    assert_audit_entry("token.accepted", fake_site)
    accepted = fake_site.tables.items[keys.access_token(fake_site.scene_state.other_token_id)]
    assert accepted["accepted_at"]


def assert_dora_got_the_link(fake_site: FakeSite) -> None:
    assert {mail.to for mail in fake_site.mailer.mails} == {BOB.email}


SCENES = [
    Scene("accept_invitation", with_dora_invited, accept_invitation, assert_dora_has_a_token),
    sends(with_dora_invited, assert_dora_got_the_link),
    Scene("receive_feedback", with_dora_invited, bounce_email, assert_exact_counts),
]
