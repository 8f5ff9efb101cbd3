"""The offline pair scorer: no download, made for Korean, good for any text."""

OFFLINE_TYPE, FIRST_OFFLINE_TYPE = "dalmeum-offline-2", "dalmeum-offline"
"""Its `model_type` in `config.json`, and that of the first version, which knew nothing of the universal
sentence encoder; told apart before transformers is imported."""

OFFLINE_TYPES = (OFFLINE_TYPE, FIRST_OFFLINE_TYPE)
