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

from stack.ready.__main__ import read_all
from stack.ready.account import account_calls
from stack.ready.defects import Defect, find_defects
from stack.ready.reading import Value, Values
from stack.ready.records import IMPLICIT_SPF, NOT_REQUESTED, Lookup, records, resolver_lookup
from stack.ready.stage import StackDescription
from tests.ready.accounts import NOW, OUTPUTS, PARAMETERS, RAISED, STACK, answers, stub_clients

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


def published_values(lookup: Lookup | None, mail_from_domain: str = "", domain: str = "harbour.example") -> Values:
    return Values(records(domain, mail_from_domain, TOKENS, lookup))


def spf_defects(found: Values) -> list[Defect]:
    return [defect for defect in find_defects(found, NOW) if "SPF" in defect.text]


def test_the_published_records_are_read(lookup: Lookup) -> None:
    values = published_values(lookup, "bounce.harbour.example")
    assert values.get("dns.spf") == "v=spf1 include:amazonses.com ~all"
    assert values.get("dns.dmarc") == "v=DMARC1; p=none; rua=mailto:dmarc@harbour.example"
    assert values.get("dns.dkim") == "2 of 3"


def test_without_a_mail_from_domain_spf_is_implicit_and_the_charitys_own_record_is_no_defect(lookup: Lookup) -> None:
    found = published_values(lookup)
    assert found.get("dns.spf") == IMPLICIT_SPF
    assert spf_defects(found) == []


def test_a_mail_from_domain_without_a_record_needs_one(lookup: Lookup) -> None:
    found = published_values(lookup, "none.harbour.example")
    assert found.get("dns.spf") == ""
    [defect] = spf_defects(found)
    assert defect.remedy == 'publish for it TXT "v=spf1 include:amazonses.com ~all"'


def test_an_existing_spf_record_is_completed_and_no_second_one_is_published(lookup: Lookup) -> None:
    [defect] = spf_defects(published_values(lookup, "old.harbour.example"))
    assert defect.remedy.startswith("add include:amazonses.com to its SPF record. Publish no second one")


def test_without_sess_tokens_dkim_is_not_checked_instead_of_fine(lookup: Lookup) -> None:
    values = {value.name: value for value in records("harbour.example", "", None, lookup)}
    assert values["dns.dkim"].problem == "the DKIM tokens could not be read"


def test_an_spf_record_that_could_not_be_read_is_no_defect() -> None:
    assert spf_defects(Values([Value("dns.spf", "TXT bounce.harbour.example", problem="no answer")])) == []


@pytest.mark.parametrize(("parameter", "checked"), [("", "bounce"), ("mine.harbour.example", "mine")])
def test_the_mail_from_domain_is_the_stacks_or_else_that_of_the_identity(parameter: str, checked: str) -> None:
    parameters = {**PARAMETERS, "MailFromDomain": parameter, "MailPerSecond": "12", "MailSenders": "3"}
    clients = stub_clients(account_calls(STACK, OUTPUTS, parameters, NOW), answers(RAISED), set())
    found = read_all(StackDescription(STACK, OUTPUTS, parameters), clients, NOW, with_dns=False)
    assert found.by_name["dns.spf"].source == f"TXT {checked}.harbour.example"


@pytest.mark.parametrize(
    ("parameter", "found_spf"), [("", None), ("bounce.harbour.example", "v=spf1 include:amazonses.com ~all")]
)
def test_without_the_right_to_read_the_identity_spf_is_unknown_unless_the_stack_names_the_domain(
    parameter: str, found_spf: str | None, lookup: Lookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.ready.__main__.resolver_lookup", lambda _: lookup)
    parameters = {**PARAMETERS, "MailFromDomain": parameter, "MailPerSecond": "12", "MailSenders": "3"}
    clients = stub_clients(account_calls(STACK, OUTPUTS, parameters, NOW), answers(RAISED), {"get_email_identity"})
    found = read_all(StackDescription(STACK, OUTPUTS, parameters), clients, NOW, with_dns=True)
    assert found.get("dns.spf") == found_spf


def test_the_dmarc_record_of_the_organizational_domain_covers_its_subdomains(lookup: Lookup) -> None:
    assert published_values(lookup, domain="news.harbour.example").get("dns.dmarc").startswith("v=DMARC1; p=none")
    assert published_values(lookup, domain="news.other.example").get("dns.dmarc") == ""


def test_no_name_server_is_asked_unless_the_operator_requests_it() -> None:
    assert {value.problem for value in published_values(None)} == {NOT_REQUESTED}


def test_a_silent_name_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.ready.records._TIMEOUT_SECONDS", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        lookup = resolver_lookup(_resolver(silent.getsockname()[1]))
        values = published_values(lookup, "bounce.harbour.example")
    assert {value.problem for value in values} == {"no answer (LifetimeTimeout)"}
