"""Build, deploy and run the CloudFormation stack. AWS and the local emulator get the same package and template.

The Lambda zip contains nothing of this folder.
"""
