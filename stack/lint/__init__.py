"""Checks of the packaged template, of its IAM policies and of the translations.

The checks of the template and the policies run in a virtual environment of their own (.venv-lint).
"""
