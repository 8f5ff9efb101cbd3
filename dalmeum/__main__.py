"""`python -m dalmeum`, and what `torchrun -m dalmeum train ...` starts in each process."""

from dalmeum.cli import main

main()
