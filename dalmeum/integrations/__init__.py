"""dalmeum's losses in other libraries' trainers."""
