"""Email by Amazon SES: the identity of the sender, and the events of sent email (bounces, complaints and rejects).

SES publishes the events to an SNS topic, and the topic sends them to the feedback queue.
"""

from chalicelib.core.settings import Reputation
from stack.template.cfn import Template, get_att, if_condition, output, policy_document, ref, resource, retention

_TOPIC = ref("MailEventsTopic")
CONFIGURATION_SETS = {
    Reputation.SIGNATURES: "MailConfigurationSet",  # Another name would make a new one.
    Reputation.UPDATES: "UpdatesConfigurationSet",
    Reputation.LETTERS: "LettersConfigurationSet",
}


def mail() -> Template:
    return {
        "Resources": {**_sending(), **_events()},
        "Outputs": {
            "MailEventsTopicArn": output(_TOPIC, "Topic of bounces, complaints and rejects"),
            **{f"{name}Name": _output(reputation) for reputation, name in CONFIGURATION_SETS.items()},
        },
    }


def _output(reputation: Reputation) -> Template:
    return output(ref(CONFIGURATION_SETS[reputation]), f"SES configuration set of email about {reputation}")


def _sending() -> Template:
    mail_from = {"MailFromDomain": ref("MailFromDomain"), "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    identity = {
        "EmailIdentity": ref("MailIdentity"),
        "DkimSigningAttributes": {"NextSigningKeyLength": "RSA_2048_BIT"},
        # The events below say the same, and nobody's mailbox then fills with supporters' addresses.
        "FeedbackAttributes": {"EmailForwardingEnabled": False},
        "MailFromAttributes": if_condition("HasMailFromDomain", mail_from),
    }
    return {
        "MailSenderIdentity": resource("SES::EmailIdentity", identity, Condition="CreatesIdentity", **retention()),
        **{name: _configuration_set(reputation) for reputation, name in CONFIGURATION_SETS.items()},
    }


def _configuration_set(reputation: Reputation) -> Template:
    # SES's suppression list is one for the whole account. Who reports an update as spam could not confirm a signature
    # any more if the report put their address there. Our own code sends them nothing more about that petition.
    suppressed = ["BOUNCE"] if reputation is Reputation.UPDATES else ["BOUNCE", "COMPLAINT"]
    configuration = {
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SendingOptions": {"SendingEnabled": True},
        # Without TLS, anybody on the way could read the link with the token that an email has. So an email to a server
        # without TLS bounces, and its signature is undeliverable. Few servers lack TLS.
        "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
        "SuppressionOptions": {"SuppressedReasons": suppressed},
    }
    return resource("SES::ConfigurationSet", configuration)


def _events() -> Template:
    this_account = {"StringEquals": {"AWS:SourceAccount": ref("AWS::AccountId")}}
    ses = {"Service": "ses.amazonaws.com"}
    policy = policy_document("MailEventsOfThisAccount", ses, "sns:Publish", _TOPIC, this_account)
    subscription = {
        "TopicArn": _TOPIC,
        "Protocol": "sqs",
        "Endpoint": get_att("FeedbackQueue"),
        "RawMessageDelivery": True,
        "RedrivePolicy": {"deadLetterTargetArn": get_att("FeedbackDeadLetterQueue")},
    }
    return {
        "MailEventsTopic": resource("SNS::Topic"),
        "MailEventsTopicPolicy": resource("SNS::TopicPolicy", {"Topics": [_TOPIC], "PolicyDocument": policy}),
        **{name.replace("ConfigurationSet", "Events"): _events_of(name) for name in CONFIGURATION_SETS.values()},
        "MailEventsSubscription": resource("SNS::Subscription", subscription),
        "FeedbackQueuePolicy": _queue_policy("FeedbackQueue"),
        "FeedbackDeadLetterQueuePolicy": _queue_policy("FeedbackDeadLetterQueue"),
    }


def _events_of(configuration_set: str) -> Template:
    # CloudFormation uses the names that the event types have in version 1 of SES's API.
    destination = {
        "Enabled": True,
        "MatchingEventTypes": ["bounce", "complaint", "reject"],
        "SnsDestination": {"TopicARN": _TOPIC},
    }
    events = {"ConfigurationSetName": ref(configuration_set), "EventDestination": destination}
    # SES may refuse a topic to which it cannot publish yet.
    return resource("SES::ConfigurationSetEventDestination", events, DependsOn=["MailEventsTopicPolicy"])


def _queue_policy(queue: str) -> Template:
    """Each queue has a policy of its own, because SQS refuses a policy that names two queues."""
    sns, events_only = {"Service": "sns.amazonaws.com"}, {"ArnEquals": {"aws:SourceArn": _TOPIC}}
    document = policy_document("OnlyFromMailEvents", sns, "sqs:SendMessage", get_att(queue), events_only)
    return resource("SQS::QueuePolicy", {"Queues": [ref(queue)], "PolicyDocument": document})
