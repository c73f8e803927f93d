"""Read the DNS records of the sender's domain: SPF, DKIM and DMARC, by which receivers check who sent an email.

We query the records only when the operator asks for it, because the queries go to name servers, not to AWS's API.
"""

from collections.abc import Callable, Sequence

import dns.exception
import dns.resolver
from publicsuffixlist import PublicSuffixList

from stack.ready.reading import Value

_TIMEOUT_SECONDS = 5.0
NOT_REQUESTED = "not read: add DNS=1 to query the name servers"
# The value of dns.spf without a MAIL FROM domain of our own: SES then sends with a subdomain of amazonses.com, and AWS
# publishes its SPF record.
IMPLICIT_SPF = "implicit"

Lookup = Callable[[str, str], list[str]]
"""A function that returns the records of a name and type, or [] if there are no such records.

The function raises DNSException if no name server answers."""


def resolver_lookup(resolver: dns.resolver.Resolver) -> Lookup:
    def lookup(name: str, kind: str) -> list[str]:
        try:
            answer = resolver.resolve(name, kind, lifetime=_TIMEOUT_SECONDS)
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            return []
        texts = [str(record) for record in answer]
        # The text of a long TXT record is several quoted strings: "v=spf1 " "include:…". Join them.
        return [text.strip('"').replace('" "', "") for text in texts]

    return lookup


class _SesNotRead(Exception):
    """What SES says about the domain could not be read, so we do not know which record to query."""


def records(
    domain: str, mail_from_domain: str | None, tokens: Sequence[str] | None, lookup: Lookup | None
) -> list[Value]:
    """Return the records of the domain as values.

    `mail_from_domain`: the custom MAIL FROM domain, or "" if there is none. `tokens`: SES's DKIM tokens, which are in
    the names of the DKIM records. If `mail_from_domain` or `tokens` could not be read, it is None. `lookup`: the
    function that queries a record; None means that nothing is queried, so each value has a problem.
    """
    spf_source = f"TXT {mail_from_domain or 'amazonses.com'}"
    return [
        _value("dns.spf", spf_source, lookup, lambda query: _spf_record(mail_from_domain, query)),
        _value("dns.dmarc", f"TXT _dmarc.{domain}", lookup, lambda query: _dmarc_record(domain, query)),
        _value("dns.dkim", f"CNAME *._domainkey.{domain}", lookup, lambda query: _dkim_count(domain, tokens, query)),
    ]


def _spf_record(mail_from_domain: str | None, lookup: Lookup) -> str:
    if mail_from_domain is None:
        raise _SesNotRead("the MAIL FROM domain could not be read")
    return _txt_record(mail_from_domain, "v=spf1", lookup) if mail_from_domain else IMPLICIT_SPF


def _dmarc_record(domain: str, lookup: Lookup) -> str:
    """Return the DMARC record of the domain, or if it has none, that of its organizational domain (RFC 7489, 6.6.3).

    The organizational domain is one label below a public suffix such as org.uk: harbour.org.uk for news.harbour.org.uk.
    """
    organizational = PublicSuffixList().privatesuffix(domain) or domain
    for name in dict.fromkeys((domain, organizational)):  # Without duplicates.
        if found := _txt_record(f"_dmarc.{name}", "v=DMARC1", lookup):
            return found
    return ""


def _dkim_count(domain: str, tokens: Sequence[str] | None, lookup: Lookup) -> str:
    """Return how many DKIM records are published, such as `2 of 3`."""
    if tokens is None:
        raise _SesNotRead("the DKIM tokens could not be read")
    published = [token for token in tokens if lookup(f"{token}._domainkey.{domain}", "CNAME")]
    return f"{len(published)} of {len(tokens)}"


def _txt_record(name: str, prefix: str, lookup: Lookup) -> str:
    """Return the first TXT record of the name that begins with the prefix; "" if there is none."""
    for text in lookup(name, "TXT"):
        if text.lower().startswith(prefix.lower()):
            return text
    return ""


def _value(name: str, source: str, lookup: Lookup | None, get_value: Callable[[Lookup], str]) -> Value:
    """Return what `get_value` returns for the lookup, or the problem: why it could not be read."""
    if lookup is None:
        return Value(name, source, problem=NOT_REQUESTED)
    try:
        return Value(name, source, get_value(lookup))
    except _SesNotRead as error:
        return Value(name, source, problem=str(error))
    except dns.exception.DNSException as error:
        return Value(name, source, problem=f"no answer ({type(error).__name__})")
