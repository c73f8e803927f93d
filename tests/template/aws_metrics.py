"""The metrics that AWS has in the namespaces of our alarms and dashboard, by the dimensions that they are kept under.

CloudWatch accepts an alarm on a metric that does not exist, and such an alarm never starts. Sources: "Amazon API
Gateway dimensions and metrics"; "DynamoDB Metrics and dimensions"; "Types of metrics for Lambda functions"; "Available
CloudWatch metrics for Amazon SQS"; "Monitoring your Amazon SES sending activity" (reputation metrics).
"""

from chalicelib.core.metrics import NAMESPACE, Metric
from stack.template.alarms import FUNCTION_FAILED

_API = "4XXError 5XXError CacheHitCount CacheMissCount Count IntegrationLatency Latency"
_TABLE = (
    "ConditionalCheckFailedRequests ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ReadThrottleEvents "
    "WriteThrottleEvents TimeToLiveDeletedItemCount TransactionConflict"
)
_FUNCTION = (
    "AsyncEventAge AsyncEventsDropped AsyncEventsReceived ConcurrentExecutions DeadLetterErrors "
    "DestinationDeliveryFailures Duration Errors Invocations IteratorAge OffsetLag PostRuntimeExtensionsDuration "
    "RecursiveInvocationsDropped Throttles"
)
_QUEUE = (
    "ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible "
    "ApproximateNumberOfMessagesVisible NumberOfEmptyReceives NumberOfMessagesDeleted NumberOfMessagesReceived "
    "NumberOfMessagesSent SentMessageSize"
)

METRICS: dict[tuple[str, frozenset[str]], set[str]] = {
    (namespace, frozenset(dimensions.split())): set(names.split())
    for namespace, dimensions, names in (
        ("AWS/ApiGateway", "ApiName", _API),
        ("AWS/ApiGateway", "ApiName Stage", _API),
        ("AWS/DynamoDB", "TableName", _TABLE),
        ("AWS/Lambda", "FunctionName", _FUNCTION),
        ("AWS/Lambda", "", "ConcurrentExecutions Duration Errors Invocations Throttles"),
        ("AWS/SQS", "QueueName", _QUEUE),
        ("AWS/SES", "", "Reputation.BounceRate Reputation.ComplaintRate"),
        (NAMESPACE, "stage", " ".join(Metric)),
        (NAMESPACE, "", FUNCTION_FAILED),
    )
}
