"""Builds, deploys and runs the stack: the same package and template for AWS and the embedded AWS.

Nothing here ships in the Lambda zip. It lives under `.chalice/` because the top level of the
repository is fixed by contract; run it with `PYTHONPATH=.chalice`.
"""
