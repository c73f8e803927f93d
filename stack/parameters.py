"""Turn the variables of `make deploy` into parameters of the template, and check these.

What AWS refuses with a clear text is not checked here: CloudFormation then restores what it has changed.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.mail.rate_limit import senders_for
from stack.console import Failure

Values = Mapping[str, str]
# The parameters that an environment variable sets, such as SITE_URL: `make` passes on those of its command line. So no
# secret is in the command line of a process, which every user of the machine sees.
_IN_ENVIRONMENT = (
    *("SiteUrl", "EdgeDomain", "MailFrom", "MailIdentity", "MailPerSecond", "LogLevel", "AlarmEmail"),
    *("OidcIssuer", "OidcClientId", "OidcClientSecret", "OidcClaim", "OidcRights"),
)


def parameters(environment: Values, settings: Iterable[str], previous: Values) -> dict[str, str]:
    """Return the value of each parameter that the operator chose, or that follows from the operator's choice.

    `settings`: Name=Value. `previous`: the stack's parameters before this deployment. Parameters that are not returned
    keep their previous value. Raise Failure if a parameter is malformed.
    """
    given = {name: environment.get(variable(name), "") for name in _IN_ENVIRONMENT}
    given["SiteUrl"] = given["SiteUrl"].rstrip("/")
    chosen = {name: value for name, value in given.items() if value} | values_by_name(settings)
    return {**_site_url(chosen, previous), **_senders(chosen), **chosen}


def variable(name: str) -> str:
    """Return the environment variable of a parameter or an output: SITE_URL for SiteUrl."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def values_by_name(texts: Iterable[str]) -> dict[str, str]:
    """Return the name and the value in each text. Raise Failure if a text is not Name=Value."""
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise Failure(f"SET and EDGE_SET must be Name=Value, not {text}")
        values[name.strip()] = value.strip()
    return values


def _site_url(chosen: dict[str, str], previous: Values) -> dict[str, str]:
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


def _senders(chosen: dict[str, str]) -> dict[str, str]:
    """Return MailSenders for the chosen rate of emails. CloudFormation refuses a rate that is too high or too low."""
    rate = chosen.get("MailPerSecond")
    if rate is None:
        return {}
    try:
        return {"MailSenders": str(senders_for(float(rate)))}
    except (ValueError, OverflowError) as error:
        raise Failure(f"MAIL_PER_SECOND must be a number, not {rate}") from error


def check(template: dict[str, Any], planned: Values, previous: Values, is_emulated: bool) -> None:
    """Raise Failure for a mistake. Its text says what to do instead.

    `planned`: the value that each parameter will have. `previous`: the values of the existing stack, if there is one.
    """
    example = template["Parameters"]["MailFrom"]["Default"]
    if planned["MailFrom"] == example and not is_emulated:
        raise Failure(f"MAIL_FROM is missing: {example} is only an example. Give an address that SES has verified")
    _check_edge(planned, previous)


def planned_values(declared: Mapping[str, Any], previous: Values, values: Values) -> dict[str, str]:
    """Return the value that each parameter will have: the chosen one, the previous one or the template's default."""
    defaults = {name: str(parameter.get("Default", "")) for name, parameter in declared.items()}
    return {**defaults, **previous, **values}


def _check_edge(planned: Values, previous: Values) -> None:
    """Check that the API accepts visitors while the domain moves to CloudFront, and while CloudFront's key changes.

    CloudFront sends the key that OriginKey names. The API accepts this key and the one that OriginKeyToo names. With
    EdgeOnly=yes, the API refuses a request without such a key. With EdgeOnly=no, the API answers it, but takes
    CloudFront for the visitor (chalicelib/edge/http.py). So check the keys in both cases.
    """
    if not previous or not planned["EdgeDomain"]:
        return  # There are no visitors yet, or the API accepts all of them.
    key, previous_key = planned["OriginKey"], previous.get("OriginKey")
    if not previous.get("EdgeDomain"):
        if planned["EdgeOnly"] == "yes":
            raise Failure(
                'this site is in use without CloudFront: deploy with SET="EdgeOnly=no" first, then point the domain to'
                ' CloudFront, then deploy with SET="EdgeOnly=yes"'
            )
        return
    # CloudFront and the API change at different times. So the unchanged API may get the new key, and the changed API
    # the previous key.
    if key not in (previous_key, previous.get("OriginKeyToo")):
        raise Failure(f'the API does not accept {key} yet: deploy with SET="OriginKeyToo={key}" first')
    if previous_key not in (key, planned["OriginKeyToo"]):
        raise Failure(
            f"CloudFront sends {previous_key} until the change has spread, and the API would not accept it: deploy"
            f' with SET="OriginKey={key} OriginKeyToo={previous_key}" first'
        )
