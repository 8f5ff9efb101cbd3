"""A page, read as a parser reads it."""

from html.parser import HTMLParser


class Parsed(HTMLParser):
    """Tags, attributes and texts of a page, scripts and style apart.

    `text` holds both languages; `english` and `korean` what is shown in one.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = self.english = self.korean = ""
        self.scripts: list[str] = []
        self.inside: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag in {"meta", "link", "br", "input"}:
            return
        language = "" if tag in {"html", "button"} else dict(attrs).get("lang") or ""
        self.inside.append((tag, language))
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tags, languages = ({each[part] for each in self.inside} for part in (0, 1))
        if "script" in tags:
            self.scripts[-1] += data
        elif "style" not in tags:
            self.text += data
            self.english += data if "ko" not in languages else ""
            self.korean += data if "en" not in languages else ""
