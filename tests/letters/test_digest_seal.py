"""Withdrawals from a digest that is unsealed and sealed again meanwhile, or that a crash left unsealed."""

import pytest

from chalicelib.aws.table import Change, Tables
from chalicelib.core.errors import Conflicted, SendingStopped, Unavailable
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.target_keys import DigestIds
from chalicelib.letters import digest_kind, withdrawn
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.digest_contents import seal, unseal
from chalicelib.letters.digest_item import GatheredLetter
from chalicelib.letters.withdrawn import remove_letter
from chalicelib.mail.send import CLAIM
from chalicelib.mail.sending import PAUSE
from tests.fake_site import FakeSite
from tests.letters.lettering import send_all
from tests.letters.test_counts import TARGET, numbers
from tests.letters.test_digests import TOMORROW, a_petition_with_digests, withdraw_people
from tests.letters.test_late_withdrawals import a_digest_with_alices_letter


def test_a_withdrawal_is_tried_again_if_the_digest_is_sealed_again_meanwhile(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition = a_petition_with_digests(fake_site)
    alice = a_digest_with_alices_letter(fake_site, petition)
    forget_area = withdrawn._forget_area

    def forget_while_unsealed(letter: GatheredLetter, digest_change: Change, tables: Tables) -> bool:
        unseal(TOMORROW, tables)
        has_forgotten = forget_area(letter, digest_change, tables)
        seal(TOMORROW, fake_site.clock(), tables)
        return has_forgotten

    seal(TOMORROW, fake_site.clock(), fake_site.tables)
    with monkeypatch.context() as patch:
        patch.setattr(withdrawn, "_forget_area", forget_while_unsealed)
        with pytest.raises(Conflicted):
            remove_letter(letter_delivery(petition.slug, TARGET, alice), fake_site.clock(), fake_site.tables)
    withdraw_people(fake_site, petition, alice)
    digest = seal(TOMORROW, fake_site.clock(), fake_site.tables)
    assert digest
    assert digest.letters == 2


def test_a_digest_that_a_crash_left_unsealed_keeps_its_letters_when_it_counts_as_unknown(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    petition = a_petition_with_digests(fake_site)
    alice = a_digest_with_alices_letter(fake_site, petition)

    def unseal_and_crash(ids: DigestIds, tables: Tables) -> None:
        unseal(ids, tables)
        raise Unavailable("storage")  # So the claim is not released.

    fake_site.mailer.failures = [SendingStopped("mail")]
    with monkeypatch.context() as patch:
        patch.setattr(digest_kind, "unseal", unseal_and_crash)
        send_all(fake_site)
    fake_site.clock.forward(PAUSE + CLAIM)
    send_all(fake_site)
    withdraw_people(fake_site, petition, alice)
    assert numbers(fake_site) == LetterNumbers(requested=3, unknown=3)
