"""The offline pair scorer: no download, made for Korean, good for any text."""

OFFLINE_TYPE = "dalmeum-offline"
"""Its `model_type` in `config.json`; told apart before transformers is imported."""
