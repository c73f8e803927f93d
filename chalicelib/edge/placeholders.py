"""Chalice wants an ARN in its decorators; the template binds the real one with Fn::GetAtt (resources.json)."""

MAIL_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:mail"
OVERFLOW_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:overflow"
OTHER_MAIL_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:other-mail"
EXPORTS_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:exports"
FEEDBACK_QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:feedback"
SIGNATURES_STREAM_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/signatures/stream/placeholder"
