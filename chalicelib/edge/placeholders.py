"""Placeholder ARNs for Chalice's decorators. The template sets the real ones with Fn::GetAtt (stack/template)."""

MAIL_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:mail"
OVERFLOW_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:overflow"
OTHER_MAIL_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:other-mail"
EXPORTS_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:exports"
FEEDBACK_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:feedback"
SIGNATURES_STREAM_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/signatures/stream/placeholder"
