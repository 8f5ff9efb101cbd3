"""Run folders on disk: opened, made, told apart."""

from dalmeum.runs.folder import AFTER_RUN, Run, create_run, load, open_run

__all__ = ["AFTER_RUN", "Run", "create_run", "load", "open_run"]
