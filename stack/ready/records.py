"""DKIM, SPF and DMARC as published. Only when asked: the queries leave this machine."""

from collections.abc import Callable, Mapping, Sequence

import dns.exception
import dns.resolver

from stack.ready.reading import Value

_SECONDS = 5.0
NOT_ASKED = "not read here: DNS=1 asks the name servers"

Lookup = Callable[[str, str], list[str]]
"""Return the records of a name and type; empty if there are none. Raise DNSException without an answer."""


def lookup(resolver: dns.resolver.Resolver) -> Lookup:
    def found(name: str, kind: str) -> list[str]:
        try:
            answer = resolver.resolve(name, kind, lifetime=_SECONDS)
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            return []
        return [str(record).strip('"').replace('" "', "") for record in answer]

    return found


def records(domain: str, chosen: Mapping[str, str], tokens: Sequence[str], find: Lookup | None) -> list[Value]:
    """Return what is published for the domain. `tokens` are SES's DKIM tokens. Without `find`, look nothing up."""
    sender = chosen.get("MailFromDomain") or domain
    policy = f"_dmarc.{domain}"
    return [
        _value("dns.spf", f"TXT {sender}", find, lambda ask: _first(ask(sender, "TXT"), "v=spf1")),
        _value("dns.dmarc", f"TXT {policy}", find, lambda ask: _first(ask(policy, "TXT"), "v=DMARC1")),
        _value("dns.dkim", f"CNAME *._domainkey.{domain}", find, lambda ask: _published(domain, tokens, ask)),
    ]


def _published(domain: str, tokens: Sequence[str], ask: Lookup) -> str:
    found = sum(bool(ask(f"{token}._domainkey.{domain}", "CNAME")) for token in tokens)
    return f"{found} of {len(tokens)}"


def _first(texts: Sequence[str], beginning: str) -> str:
    return next((text for text in texts if text.lower().startswith(beginning.lower())), "")


def _value(name: str, source: str, find: Lookup | None, take: Callable[[Lookup], str]) -> Value:
    if find is None:
        return Value(name, source, problem=NOT_ASKED)
    try:
        return Value(name, source, take(find))
    except dns.exception.DNSException as error:
        return Value(name, source, problem=f"no answer ({type(error).__name__})")
