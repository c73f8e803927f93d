"""Deploy the second stack of a site that uses CloudFront: its certificate, web ACL and alarm.

This stack is in us-east-1, because CloudFront accepts these resources from that region only. `python -m
stack.us_east_1` prints its template.
"""

import json
from argparse import Namespace
from collections.abc import Callable, Mapping

from stack import changeset
from stack.aws import Cloud
from stack.bucket import prepare_bucket, upload_template
from stack.busy_page import refused_page
from stack.changeset import ChangeSet
from stack.console import say
from stack.parameters import values_by_name
from stack.template.cfn import Template, written

REGION = "us-east-1"
_NOTE_ON_DNS = (
    "us-east-1: a first deployment that requests a certificate waits for its record in the domain's DNS. To see it:"
    " aws acm list-certificates --region us-east-1, then aws acm describe-certificate --region us-east-1"
    " --certificate-arn <arn> --query Certificate.DomainValidationOptions"
)
Confirm = Callable[[ChangeSet], bool]


def stack_name(stage: str, region: str) -> str:
    """`region`: of the stage's main stack."""
    return f"petitions-{stage}-edge-{region}"


def us_east_1() -> Template:
    template = written("us_east_1")
    template["Resources"]["WebAcl"]["Properties"]["CustomResponseBodies"]["Page"]["Content"] = refused_page()
    return template


def deploy_in_us_east_1(
    cloud: Cloud, options: Namespace, values: Mapping[str, str], distribution_arn: str, confirm: Confirm
) -> dict[str, str]:
    """Deploy the stack in us-east-1. Return the parameters that the main stack gets from this stack.

    `values`: the main stack's EdgeDomain and AlarmEmail, and the parameters that the operator chose. A previous
    EdgeCertificateArn is not among them: it may be the certificate that this stack requested, and as CertificateArn it
    would make this stack drop it. `distribution_arn`: "" before the main stack has it.
    """
    region = str(cloud.client("cloudformation").meta.region_name)
    there, stack = Cloud(cloud.endpoint, REGION), stack_name(options.stage, region)
    arns = {"CertificateArn": values.get("EdgeCertificateArn", ""), "DistributionArn": distribution_arn}
    known_arns = {name: arn for name, arn in arns.items() if arn}
    if changeset.describe(there, stack) is None and "CertificateArn" not in known_arns:
        say(_NOTE_ON_DNS)
    site = {"Stage": options.stage, "SiteRegion": region, "Domain": values["EdgeDomain"]}
    site |= {"AlarmEmail": values.get("AlarmEmail", ""), **known_arns, **values_by_name(options.edge_set)}
    template = us_east_1()
    address = upload_template(there, prepare_bucket(there), template)
    change_set = changeset.create(there, stack, address, site, template["Parameters"])
    if change_set:
        changeset.confirm_and_execute(there, change_set, confirm)
    outputs = changeset.outputs(changeset.describe(there, stack))
    return {"EdgeCertificateArn": outputs.get("CertificateArn", ""), "EdgeWebAclArn": outputs["WebAclArn"]}


if __name__ == "__main__":
    print(json.dumps(us_east_1(), indent=2))
