"""How often verdicts are false, and how often they find what is there, a module a kind of question.

Each has `simulated`, a generator of results with their names; `benchmarks/calibration.py` runs them all.
Pairs are as STS has them: labels from 0 to 5, a third of them 0, predictions that are clipped to the scale,
errors that are heavy-tailed and wider in the middle. Scores of seeds alone are drawn where pairs would only
take time.
"""
