"""The page of a server: two sentences or a table of them in, scores out, by what the server answers."""

import functools

from dalmeum.languages import Text
from dalmeum.pages.document import Page, render

TITLE = Text("Similarity of sentences", "문장 유사도")

SCRIPTS = (
    "scorer_text.js",
    "scorer_api.js",
    "scorer_cells.js",
    "scorer_pair.js",
    "scorer_pairs.js",
    "scorer_table.js",
)


@functools.cache
def render_scorer(*, pairs: int, characters: int, body: int) -> str:
    """The page, the same for everybody; it tells nothing of the server but what a request may hold.

    Args:
        pairs, characters, body: of a request, of a sentence, and the bytes of a request.
    """
    values = {"pairs": pairs, "characters": characters, "body": body}
    page = Page(TITLE, "scorer.html", values, scripts=SCRIPTS, styles=("scorer.css",), served=True)
    return render(page)
