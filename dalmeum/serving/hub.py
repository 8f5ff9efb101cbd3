"""A run's model and its card on the Hugging Face hub, and nothing else of the run."""

import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalmeum.errors import DalmeumError, InputError
from dalmeum.languages import Text
from dalmeum.models.pretrained import READ, read_json
from dalmeum.progress import tell
from dalmeum.runs.folder import Run, load, open_run
from dalmeum.runs.scoring import folder_of
from dalmeum.serving.card import Card, model_card
from dalmeum.serving.card.told import CardFile

CARD = "README.md"

NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)

SENDING = Text("sending {count} files to {repo}", "{repo}에 파일 {count}개를 보내는 중")


@dataclass(frozen=True)
class Publication:
    """What is sent, or was.

    Attributes:
        files: of the repository, and their bytes; the card among them.
        left_out: files of the model's folder that no model is read from.
        private: whether a repository that is made for it is.
        url: of the commit, once it is sent.
    """

    run: str
    repo: str
    files: Mapping[str, int]
    left_out: tuple[str, ...]
    card: Card
    private: bool
    url: str | None = None

    @property
    def warnings(self) -> tuple[Text, ...]:
        return self.card.warnings

    def to_dict(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "repo": self.repo,
            "private": self.private,
            "files": dict(self.files),
            "left_out": [*self.left_out],
            "card": self.card.text,
            "sent": self.url is not None,
            "url": self.url,
            "warnings": [str(each) for each in self.warnings],
        }


def publish(
    run: "str | Path | Run",
    repo: str,
    *,
    send: bool = False,
    private: bool = True,
    card: str | Path | None = None,
    output: str | Path = "runs",
    trust_code: bool = False,
) -> Publication:
    """Put a run's model and its card on the Hugging Face hub, as `dalmeum export RUN --hub OWNER/NAME` does.

    Without `send` nothing is sent, and nobody is asked anything: the answer says what would be. Reports,
    predictions, checkpoints, recipe and record of the run stay here. The token is `HF_TOKEN`, or the one that
    `hf auth login` has kept; another hub is `HF_ENDPOINT`.

    Args:
        repo: `owner/name`; made where it is not there, `private` if nothing else is said.
        card: a YAML file of what the author tells (`dalmeum.serving.card.told.CardFile`).

    Raises `InputError` for what only the user can mend, `DalmeumError` where the hub does not take it.
    """
    _check_name(repo)
    told = CardFile.read(card)
    opened = open_run(folder_of(run), output)
    scorer = load(opened.folder, "float32", trust_code=trust_code)
    files = {path.relative_to(opened.model).as_posix(): path for path in _files(opened.model)}
    sent = {name: path for name, path in files.items() if path.suffix in READ}
    _check_no_paths(sent)
    written = model_card(opened, scorer, repo, told)
    sizes = {name: path.stat().st_size for name, path in sent.items()}
    found = Publication(
        opened.id,
        repo,
        {CARD: len(written.text.encode()), **sizes},
        tuple(sorted({*files} - {*sent} - {CARD})),
        written,
        private,
    )
    if not send:
        return found
    tell(SENDING.format(count=len(found.files), repo=repo))
    url = _send(repo, {CARD: written.text.encode(), **sent}, private, opened.id)
    return Publication(found.run, repo, found.files, found.left_out, written, private, url)


def _check_name(repo: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        if not NAME.fullmatch(repo):
            raise HFValidationError
        validate_repo_id(repo)
    except HFValidationError:
        raise InputError(
            f"{repo!r:.100}: is no name on the hub: write OWNER/NAME, of letters, digits, -, _ and ."
        ) from None


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _check_no_paths(files: Mapping[str, Path]) -> None:
    """`InputError` where a configuration names a place of this machine."""
    for name, path in files.items():
        if path.suffix != ".json" or path.name in ("tokenizer.json", "vocab.json"):
            continue
        for key, value in _texts(read_json(path)):
            if os.path.isabs(value) and len(Path(value).parts) > 2 and os.path.lexists(value):
                raise InputError(f"{path}: {key} names a place of this machine: take it out of {name} first")


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield from _texts(inner, name)
    for inner in value if isinstance(value, list) else ():
        yield from _texts(inner, key)


def _send(repo: str, contents: Mapping[str, bytes | Path], private: bool, run: str) -> str:
    """All of it in one commit, which is there or is not; its address."""
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="dalmeum")
    operations = [CommitOperationAdd(name, content) for name, content in contents.items()]
    try:
        with warnings.catch_warnings(action="ignore"):
            api.create_repo(repo, private=private, exist_ok=True)
            commit = api.create_commit(repo, operations, commit_message=f"Model and card of the run {run}")
    # The library's errors are many, and those of its HTTP client beside them; what they say may hold a token.
    except Exception as error:
        raise _told(repo, error) from None
    return str(commit.commit_url)


def _told(repo: str, error: BaseException) -> DalmeumError:
    from huggingface_hub.errors import LocalTokenNotFoundError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return InputError(f"{repo}: HF_HUB_OFFLINE is set, so that nothing is sent: unset it")
    status = _status(error)
    token = "set HF_TOKEN to one that may write, or run hf auth login"
    if isinstance(error, LocalTokenNotFoundError) or status == 401:
        return InputError(f"{repo}: the hub knows no such token, or none was given: {token}")
    if status in (403, 404):
        return InputError(f"{repo}: the token may not write there: {token}, or name an owner that is yours")
    reasons = {
        400: "the hub refuses a file or the card; look at the card's metadata",
        409: "somebody else has changed the repository meanwhile: run it again",
        412: "somebody else has changed the repository meanwhile: run it again",
        413: "a file is larger than the hub takes",
        429: "the hub takes no more for now: run it again later",
    }
    if status is not None:
        return DalmeumError(
            f"{repo}: {reasons.get(status, f'the hub failed ({status}): run it again later')}"
        )
    return DalmeumError(
        f"{repo}: the hub can't be reached, or broke off ({type(error).__name__}): look at the network, a "
        "proxy, HF_ENDPOINT; what was not committed is not there"
    )


def _status(error: BaseException | None) -> int | None:
    """Of the hub's answer, which another error may hide."""
    seen = 0
    while error is not None and seen < 5:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None
