"""The judge refuses AWS calls where we make them: in the caller's process, on botocore's events, for every client.

It refuses what the role of the calling function does not allow, what AWS's limits forbid, and it injects faults.
The modules that decide import only the standard library, because the emulator of the deployed tests imports them too.
"""
