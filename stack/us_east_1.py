"""Deploy the second stack of a site that uses CloudFront: its certificate, web ACL and alarm.

This stack is in us-east-1, because CloudFront accepts these resources from that region only.
"""

from argparse import Namespace
from collections.abc import Callable, Mapping

from stack import changeset
from stack.aws import Cloud
from stack.bucket import prepare_bucket, upload_template
from stack.changeset import ChangeSet
from stack.console import say
from stack.parameters import values_by_name
from stack.template.us_east_1 import us_east_1

REGION = "us-east-1"
_NOTE_ON_DNS = (
    "us-east-1: a first deployment waits until the domain's DNS has the record that the certificate needs. To see it:"
    " aws acm list-certificates --region us-east-1, then aws acm describe-certificate --region us-east-1"
    " --certificate-arn <arn> --query Certificate.DomainValidationOptions"
)
Confirm = Callable[[ChangeSet], bool]


def stack_name(stage: str, region: str) -> str:
    """`region`: of the stage's main stack."""
    return f"petitions-{stage}-edge-{region}"


def deploy_in_us_east_1(
    cloud: Cloud, options: Namespace, values: Mapping[str, str], distribution_arn: str, confirm: Confirm
) -> dict[str, str]:
    """Deploy the stack in us-east-1. Return the parameters that the main stack gets from this stack.

    `values`: the main stack's EdgeDomain and AlarmEmail, and the parameters that the operator chose. A previous
    EdgeCertificateArn is not among them: it may be the certificate that this stack requested, and as CertificateArn it
    would make this stack drop it. `distribution_arn`: "" before the main stack has it.
    """
    stack = stack_name(options.stage, _region(cloud))
    arns = {"CertificateArn": values.get("EdgeCertificateArn", ""), "DistributionArn": distribution_arn}
    known_arns = {name: arn for name, arn in arns.items() if arn}
    own_values = values_by_name(options.edge_set)
    # Without CertificateArn, a new stack requests a certificate.
    has_certificate = "CertificateArn" in known_arns or own_values.get("RequestCertificate") == "no"
    if not has_certificate and changeset.describe(_in_us_east_1(cloud), stack) is None:
        say(_NOTE_ON_DNS)
    site = {"Stage": options.stage, "SiteRegion": _region(cloud), "Domain": values["EdgeDomain"]}
    site |= {"AlarmEmail": values.get("AlarmEmail", "")}
    outputs = _deploy(_in_us_east_1(cloud), stack, {**site, **known_arns, **own_values}, confirm)
    return {"EdgeCertificateArn": outputs.get("CertificateArn", ""), "EdgeWebAclArn": outputs["WebAclArn"]}


def _deploy(cloud: Cloud, stack: str, values: dict[str, str], confirm: Confirm) -> dict[str, str]:
    template = us_east_1()
    address = upload_template(cloud, prepare_bucket(cloud), template)
    change_set = changeset.create(cloud, stack, address, values, template["Parameters"])
    if change_set:
        changeset.confirm_and_execute(cloud, change_set, confirm)
    return changeset.outputs(changeset.describe(cloud, stack))


def _region(cloud: Cloud) -> str:
    return str(cloud.client("cloudformation").meta.region_name)


def _in_us_east_1(cloud: Cloud) -> Cloud:
    return Cloud(cloud.endpoint, REGION)
