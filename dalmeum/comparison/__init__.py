"""Arms in, findings out: what is better, by how much, and how sure that is. Arrays only, no files."""

from dalmeum.comparison.arm import Arm, Checkpoints, Curve, Pairs
from dalmeum.comparison.arms import BASELINE, Arms
from dalmeum.comparison.findings import Findings, check_metric, compare_arms

__all__ = [
    "BASELINE",
    "Arm",
    "Arms",
    "Checkpoints",
    "Curve",
    "Findings",
    "Pairs",
    "check_metric",
    "compare_arms",
]
