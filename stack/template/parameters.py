"""The template's parameters, any of which `make deploy SET="Name=Value"` sets, and the template's conditions."""

from typing import Any

from stack.template.cfn import Template, if_condition, output, ref

_DOMAIN = r"([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)?"


# No hyphen: the names of all resources of the stage prod begin with petitions-prod-, as would those of a stage prod-eu.
STAGE_PATTERN = "[a-z][a-z0-9]{0,15}"


def text(description: str, default: str = "", pattern: str = "", **more: Any) -> Template:
    """Return a text parameter. `pattern`: a regular expression that the whole value must match, or "" for any value."""
    limits = {"AllowedPattern": pattern} if pattern else {}
    return {"Type": "String", "Default": default, "Description": description, **limits, **more}


def choice(description: str, *values: str) -> Template:
    """Return a parameter that has one of these values. The first value is the default."""
    return text(description, values[0], AllowedValues=[*values])


def number(description: str, default: int, minimum: int, **more: int) -> Template:
    return {"Type": "Number", "Default": default, "MinValue": minimum, "Description": description, **more}


_PARAMETERS = {
    "Stage": text("Name of this copy of the stack. local is for the emulator.", "dev", STAGE_PATTERN),
    "Protect": choice(
        "Whether the tables are protected against deletion. stack/deploy.py sets it after the stack is created, because"
        " a failed creation must be able to delete its tables.",
        "no",
        "yes",
    ),
    "SiteUrl": text(
        "Where supporters reach the site, without a closing slash. Every email contains it.",
        pattern=r"(https?://[^\s]+)?",
    ),
    "MailFrom": text(
        "Sender of all email: an address without a name. SES must have verified the address or its domain.",
        "petitions@example.org",
        r"[^@\s<>]+@[^@\s<>]+",
    ),
    "MailIdentity": text(
        "Domain for which SES creates an identity. Empty if SES already has an identity for the domain or the"
        " address in this account and region.",
        pattern=_DOMAIN,
    ),
    "MailFromDomain": text(
        "MAIL FROM domain, a subdomain of MailIdentity: bounce.example.org. It needs an MX and an SPF record. Empty:"
        " amazonses.com.",
        pattern=_DOMAIN,
    ),
    "LogLevel": {
        # Not higher than INFO: the alarms' metrics are lines of that level.
        **text("Level of the application's log.", "INFO"),
        "AllowedValues": ["DEBUG", "INFO"],
    },
    "MailPerSecond": number(
        "Emails a second at most. Set it a little below the rate that SES gives the account (often 14).",
        12,
        1,
        MaxValue=1000,
    ),
    "MailSenders": number(
        "How many senders run concurrently for each of the two mail queues. stack/deploy.py calculates the number from"
        " MailPerSecond: a sender sends up to four emails a second.",
        3,
        2,
        MaxValue=1000,
    ),
    "AlarmEmail": text(
        "Address that gets every alarm. Empty: no email; subscribe to the output AlarmsTopicArn instead.",
        pattern=r"([^@\s<>]+@[^@\s<>]+)?",
    ),
    "Alarms": choice(
        "Which alarms exist: all, or the few that say that people lose something now. CloudWatch bills each.",
        "all",
        "few",
    ),
    "BudgetDollars": text(
        "US dollars a month that the whole AWS account may cost. BudgetEmail hears when the costs come near. Empty: no"
        " budget.",
        pattern=r"([1-9]\d*)?",
    ),
    "BudgetEmail": text("Address that hears of the budget. Empty: no budget.", pattern=r"([^@\s<>]+@[^@\s<>]+)?"),
    "OidcIssuer": text(
        "The issuer of your OpenID Connect provider, with which staff sign in. Empty: staff use tokens only.",
        pattern=r"(https://[^\s?#]+|http://127\.0\.0\.1(:\d+)?(/[^\s?#]*)?)?",
    ),
    "OidcClientId": text("The client id of this site at the provider."),
    "OidcClientSecret": text("The client secret, if there is one.", NoEcho=True),
    "OidcClaim": text(
        "The claim of the provider's tokens that decides the rights: groups, cognito:groups, email, ...", "groups"
    ),
    "OidcRights": text(
        'Rights by value of the claim, as JSON: {"petition-team": ["counts", "manage"]}. Empty: nobody can sign in.',
        "{}",
        MaxLength=1400,  # Otherwise, the environment of SignIn could have more than 4 KB.
    ),
    "CustomerKeyArn": text(
        "KMS key for signatures, overflow queues and exports. Not for the feedback queues, which hold recipients'"
        " addresses. Empty: AWS's own keys. docs/deploy.md has its policy.",
        pattern=r"(arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+)?",
    ),
    "EdgeDomain": text(
        "Domain of the site on CloudFront: sign.example.org. Empty: no CloudFront. stack/deploy.py sets"
        " EdgeCertificateArn and EdgeWebAclArn from the stack in us-east-1.",
        pattern=_DOMAIN,
    ),
    "EdgeCertificateArn": text(
        "The domain's certificate, in us-east-1. Empty: the site answers at CloudFront's own address only.",
        pattern=r"(arn:[a-z-]+:acm:us-east-1:\d{12}:certificate/[a-z0-9-]+)?",
    ),
    "EdgeWebAclArn": text(
        "The web ACL of CloudFront, in us-east-1. Empty: none.",
        pattern=r"(arn:[a-z-]+:wafv2:us-east-1:\d{12}:global/webacl/[A-Za-z0-9_/-]+)?",
    ),
    "EdgeOnly": choice(
        "Whether the API refuses requests that do not come through CloudFront. Set no while the domain still leads to"
        " the API.",
        "yes",
        "no",
    ),
    "OriginKey": text("Version of OriginKeys that CloudFront sends to the API.", "v1", "v[0-9]+"),
    "OriginKeyToo": text(
        "Another version that the API accepts, so that a rotation refuses no request: docs/deploy.md.", "v1", "v[0-9]+"
    ),
}


def equals(parameter: str, value: str) -> Template:
    return {"Fn::Equals": [ref(parameter), value]}


def is_set(parameter: str) -> Template:
    return {"Fn::Not": [equals(parameter, "")]}


_CONDITIONS = {
    "Emulated": equals("Stage", "local"),
    "OnAws": {"Fn::Not": [{"Condition": "Emulated"}]},
    "Protected": equals("Protect", "yes"),
    "HasSiteUrl": is_set("SiteUrl"),
    "HasAlarmEmail": is_set("AlarmEmail"),
    "AllAlarms": equals("Alarms", "all"),
    "AllAlarmsOnAws": {"Fn::And": [{"Condition": "OnAws"}, {"Condition": "AllAlarms"}]},
    "HasBudget": {"Fn::And": [is_set("BudgetDollars"), is_set("BudgetEmail")]},
    "HasCustomerKey": is_set("CustomerKeyArn"),
    "CreatesIdentity": is_set("MailIdentity"),
    "HasMailFromDomain": is_set("MailFromDomain"),
    "HasEdge": is_set("EdgeDomain"),
    "HasEdgeCertificate": is_set("EdgeCertificateArn"),
    "HasEdgeWebAcl": is_set("EdgeWebAclArn"),
    "RefusesOthers": {"Fn::And": [{"Condition": "HasEdge"}, equals("EdgeOnly", "yes")]},
}


def parameters() -> Template:
    """Return the parameters and conditions. Two outputs tell `make deploy` whether SiteUrl and Protect are set."""
    outputs = {
        "HasSiteUrl": output(
            if_condition("HasSiteUrl", "yes", "no"), "Whether SiteUrl is set; emails and pages need it"
        ),
        "IsProtected": output(
            if_condition("Protected", "yes", "no"), "Whether the tables are protected against deletion"
        ),
    }
    return {"Parameters": _PARAMETERS, "Conditions": _CONDITIONS, "Outputs": outputs}
