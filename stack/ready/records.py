"""The published records of DKIM, SPF and DMARC. They are read only on request: DNS queries go to name servers."""

from collections.abc import Callable, Mapping, Sequence

import dns.exception
import dns.resolver

from stack.ready.reading import Value

_SECONDS = 5.0
NOT_REQUESTED = "not read here: DNS=1 asks the name servers"

Lookup = Callable[[str, str], list[str]]
"""Return the records of a name and type; empty if there are none. Raise DNSException if no server answers."""


def resolver_lookup(resolver: dns.resolver.Resolver) -> Lookup:
    def lookup(name: str, kind: str) -> list[str]:
        try:
            answer = resolver.resolve(name, kind, lifetime=_SECONDS)
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            return []
        return [str(record).strip('"').replace('" "', "") for record in answer]

    return lookup


def records(domain: str, parameters: Mapping[str, str], tokens: Sequence[str], find: Lookup | None) -> list[Value]:
    """Return the records of the domain as values. `tokens` are SES's DKIM tokens. Without `find`, look nothing up."""
    sender = parameters.get("MailFromDomain") or domain
    dmarc = f"_dmarc.{domain}"
    return [
        _value("dns.spf", f"TXT {sender}", find, lambda lookup: _first_with_prefix(lookup(sender, "TXT"), "v=spf1")),
        _value("dns.dmarc", f"TXT {dmarc}", find, lambda lookup: _first_with_prefix(lookup(dmarc, "TXT"), "v=DMARC1")),
        _value("dns.dkim", f"CNAME *._domainkey.{domain}", find, lambda lookup: _dkim_count(domain, tokens, lookup)),
    ]


def _dkim_count(domain: str, tokens: Sequence[str], lookup: Lookup) -> str:
    """Return how many DKIM records are published, such as `2 of 3`."""
    found = sum(bool(lookup(f"{token}._domainkey.{domain}", "CNAME")) for token in tokens)
    return f"{found} of {len(tokens)}"


def _first_with_prefix(texts: Sequence[str], prefix: str) -> str:
    return next((text for text in texts if text.lower().startswith(prefix.lower())), "")


def _value(name: str, source: str, find: Lookup | None, get_value: Callable[[Lookup], str]) -> Value:
    if find is None:
        return Value(name, source, problem=NOT_REQUESTED)
    try:
        return Value(name, source, get_value(find))
    except dns.exception.DNSException as error:
        return Value(name, source, problem=f"no answer ({type(error).__name__})")
