"""The run that the tests of commands share."""

from tests.cli.conftest import own_run, trained

__all__ = ["own_run", "trained"]
