"""Studies: arms against a baseline over seeds, run where missing, judged with statistics."""
