"""The hand-written sentences of the practice set: scenes, one YAML file a source."""

from dataclasses import dataclass, fields
from importlib.resources import files

SOURCES = ("news", "review", "chat", "guide", "scene")


@dataclass(frozen=True)
class Scene:
    """A sentence and what was written to stand at graded distances from it."""

    base: str
    close: tuple[str, ...]
    """Says the same; the last one in words of its own."""
    omission: str
    """The base without one of its details."""
    loose: str
    """The gist, or what follows from it, in other words."""
    detail: str
    """Keeps the subject; time, place, number or manner differ."""
    subject: str
    """Keeps the frame; it is about something else."""
    negation: str
    """Contradicts."""
    topic: str
    """Shares a topic, no more."""

    @property
    def same(self) -> tuple[str, ...]:
        return (self.base, *self.close)

    @property
    def sentences(self) -> tuple[str, ...]:
        return (*self.same, self.omission, self.loose, self.detail, self.subject, self.negation, self.topic)


def load_scenes(source: str) -> list[Scene]:
    """The scenes of one of `SOURCES`, in the order of its file."""
    import yaml

    text = files(__package__).joinpath(f"{source}.yaml").read_text(encoding="utf-8")
    names = {field.name for field in fields(Scene)} - {"close"}
    return [
        Scene(close=tuple(entry["close"]), **{name: entry[name] for name in sorted(names)})
        for entry in yaml.safe_load(text)
    ]
