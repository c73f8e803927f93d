"""Make the emulator (ministack, which stands in for AWS) as strict as AWS: refuse the calls that AWS refuses.

The emulator's process imports this package from a virtual environment of its own (.venv-emulator). So import only the
standard library, botocore, the emulator, and those modules of `stack` that do the same.
"""
