"""Confirmed signatures by constituency, projected from the emulator's stream."""

import pytest

from tests.flows.handlers import EmulatedSite, link_in, token_in
from tests.located import give_table


def test_a_confirmed_signature_counts_once_in_its_constituency_until_it_is_withdrawn(
    site: EmulatedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob corrects his postcode when he confirms."""
    give_table(monkeypatch)
    postcodes = {"alice@example.org": "ZZ1 1AA", "bob@example.org": "ZZ9 9ZZ", "charlie@example.org": "M1 1AE"}
    for email, postcode in postcodes.items():
        assert site.sign(email=email, postcode=postcode).status_code == 202
    records = site.new_records()
    site.relay(records)
    site.send(site.receive_mail_messages())
    alice, bob, charlie = sorted(site.new_mails(), key=lambda mail: str(mail["To"]))
    for mail, correction in ((alice, {}), (bob, {"postcode": "SW1A 1AA"}), (charlie, {})):
        answer = site.post_form("/confirm", {"token": token_in(link_in(mail, "confirm")), **correction})
        assert answer.status_code == 200, answer.body
    assert site.breakdown("constituency") == {"not yet assigned": 3}
    records += site.new_records()
    for _ in range(2):
        site.project(records)
        assert site.breakdown("constituency") == {"Upper Zed": 1, "Zed Palace": 1, "not in the table": 1}
    assert site.post_form("/withdraw", {"token": token_in(link_in(bob, "withdraw"))}).status_code == 200
    site.project(site.new_records())
    assert site.breakdown("constituency") == {"Upper Zed": 1, "not in the table": 1}
