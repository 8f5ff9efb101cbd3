"""Who may ask: tokens from a file or the environment, never from the command line."""

import hashlib
import hmac
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from dalmeum.errors import InputError
from dalmeum.languages import Text
from dalmeum.progress import tell

SETTING = "DALMEUM_TOKENS"

SHORTEST = 16

TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What `Authorization: Bearer` can carry: RFC 6750, section 2.1."""

READABLE = Text(
    "warning: {path}: others on this machine can read the tokens: chmod 600 {path}",
    "주의: {path}: 이 기계의 다른 사용자가 토큰을 읽을 수 있습니다: chmod 600 {path}",
)


class Tokens:
    """Those that are let in; without any, everybody is."""

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        self._digests = [_digest(token.encode()) for token in tokens]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def allow(self, header: bytes) -> bool:
        """Whether an `Authorization` header holds one of the tokens, in a time that tells nothing of them."""
        if not self._digests:
            return True
        scheme, _, given = header.partition(b" ")
        digest = _digest(given.strip())
        found = sum([hmac.compare_digest(digest, each) for each in self._digests])
        return scheme.lower() == b"bearer" and found > 0


def _digest(token: bytes) -> bytes:
    # Of one length, whatever the token's is; and no token stays in memory.
    return hashlib.sha256(token).digest()


def read_tokens(path: Path | None) -> tuple[str, ...]:
    """Tokens of a file, one a line but for empty lines and those that begin with #, and of `DALMEUM_TOKENS`,
    with commas between them.

    Raises `InputError` for a file that can't be read or holds none, and for what is no token.
    """
    found = [each.strip() for each in os.environ.get(SETTING, "").split(",") if each.strip()]
    places = [SETTING] * len(found)
    if path is not None:
        lines = _lines(path)
        if not lines:
            raise InputError(f"{path}: holds no token: write one a line")
        found += [line for _, line in lines]
        places += [f"{path}, line {number}" for number, _ in lines]
    for place, token in zip(places, found, strict=True):
        if not TOKEN.fullmatch(token):
            raise InputError(f"{place}: is no token: letters, digits and ._~+/- alone, no spaces")
        if len(token) < SHORTEST:
            raise InputError(
                f"{place}: a token of {len(token)} characters can be guessed: use {SHORTEST} or more, as "
                "openssl rand -hex 32 makes them"
            )
    return tuple(found)


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        mode = os.stat(path).st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "is no text").lower()
        raise InputError(f"{path}: can't be read: {reason}") from None
    # A warning: secrets that a container is given lie there readable, and nobody else is in it.
    if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
        tell(READABLE.format(path=path))
    lines = enumerate(map(str.strip, text.splitlines()), 1)
    return [(number, line) for number, line in lines if line and not line.startswith("#")]
