"""Builds, deploys and runs the stack: the same package and template for AWS and the emulator.

Nothing here ships in the Lambda zip.
"""
