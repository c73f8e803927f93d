"""Make the emulator as strict as AWS: this runs in the emulator's process and refuses what AWS refuses.

The emulator's own Python imports this package: use the standard library, botocore and `stack.referee` only.
"""
