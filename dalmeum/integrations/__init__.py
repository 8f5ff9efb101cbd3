"""dalmeum beside other tools: its losses in their trainers, its curves in their viewers."""
