"""The referee decides whether the policies of a function's role allow an AWS call, as AWS documents IAM's rules.

The referee runs in tests (.venv) and inside the emulator (.venv-emulator). So its modules import only the standard
library, botocore, and modules of this project that do the same.
"""
