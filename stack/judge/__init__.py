"""The judge refuses AWS calls where we make them: in the caller's process, on botocore's events, for every client.

It refuses what the role of the calling function does not allow, what AWS's limits forbid, and it injects faults.
"""
