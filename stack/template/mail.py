"""Email by Amazon SES: the identity of the sender, and the events of sent email (bounces, complaints and rejects).

SES publishes the events to an SNS topic, and the topic sends them to the feedback queue.
"""

from stack.template.cfn import Template, get_att, if_condition, output, policy_document, ref, resource, retention

_TOPIC = ref("MailEventsTopic")


def mail() -> Template:
    return {
        "Resources": {**_sending(), **_events()},
        "Outputs": {
            "MailEventsTopicArn": output(_TOPIC, "Topic of bounces, complaints and rejects"),
            "MailConfigurationSetName": output(ref("MailConfigurationSet"), "SES configuration set of all email"),
        },
    }


def _sending() -> Template:
    mail_from = {"MailFromDomain": ref("MailFromDomain"), "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    identity = {
        "EmailIdentity": ref("MailIdentity"),
        "DkimSigningAttributes": {"NextSigningKeyLength": "RSA_2048_BIT"},
        # The events below say the same, and nobody's mailbox then fills with supporters' addresses.
        "FeedbackAttributes": {"EmailForwardingEnabled": False},
        "MailFromAttributes": if_condition("HasMailFromDomain", mail_from),
    }
    configuration = {
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SendingOptions": {"SendingEnabled": True},
        # Without TLS, anybody on the way could read the link with the token that an email has. So an email to a server
        # without TLS bounces, and its signature is undeliverable. Few servers lack TLS.
        "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
        "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    }
    return {
        "MailSenderIdentity": resource("SES::EmailIdentity", identity, Condition="CreatesIdentity", **retention()),
        "MailConfigurationSet": resource("SES::ConfigurationSet", configuration),
    }


def _events() -> Template:
    # CloudFormation uses the names that the event types have in version 1 of SES's API.
    destination = {
        "Enabled": True,
        "MatchingEventTypes": ["bounce", "complaint", "reject"],
        "SnsDestination": {"TopicARN": _TOPIC},
    }
    events = {"ConfigurationSetName": ref("MailConfigurationSet"), "EventDestination": destination}
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
        # SES may refuse a topic to which it cannot publish yet.
        "MailEvents": resource("SES::ConfigurationSetEventDestination", events, DependsOn=["MailEventsTopicPolicy"]),
        "MailEventsSubscription": resource("SNS::Subscription", subscription),
        "FeedbackQueuePolicy": _queue_policy("FeedbackQueue"),
        "FeedbackDeadLetterQueuePolicy": _queue_policy("FeedbackDeadLetterQueue"),
    }


def _queue_policy(queue: str) -> Template:
    """Each queue has a policy of its own, because SQS refuses a policy that names two queues."""
    sns, events_only = {"Service": "sns.amazonaws.com"}, {"ArnEquals": {"aws:SourceArn": _TOPIC}}
    document = policy_document("OnlyFromMailEvents", sns, "sqs:SendMessage", get_att(queue), events_only)
    return resource("SQS::QueuePolicy", {"Queues": [ref(queue)], "PolicyDocument": document})
