"""The members of an ensemble, as they lie in its folder."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from dalmeum.errors import InputError
from dalmeum.models.fields import Fields
from dalmeum.models.pretrained import GOLDEN, SETTINGS, is_model_folder, read_json
from dalmeum.recipe.model import MEMBER_NAME


def member_hash(folder: Path) -> str:
    """SHA-256 of a member's weights, or of all its files where it has none in safetensors."""
    digest = hashlib.sha256()
    files = sorted(folder.rglob("*.safetensors")) or sorted(
        path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(GOLDEN)
    )
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def check_members(folder: Path, settings: Fields, names: Sequence[str]) -> None:
    """`InputError` where the members in an ensemble's folder are not those that were saved there: left out of
    its settings, or put in another's place, of which older folders do not say.
    """
    kept = settings.mapping("sha256", str) if "sha256" in settings else {}
    here = {each.name for each in folder.iterdir() if is_model_folder(each)}
    if unnamed := sorted((here | kept.keys()) - set(names)):
        raise settings.wrong("members", f"a weight for {unnamed[0]}, too")
    for name in names:
        if (
            kept
            and (folder / name).is_dir()
            and member_hash(folder / name) != settings.section("sha256")[name]
        ):
            raise InputError(
                f"{folder / name}: is not the member that {folder} was saved with: put that back, or "
                "train it again"
            )


def members_in(folder: Path) -> tuple[str, ...]:
    """The names of the members of the ensemble in a folder; none where it holds a single model.

    Raises `InputError` where its settings are damaged.
    """
    path = folder / SETTINGS
    settings = read_json(path, default={})
    if not isinstance(settings, dict) or "members" not in settings:
        return ()
    members: object = settings["members"]
    if not isinstance(members, dict) or not members or not all(map(MEMBER_NAME.fullmatch, members)):
        raise Fields(settings, path).wrong("members", "a weight by the name of each member")
    return tuple(members)
