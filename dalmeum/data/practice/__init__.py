"""The built-in practice set: synthetic Korean pairs to try things on, offline; no benchmark."""

from dalmeum.data.practice.files import write_practice
from dalmeum.data.practice.generator import practice_tables

__all__ = ["practice_tables", "write_practice"]
