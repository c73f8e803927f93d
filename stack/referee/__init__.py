"""Decides whether a function's own role allows an AWS call, with the semantics that AWS documents for IAM.

Runs in tests (.venv) and inside the emulator (.venv-emulator): it imports the standard library, botocore and itself.
"""
