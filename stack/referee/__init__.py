"""The referee decides whether the policies of a function's role allow an AWS call, as AWS documents IAM's rules.

It runs in tests (.venv) and inside the emulator (.venv-emulator). So import only the standard library, botocore, and
modules of `stack` that do the same.
"""
