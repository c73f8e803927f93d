"""Start the stack for a spike: emulator, fault proxy, functions, API and CDN."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.edge.record import Record
from benchmarks.scene import sample_petition
from benchmarks.spike import faults
from benchmarks.spike.crowd_gateway import CrowdGateway
from benchmarks.spike.faults import ProxyFaults
from benchmarks.spike.plan import SpikePlan
from benchmarks.spike.ses import Ses
from stack import front
from stack.attach import Deployed, deploy_to_emulator
from stack.aws import Cloud
from stack.background import serve
from stack.edge import local
from stack.emulator import FUNCTIONS, emulator, set_faults
from stack.manage import issue_token, load_petitions
from stack.sockets import LOOPBACK, free_port

# The functions whose calls to DynamoDB and SES go through the fault proxy. Other calls go directly to the emulator.
FAULTY_FUNCTIONS = ("APIHandler", "Links", "StoreOverflow", "SendMail", "SendOtherMail")
QUEUES = {"overflow": "OverflowQueueUrl", "mail": "MailQueueUrl", "other mail": "OtherMailQueueUrl"}
SLUG = sample_petition().slug


@dataclass(frozen=True)
class SpikeStack:
    site: str
    stack: Deployed
    faults: ProxyFaults
    cloud: Cloud
    staff_token: str
    record: Record  # the GET requests that reach the API through the CDN

    def set_faults(self, rates: Mapping[str, float]) -> dict[str, int]:
        """Set the faults of every function. Return how often each fault has happened so far."""
        return set_faults(self.stack.endpoint, rates)

    def depths(self) -> dict[str, int]:
        return depths(self.cloud, self.stack)


@contextmanager
def start_stack(plan: SpikePlan) -> Iterator[SpikeStack]:
    """Start and deploy the stack behind its CDN. Stop it at the end of the block."""
    site_port, faults_port, api_port = free_port(), free_port(), free_port()
    site = f"http://{LOOPBACK}:{site_port}"
    email = {"MailPerSecond": f"{plan.sender_rate:g}", "MailSenders": str(plan.senders)}
    with emulator(functions=FUNCTIONS + plan.senders) as running:
        stack = deploy_to_emulator(running.endpoint, site, parameters={**local.PARAMETERS, **email})
        cloud = Cloud(running.endpoint)
        load_petitions(stack)
        proxy = ProxyFaults(running.endpoint, stack.outputs["SignaturesTableName"], Ses(plan.ses_rate, plan.quota))
        _send_through_proxy(cloud, f"http://{LOOPBACK}:{faults_port}")
        if plan.rest is not None:  # the seconds in which a failed message rests in its queue
            shorten_visibility_timeouts(cloud, stack, plan.rest)
        record = Record()
        edge, _ = local.applications(stack, api_port)
        api = front.forwarding_application(CrowdGateway(stack.gateway, record))
        with serve(faults.application(proxy), faults_port), serve(api, api_port), serve(edge, site_port):
            yield SpikeStack(site, stack, proxy, cloud, issue_token(stack), record)


def _send_through_proxy(cloud: Cloud, faults_url: str) -> None:
    client = cloud.client("lambda")
    settings = {"AWS_ENDPOINT_URL_DYNAMODB": faults_url, "AWS_ENDPOINT_URL_SESV2": faults_url}
    for function in _faulty_functions(client):
        variables = {**function["Environment"]["Variables"], **settings}
        client.update_function_configuration(
            FunctionName=function["FunctionName"], Environment={"Variables": variables}
        )


def _faulty_functions(client: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    by_name = {function["FunctionName"]: function for function in functions}
    found = [function for name, function in by_name.items() if _is_faulty(name)]
    if len(found) != len(FAULTY_FUNCTIONS):
        raise RuntimeError(f"looked for {FAULTY_FUNCTIONS}, found {[*by_name]}")
    return found


def _is_faulty(name: str) -> bool:
    """Return whether the name contains one of FAULTY_FUNCTIONS, at its end or before a suffix."""
    return any(f"-{each}-" in f"{name}-" for each in FAULTY_FUNCTIONS)


def depths(cloud: Cloud, stack: Deployed) -> dict[str, int]:
    """Return the messages in each queue: waiting, in flight, or delayed."""
    names: Any = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    client = cloud.client("sqs")
    found = {}
    for name, output in QUEUES.items():
        answer = client.get_queue_attributes(QueueUrl=stack.outputs[output], AttributeNames=names)
        numbers = answer["Attributes"].values()
        found[name] = sum(int(number) for number in numbers)
    return found


def shorten_visibility_timeouts(cloud: Cloud, stack: Deployed, seconds: int) -> None:
    """Let failed messages return after `seconds`, not minutes.

    On a busy machine, calls fail because they take longer than 2 s, and the messages are handled again.
    """
    for output in QUEUES.values():
        cloud.client("sqs").set_queue_attributes(
            QueueUrl=stack.outputs[output], Attributes={"VisibilityTimeout": str(seconds)}
        )
