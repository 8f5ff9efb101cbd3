"""The offline pair scorer: no download, made for Korean, good for any text."""
