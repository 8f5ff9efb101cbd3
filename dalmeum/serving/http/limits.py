"""What one request, and all of them together, may take of the machine."""

from dataclasses import dataclass, fields

from dalmeum.errors import InputError


@dataclass(frozen=True)
class Limits:
    """Each above 0; what goes beyond is answered with an error, and holds nothing.

    Attributes:
        body: bytes of a request's body.
        pairs: of a request.
        characters: of a sentence.
        waiting: pairs in the queue of a model.
        batch: pairs that are scored together; as many as one forward pass of scoring takes.
        wait: seconds of work before a request's own; one that would have to wait longer is refused at once.
        deadline: seconds from a request's arrival to its answer.
        arrival: seconds in which a request's head, and then its body, must have come.
        requests: at work at one time.
        held: bytes of bodies at one time.
    """

    body: int = 2 * 1024**2
    pairs: int = 1024
    characters: int = 8192
    waiting: int = 4096
    batch: int = 64
    wait: float = 1.0
    deadline: float = 30.0
    arrival: float = 10.0
    requests: int = 1024
    held: int = 32 * 1024**2

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
                raise InputError(f"limit {field.name} {value!r:.80}: give a number above 0")
        if self.pairs > self.waiting:
            raise InputError(
                f"limits: a request of {self.pairs} pairs would never fit a queue of {self.waiting}"
            )
