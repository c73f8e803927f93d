"""Checks of the packaged template and its policies. They run in a virtual environment of their own (.venv-lint)."""
