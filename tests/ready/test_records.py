"""SPF, DKIM and DMARC are read from a name server. In these tests, the name server runs on this machine."""

import socket
import threading
from collections.abc import Iterator, Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from stack.ready.account import CheckedStack, Values
from stack.ready.defects import find_defects
from stack.ready.records import IMPLICIT_SPF, NOT_REQUESTED, Lookup, read_records, resolver_lookup
from tests.ready.accounts import NOW

TOKENS = ("one", "two", "three")
ZONE = {
    ("bounce.harbour.example.", "TXT"): '"v=spf1 include:amazonses.com ~all"',
    ("harbour.example.", "TXT"): '"v=spf1 include:other.example -all"',
    ("old.harbour.example.", "TXT"): '"v=spf1 include:other.example -all"',
    ("_dmarc.harbour.example.", "TXT"): '"v=DMARC1; p=none; " "rua=mailto:dmarc@harbour.example"',
    ("one._domainkey.harbour.example.", "CNAME"): "one.dkim.amazonses.com.",
    ("two._domainkey.harbour.example.", "CNAME"): "two.dkim.amazonses.com.",
}


def _answer(wire: bytes) -> bytes:
    query = dns.message.from_wire(wire)
    [question] = query.question
    answer = dns.message.make_response(query)
    kind = dns.rdatatype.to_text(question.rdtype)
    if record := ZONE.get((str(question.name), kind)):
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, record))
    else:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer.to_wire()


@pytest.fixture
def lookup() -> Iterator[Lookup]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                wire, client = server.recvfrom(4096)
                if not wire:
                    return
                server.sendto(_answer(wire), client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield resolver_lookup(_resolver(server.getsockname()[1]))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", server.getsockname())
        thread.join()


def _resolver(port: int) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return resolver


def records(
    lookup: Lookup | None,
    *,
    identitys_domain: str | None = "",
    domain: str = "harbour.example",
    tokens: Sequence[str] | None = TOKENS,
    parameter: str = "",
) -> Values:
    """Return the records as values. `identitys_domain`, `tokens`: what SES says; None if it could not be read."""
    stack = CheckedStack("petitions-prod", {}, {"MailIdentity": domain, "MailFromDomain": parameter})
    said = {"identity.mail_from_domain": identitys_domain, "identity.dkim_tokens": tokens}
    values = Values({name: value for name, value in said.items() if value is not None}, {})
    read_records(stack, values, lookup)
    return values


def spf_defects(found: Values) -> list[str]:
    return [defect for defect in find_defects(found, NOW) if "SPF" in defect]


def test_the_published_records_are_read(lookup: Lookup) -> None:
    found = records(lookup, identitys_domain="bounce.harbour.example").found
    assert found["dns.spf"] == "v=spf1 include:amazonses.com ~all"
    assert found["dns.dmarc"] == "v=DMARC1; p=none; rua=mailto:dmarc@harbour.example"
    assert found["dns.dkim"] == "2 of 3"


def test_a_missing_dkim_or_dmarc_record_is_a_defect(lookup: Lookup) -> None:
    texts = " ".join(find_defects(records(lookup, domain="news.other.example"), NOW))
    assert "there is no DMARC record" in texts
    assert "0 of 3 DKIM records are published" in texts


def test_without_a_mail_from_domain_spf_is_implicit_and_the_charitys_own_record_is_no_defect(lookup: Lookup) -> None:
    found = records(lookup)
    assert found.found["dns.spf"] == IMPLICIT_SPF
    assert spf_defects(found) == []


def test_a_mail_from_domain_without_a_record_needs_one(lookup: Lookup) -> None:
    [defect] = spf_defects(records(lookup, identitys_domain="none.harbour.example"))
    assert defect.endswith('publish for it TXT "v=spf1 include:amazonses.com ~all"')


def test_an_existing_spf_record_is_completed_and_no_second_one_is_published(lookup: Lookup) -> None:
    [defect] = spf_defects(records(lookup, identitys_domain="old.harbour.example"))
    assert "add include:amazonses.com to its SPF record. Publish no second one" in defect


def test_without_sess_answer_spf_and_dkim_are_not_checked_instead_of_fine(lookup: Lookup) -> None:
    values = records(lookup, identitys_domain=None, tokens=None)
    assert [*values.problems] == ["dns.spf", "dns.dkim"]
    assert spf_defects(values) == []


@pytest.mark.parametrize("identitys_domain", ["none.harbour.example", None])
def test_the_mail_from_domain_is_the_stacks_if_it_names_one(identitys_domain: str | None, lookup: Lookup) -> None:
    values = records(lookup, identitys_domain=identitys_domain, parameter="bounce.harbour.example")
    assert values.found["dns.spf"] == "v=spf1 include:amazonses.com ~all"


def test_the_dmarc_record_of_the_organizational_domain_covers_its_subdomains(lookup: Lookup) -> None:
    assert records(lookup, domain="news.harbour.example").found["dns.dmarc"].startswith("v=DMARC1; p=none")


def test_no_name_server_is_asked_unless_the_operator_requests_it() -> None:
    assert {*records(None).problems.values()} == {NOT_REQUESTED}


def test_a_silent_name_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.ready.records._TIMEOUT_SECONDS", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        lookup = resolver_lookup(_resolver(silent.getsockname()[1]))
        values = records(lookup, identitys_domain="bounce.harbour.example")
    assert {*values.problems.values()} == {"no answer (LifetimeTimeout)"}
