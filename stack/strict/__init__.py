"""Make the emulator (ministack, which stands in for AWS) as strict as AWS: refuse the calls that AWS refuses.

The emulator's process imports this package. The emulator has a virtual environment of its own (.venv-emulator). So the
modules here import only the standard library, botocore, the emulator, and modules of this project that do the same.
"""
