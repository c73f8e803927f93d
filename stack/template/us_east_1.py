"""The second stack, in us-east-1: resources that CloudFront has in that region only, wherever the site is."""

import json

from stack.template.alarms import alarm, measure
from stack.template.cfn import Template, get_att, if_condition, output, ref, resource, retention
from stack.template.firewall import web_acl
from stack.template.parameters import STAGE_PATTERN, choice, equals, is_set, text

_PARAMETERS = {
    "Stage": text("Name of this copy of the stack.", "dev", STAGE_PATTERN),
    "SiteRegion": {"Type": "String", "Description": "Region of the main stack. stack/us_east_1.py sets it."},
    "Domain": {"Type": "String", "Description": "Domain of the site: sign.example.org."},
    "CertificateArn": text("A certificate of the domain, in us-east-1. Empty: the stack requests one."),
    "RequestCertificate": choice(
        "Whether to request a certificate if there is none. no: the site answers at CloudFront's own address, to try it"
        " without a domain.",
        "yes",
        "no",
    ),
    "Blocks": choice("Whether the rules of the web ACL block requests (yes), or only count them (no).", "no", "yes"),
    "DistributionArn": text("ARN of the distribution with this alarm. stack/us_east_1.py sets it."),
    "AlarmEmail": text("Address that gets the alarm. stack/us_east_1.py sets the main stack's."),
}


def us_east_1() -> Template:
    certificate_arn = if_condition("RequestsCertificate", ref("Certificate"), ref("CertificateArn"))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Petitions: certificate and firewall of CloudFront.",
        "Parameters": _PARAMETERS,
        "Conditions": {
            "RequestsCertificate": {"Fn::And": [equals("CertificateArn", ""), equals("RequestCertificate", "yes")]},
            "HasCertificate": {"Fn::Or": [is_set("CertificateArn"), {"Condition": "RequestsCertificate"}]},
            "Blocks": equals("Blocks", "yes"),
            "HasDistribution": is_set("DistributionArn"),
            "HasAlarmEmail": is_set("AlarmEmail"),
        },
        "Resources": {"Certificate": _certificate(), "WebAcl": web_acl(), **_alarm()},
        "Outputs": {
            # An output may not be empty.
            "CertificateArn": {**output(certificate_arn, "Certificate of the domain"), "Condition": "HasCertificate"},
            "AlarmsTopicArn": output(ref("AlarmsTopic"), "Topic of the alarm"),
            "WebAclArn": output(get_att("WebAcl"), "Web ACL of the distribution"),
        },
    }


def _certificate() -> Template:
    # CloudFormation waits until the domain's DNS has the record that ACM asks for. If Domain changes, CloudFormation
    # replaces the certificate. `retention` keeps the old one: CloudFront uses it until the main stack is updated too,
    # so ACM would refuse to delete it.
    properties = {"DomainName": ref("Domain"), "ValidationMethod": "DNS"}
    return resource("CertificateManager::Certificate", properties, Condition="RequestsCertificate", **retention())


def _alarm() -> Template:
    """Return the alarm on errors that visitors see, and its topic: an alarm tells a topic of its own region only.

    The alarms of the main stack see no error of the CDN itself, such as an API that it cannot reach.
    """
    distribution_id = {"Fn::Select": [1, {"Fn::Split": ["/", ref("DistributionArn")]}]}
    errors = measure("AWS/CloudFront", "5xxErrorRate", DistributionId=distribution_id, Region="Global")
    description = "For five minutes, at least 5 % of the CDN's answers were 5xx."
    subscription = {"TopicArn": ref("AlarmsTopic"), "Protocol": "email", "Endpoint": ref("AlarmEmail")}
    return {
        "AlarmsTopic": resource("SNS::Topic"),
        "AlarmsSubscription": resource("SNS::Subscription", subscription, Condition="HasAlarmEmail"),
        "EdgeErrorsAlarm": {
            **alarm(description, errors, "Average", period=60, Threshold=5, EvaluationPeriods=5),
            "Condition": "HasDistribution",
        },
    }


if __name__ == "__main__":
    print(json.dumps(us_east_1(), indent=2))
