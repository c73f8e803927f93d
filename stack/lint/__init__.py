"""Checks of the translations. The checks of the template run in a virtual environment of their own (.venv-lint)."""
