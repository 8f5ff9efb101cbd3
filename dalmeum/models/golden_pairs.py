"""The pairs whose similarities travel with a model: nobody's data."""

from itertools import islice

from dalmeum.data.practice import practice_tables

ENGLISH = (
    ("A man is playing a guitar on the stage.", "A man plays the guitar on stage."),
    ("A man is playing a guitar on the stage.", "A woman is peeling potatoes in the kitchen."),
    ("Two children are building a castle of sand.", "Two kids build a sandcastle at the beach."),
    ("Two children are building a castle of sand.", "Nobody is building anything in the sand."),
    (
        "The train to Busan leaves at 7:45 in the morning.",
        "The train to Busan leaves at 8:45 in the morning.",
    ),
    ("The train to Busan leaves at 7:45 in the morning.", "The Busan train departs at a quarter to eight."),
    ("She didn't enjoy the concert at all.", "She enjoyed the concert very much."),
    ("She didn't enjoy the concert at all.", "The concert was no fun for her."),
    ("The company cut 300 jobs to save money.", "To lower its costs, the firm laid off 300 people."),
    ("The company cut 300 jobs to save money.", "The company hired 300 people this spring."),
    ("A dog runs after a ball in the park.", "A ball runs after a dog in the park."),
    ("A dog runs after a ball in the park.", "In the park, a dog is chasing a ball."),
    ("How do I change the password of my account?", "I forgot my password. How can I set a new one?"),
    ("How do I change the password of my account?", "How do I delete my account?"),
    ("Boil the noodles for three minutes.", "Cook the noodles in boiling water for 3 minutes."),
    ("Boil the noodles for three minutes.", "Let the dough rest for an hour."),
    ("Rain is expected in the south tomorrow.", "It will probably rain in the south tomorrow."),
    ("Rain is expected in the south tomorrow.", "Interest rates are expected to fall."),
    ("The museum is closed on Mondays.", "The museum is open every day but Monday."),
    ("The museum is closed on Mondays.", "On Mondays, entrance to the museum is free."),
    ("The surgeon operated on the old man.", "The old man was operated on by the surgeon."),
    ("Scientists found water under the ice.", "Researchers have discovered water beneath the ice sheet."),
    ("Yes.", "No."),
    (
        "After a long debate that went on until midnight, the city council voted to turn the old harbour, "
        "which had stood empty for twenty years, into a park with a library, a pool and a concert hall.",
        "The council decided late at night that the unused harbour will become a park.",
    ),
)
"""Alike and not, of words, order, numbers, negation and length."""

EVERY = 5
"""Of so many pairs of the practice set's test one is taken."""


def golden_pairs() -> list[tuple[str, str]]:
    """64 pairs, Korean and English."""
    return [*islice(practice_tables()["test"].pairs, 0, None, EVERY), *ENGLISH]
