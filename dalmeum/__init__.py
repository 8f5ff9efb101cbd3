"""dalmeum: semantic textual similarity, trained on the metric and judged with statistics."""

__version__ = "0.1.0"
