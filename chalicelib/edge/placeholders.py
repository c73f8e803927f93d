"""Placeholder ARNs for Chalice's decorators. The template sets the real ones (stack/template/queues.py, streams.py)."""

QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:placeholder"
STREAM_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/placeholder/stream/placeholder"
