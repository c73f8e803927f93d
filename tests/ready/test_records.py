"""SPF, DKIM and DMARC are read from a name server. In these tests, the name server runs on this machine."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from stack.ready.reading import Values
from stack.ready.records import NOT_REQUESTED, Lookup, records, resolver_lookup
from tests.ready.accounts import PARAMETERS

TOKENS = ("one", "two", "three")
ZONE = {
    ("bounce.harbour.example.", "TXT"): '"v=spf1 include:amazonses.com ~all"',
    ("harbour.example.", "TXT"): '"v=spf1 include:other.example -all"',
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


def published_values(lookup: Lookup | None, **parameters: str) -> Values:
    return Values(records("harbour.example", {**PARAMETERS, **parameters}, TOKENS, lookup))


def test_the_published_records_are_read(lookup: Lookup) -> None:
    values = published_values(lookup, MailFromDomain="bounce.harbour.example")
    assert values.get("dns.spf") == "v=spf1 include:amazonses.com ~all"
    assert values.get("dns.dmarc") == "v=DMARC1; p=none; rua=mailto:dmarc@harbour.example"
    assert values.get("dns.dkim") == "2 of 3"


def test_without_a_mail_from_domain_the_senders_domain_has_the_spf_record(lookup: Lookup) -> None:
    assert published_values(lookup).get("dns.spf") == "v=spf1 include:other.example -all"


def test_a_record_that_is_missing_is_empty(lookup: Lookup) -> None:
    assert published_values(lookup, MailFromDomain="none.harbour.example").get("dns.spf") == ""


def test_no_name_server_is_asked_unless_the_operator_requests_it() -> None:
    assert {value.problem for value in published_values(None)} == {NOT_REQUESTED}


def test_a_silent_name_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.ready.records._TIMEOUT_SECONDS", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        values = published_values(resolver_lookup(_resolver(silent.getsockname()[1])))
    assert {value.problem for value in values} == {"no answer (LifetimeTimeout)"}
