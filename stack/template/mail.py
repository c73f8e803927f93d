"""SES, and its events: SES to SNS to the feedback queue."""

from stack.template.cfn import Template, get, if_condition, keeps_data, output, ref, resource, statement

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
        "MailFromAttributes": if_condition("HasMailFromDomain", mail_from),
    }
    configuration = {
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SendingOptions": {"SendingEnabled": True},
        "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
        "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    }
    return {
        "MailSenderIdentity": resource("SES::EmailIdentity", identity, Condition="CreatesIdentity", **keeps_data()),
        "MailConfigurationSet": resource("SES::ConfigurationSet", configuration),
    }


def _events() -> Template:
    # CloudFormation knows the event types by their names in version 1 of the API.
    destination = {
        "Enabled": True,
        "MatchingEventTypes": ["bounce", "complaint", "reject"],
        "SnsDestination": {"TopicARN": _TOPIC},
    }
    events = {"ConfigurationSetName": ref("MailConfigurationSet"), "EventDestination": destination}
    ours = {"StringEquals": {"AWS:SourceAccount": ref("AWS::AccountId")}}
    ses = {"Service": "ses.amazonaws.com"}
    policy = statement("MailEventsOfThisAccount", ses, "sns:Publish", _TOPIC, ours)
    subscription = {
        "TopicArn": _TOPIC,
        "Protocol": "sqs",
        "Endpoint": get("FeedbackQueue"),
        "RawMessageDelivery": True,
        "RedrivePolicy": {"deadLetterTargetArn": get("FeedbackDeadLetterQueue")},
    }
    return {
        "MailEventsTopic": resource("SNS::Topic"),
        "MailEventsTopicPolicy": resource("SNS::TopicPolicy", {"Topics": [_TOPIC], "PolicyDocument": policy}),
        "MailEvents": resource("SES::ConfigurationSetEventDestination", events, DependsOn=["MailEventsTopicPolicy"]),
        "MailEventsSubscription": resource("SNS::Subscription", subscription),
        "FeedbackQueuePolicy": _queue_policy("FeedbackQueue"),
        "FeedbackDeadLetterQueuePolicy": _queue_policy("FeedbackDeadLetterQueue"),
    }


def _queue_policy(queue: str) -> Template:
    """Return the policy of one queue: SQS refuses a policy that names two."""
    sns, events_only = {"Service": "sns.amazonaws.com"}, {"ArnEquals": {"aws:SourceArn": _TOPIC}}
    document = statement("OnlyFromMailEvents", sns, "sqs:SendMessage", get(queue), events_only)
    return resource("SQS::QueuePolicy", {"Queues": [ref(queue)], "PolicyDocument": document})
