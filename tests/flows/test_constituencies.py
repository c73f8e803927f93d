"""Confirmed signatures by constituency, projected from the emulator's stream."""

import pytest

from tests.flows.handlers import EmulatedSite
from tests.flows.test_funnel import press_button
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
    press_button(site, alice, "confirm")
    press_button(site, bob, "confirm", postcode="SW1A 1AA")
    press_button(site, charlie, "confirm")
    assert site.breakdown("constituency") == {"not yet assigned": 3}
    records += site.new_records()
    for _ in range(2):
        site.project(records)
        assert site.breakdown("constituency") == {"Upper Zed": 1, "Zed Palace": 1, "not in the table": 1}
    press_button(site, bob, "withdraw")
    site.project(site.new_records())
    assert site.breakdown("constituency") == {"Upper Zed": 1, "not in the table": 1}
