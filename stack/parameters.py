"""Turn the options of `make deploy` into parameters of the template."""

import os
from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.mail.rate_limit import senders_for
from stack.console import Failure

# The template accepts no higher MailPerSecond.
_MAX_MAIL_PER_SECOND = 1000
# Options and environment variables by parameter. Secrets have no options: every user of the machine sees options.
_OPTIONS = {
    "SiteUrl": "site_url",
    "EdgeDomain": "edge_domain",
    "MailFrom": "mail_from",
    "MailIdentity": "mail_identity",
    "MailPerSecond": "mail_per_second",
    "LogLevel": "log_level",
    "AlarmEmail": "alarm_email",
}
_VARIABLES = {f"Oidc{name}": f"OIDC_{variable}" for name, variable in (
    ("Issuer", "ISSUER"), ("ClientId", "CLIENT_ID"), ("ClientSecret", "CLIENT_SECRET"), ("Claim", "CLAIM"),
    ("Rights", "RIGHTS"),
)}  # fmt: skip


def parameters(options: Namespace, declared: dict[str, Any], previous: Mapping[str, str]) -> dict[str, str]:
    """Return the value of each parameter that the operator chose, or that follows from the operator's choice.

    `declared`: the template's parameters. `previous`: the stack's parameters before this deployment. Parameters that
    are not returned keep their previous value. Raise Failure if a parameter is unknown or malformed.
    """
    given = {name: getattr(options, option) for name, option in _OPTIONS.items()}
    given["SiteUrl"] = given["SiteUrl"].rstrip("/")
    given |= {name: os.environ.get(variable, "") for name, variable in _VARIABLES.items()}
    chosen = {name: value for name, value in given.items() if value} | values_by_name(options.set)
    unknown = sorted(chosen.keys() - declared.keys())
    if unknown:
        raise Failure(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}")
    return {**_site_url(chosen, previous), **_senders(chosen, previous), **chosen}


def values_by_name(texts: Iterable[str]) -> dict[str, str]:
    """Return the name and the value in each text. Raise Failure if a text is not Name=Value."""
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise Failure(f"SET and EDGE_SET must be Name=Value, not {text}")
        values[name.strip()] = value.strip()
    return values


def _site_url(chosen: dict[str, str], previous: Mapping[str, str]) -> dict[str, str]:
    """Return SiteUrl with the domain on CloudFront, if it must change to it.

    With EdgeOnly=yes, it must if the domain is new, or if EdgeOnly was no: the API refuses requests that do not come
    through CloudFront, and the previous SiteUrl may lead to the API itself. Later deployments keep it, because the
    operator may have chosen another one. With EdgeOnly=no, the API answers directly too, and the domain may have no DNS
    record yet, so that links in emails would lead nowhere. But if SiteUrl has the old domain, CloudFront refuses it.
    """
    planned = {**previous, **chosen}
    domain, previous_domain = planned.get("EdgeDomain"), previous.get("EdgeDomain")
    is_new = domain != previous_domain
    if planned.get("EdgeOnly", "yes") == "yes":
        must_change = is_new or previous.get("EdgeOnly") == "no"
    else:
        must_change = is_new and previous.get("SiteUrl") == f"https://{previous_domain}"
    return {"SiteUrl": f"https://{domain}"} if domain and must_change else {}


def _senders(chosen: dict[str, str], previous: Mapping[str, str]) -> dict[str, str]:
    """Return MailSenders for the chosen rate of emails, or for the rate of a stack that is older than the parameter."""
    rate = chosen.get("MailPerSecond") or ("" if "MailSenders" in previous else previous.get("MailPerSecond", ""))
    if not rate:
        return {}
    try:
        number = float(rate)
    except ValueError as error:
        raise Failure(f"MAIL_PER_SECOND must be a number, not {rate}") from error
    if not 1 <= number <= _MAX_MAIL_PER_SECOND:
        raise Failure(f"MAIL_PER_SECOND must be from 1 to {_MAX_MAIL_PER_SECOND}, not {rate}")
    return {"MailSenders": str(senders_for(number))}
