"""A client's network is a prefix of its IP address. Only its hash is stored, which changes every day."""

import json

import pytest

from chalicelib.core import keys
from chalicelib.signatures.network import network_hash, network_of, registered_domain
from tests.actors import DAY, LIMIT_KEYS, NOW, THROUGH_THE_CDN, a_petition, confirmed, identity_of, item_of, json_of
from tests.fake_site import JSON, FakeSite


@pytest.mark.parametrize(
    ("address", "same", "another"),
    [
        ("192.0.2.7", "192.0.2.200", "192.0.3.7"),
        ("2001:db8:1:2::3", "2001:db8:1:ff:9::", "2001:db8:2::3"),
        ("::ffff:192.0.2.7", "192.0.2.1", "::ffff:192.0.3.7"),
    ],
)
def test_neighbouring_ip_addresses_share_a_network(address: str, same: str, another: str) -> None:
    assert network_of(address) == network_of(same) != network_of(another)


@pytest.mark.parametrize("address", ["", "x", "192.0.2", "192.0.2.1, 192.0.2.2", "1::2::3", "1\0"])
def test_text_that_is_not_an_ip_address_has_no_network(address: str) -> None:
    assert network_hash(address, NOW, LIMIT_KEYS) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "127.200.3.4", "::1", "::ffff:127.0.0.1"])
def test_programs_on_the_sites_own_machine_have_no_limit(address: str) -> None:
    assert network_hash(address, NOW, LIMIT_KEYS) is None


def test_the_hash_changes_every_day() -> None:
    hashes = {network_hash("192.0.2.7", NOW + day * DAY, LIMIT_KEYS) for day in range(3)}
    assert len(hashes) == 3


def test_signing_stores_the_hash_and_confirming_removes_it(fake_site: FakeSite) -> None:
    body = json.dumps(json_of()).encode()
    fake_site.post("/api/petitions/safe-children/signatures", body, JSON, **THROUGH_THE_CDN)
    identity = identity_of(a_petition())
    item = item_of(fake_site.tables, a_petition(), identity)
    assert item["mail_network"] == network_hash("203.0.113.7", NOW, LIMIT_KEYS)
    assert "203.0.113" not in str(item)
    confirmed(fake_site.tables, a_petition())
    assert "mail_network" not in item_of(fake_site.tables, a_petition(), identity)
    assert [key.table for key in fake_site.tables.items if key.sk == identity] == [keys.SIGNATURES]


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("mail.example", "mail.example"),
        ("a.mail.example", "mail.example"),
        ("a.b.mail.co.uk", "mail.co.uk"),
        ("mail.co.uk", "mail.co.uk"),
        ("a.charity.de", "charity.de"),
        ("co.uk", "co.uk"),
        ("example", "example"),
    ],
)
def test_subdomains_count_as_the_domain_that_somebody_registered(domain: str, registered: str) -> None:
    assert registered_domain(domain) == registered
