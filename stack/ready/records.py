"""The DNS records of the sender's domain, by which receivers check who sent an email: SPF, DKIM and DMARC.

They are queried only if the operator asks for it, because the queries go to name servers, not to AWS.
"""

from collections.abc import Callable

import dns.exception
import dns.resolver
from publicsuffixlist import PublicSuffixList

from stack.ready.account import CheckedStack, Values

_TIMEOUT_SECONDS = 5.0
NOT_REQUESTED = "add DNS=1 to query the name servers"
# Without a MAIL FROM domain of ours, SES sends with a subdomain of amazonses.com, whose SPF record AWS publishes.
IMPLICIT_SPF = "implicit"

Lookup = Callable[[str, str], list[str]]
"""A function that returns the records of a name and type. It raises DNSException if no name server answers."""


def resolver_lookup(resolver: dns.resolver.Resolver | None = None) -> Lookup:
    def lookup(name: str, kind: str) -> list[str]:
        try:
            answer = (resolver or dns.resolver.Resolver()).resolve(name, kind, lifetime=_TIMEOUT_SECONDS)
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            return []
        # The text of a long TXT record is several quoted strings: "v=spf1 " "include:…". Join them.
        return [str(record).strip('"').replace('" "', "") for record in answer]

    return lookup


def read_records(stack: CheckedStack, values: Values, lookup: Lookup | None) -> None:
    """Add the domain's records to the values. `lookup`: None if nothing is to be queried."""
    for name, query in (("dns.spf", _spf), ("dns.dmarc", _dmarc), ("dns.dkim", _dkim)):
        try:
            found = query(stack, values, lookup) if lookup else None
            problem = "SES's answer is missing" if lookup else NOT_REQUESTED
        except dns.exception.DNSException as error:
            found, problem = None, f"no answer ({type(error).__name__})"
        values.add(name, found, problem)


def _spf(stack: CheckedStack, values: Values, lookup: Lookup) -> str | None:
    # If another stack has set SES's identity up, this stack's parameter is empty.
    domain = stack.parameters.get("MailFromDomain") or values.found.get("identity.mail_from_domain")
    return _txt(domain, "v=spf1", lookup) if domain else None if domain is None else IMPLICIT_SPF


def _dmarc(stack: CheckedStack, values: Values, lookup: Lookup) -> str:
    """Return the record of the domain, or else of its organizational domain: harbour.org.uk (RFC 7489, 6.6.3)."""
    domains = (stack.identity, PublicSuffixList().privatesuffix(stack.identity) or stack.identity)
    return next((found for name in domains if (found := _txt(f"_dmarc.{name}", "v=DMARC1", lookup))), "")


def _dkim(stack: CheckedStack, values: Values, lookup: Lookup) -> str | None:
    """Return how many DKIM records are published, such as `2 of 3`."""
    tokens = values.found.get("identity.dkim_tokens")
    if tokens is None:
        return None
    published = [token for token in tokens if lookup(f"{token}._domainkey.{stack.identity}", "CNAME")]
    return f"{len(published)} of {len(tokens)}"


def _txt(name: str, prefix: str, lookup: Lookup) -> str:
    """Return the first TXT record of the name that begins with the prefix; "" if there is none."""
    return next((text for text in lookup(name, "TXT") if text.lower().startswith(prefix.lower())), "")
