"""Build, deploy and run the CloudFormation stack. AWS and the local emulator get the same code and template.

The Lambda zip contains no module of this folder.
"""
