import itertools
import re

import numpy as np
import pytest

from dalmeum import progress
from dalmeum.korean.morphemes import Morpheme, analyse, kiwi
from dalmeum.models.offline.alignment import Best, Similarities, alignment_features
from dalmeum.models.offline.embeddings import STAND_INS, MorphemeVectors, recover
from dalmeum.models.offline.ngrams import ngram_counts, signed_ngram_vectors, tfidf_cosines
from dalmeum.models.offline.sentences import NO_WORDS, Lexicon, Sentences, Words
from dalmeum.models.offline.surface import Surface, surface_features

VECTORS = MorphemeVectors(
    names=("의문/UN", "개/NNG", "고양이/NNG", "자/VV"),
    vectors=np.array([[0, 0], [1, 0], [0.6, 0.8], [0, 1]], np.float16),
)
LEXICON = Lexicon(VECTORS, {"개/NNG": 3, "고양이/NNG": 1}, documents=3)
DOG, CAT, SLEEP = Morpheme("개", "NNG"), Morpheme("고양이", "NNG"), Morpheme("자", "VV")
SUBJECT, ENDING = Morpheme("가", "JKS"), Morpheme("ᆫ다", "EF")


def pair(first: list[Morpheme], second: list[Morpheme]) -> tuple[Sentences, Sentences]:
    words = Words.of([first, second], LEXICON)
    return Sentences.of([first], words), Sentences.of([second], words)


def surface(first: str, second: str) -> dict[str, float]:
    one, other = (Surface.of(text, analyse(text)) for text in (first, second))
    return {name: float(value[0]) for name, value in surface_features([one], [other]).items()}


def test_recovered_vectors_have_kiwis_own_similarities() -> None:
    size = 4_000
    vectors = recover(kiwi(), size)
    draw = np.random.default_rng(1)
    pairs = draw.integers(STAND_INS, size, (2_000, 2))
    expected = np.array([kiwi().morpheme_similarity(int(one), int(other)) for one, other in pairs])
    found = (vectors[pairs[:, 0]] * vectors[pairs[:, 1]]).sum(axis=1)
    np.testing.assert_allclose(found, expected, atol=6e-4)
    assert np.abs(found - expected).mean() < 2e-4


def test_recovering_the_vectors_tells_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.01)
    recover(kiwi(), 1_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines
    told = re.compile(r"vectors of Kiwi's morphemes, landmark (\d+) of 320(, \d+ s left)?")
    done = [int(found[1]) for found in map(told.fullmatch, lines) if found]
    assert len(done) == len(lines)
    assert done == sorted(done)
    assert done[-1] > done[0]


def test_vectors_tell_kin_from_strangers() -> None:
    love, kin, stranger = MorphemeVectors.from_kiwi().of(["사랑/NNG", "애정/NNG", "알고리즘/NNG"])
    assert love @ kin > 0.4
    assert abs(love @ stranger) < 0.2


def test_unknown_morphemes_have_no_meaning() -> None:
    assert VECTORS.of(["없는말/NNG", "개/NNG"]).tolist() == [[0, 0], [1, 0]]


def test_content_morphemes_alone_are_aligned_and_weighed_by_idf() -> None:
    first, _ = pair([DOG, SUBJECT, SLEEP, ENDING], [CAT])
    assert first.there.tolist() == [[True, True]]
    # ln(4 / 4) for the dog of every sentence, ln(4 / 1) for the word of none
    np.testing.assert_allclose(first.idf, [[0, 1.3863]], atol=1e-4)


def test_similarity_is_the_best_of_form_use_and_spelling() -> None:
    similarities = Similarities.between(*pair([DOG, SLEEP], [CAT, SLEEP]))
    np.testing.assert_allclose(similarities.alike[0], [[0.6, 0], [0.8, 1]], atol=2e-3)
    assert similarities.same[0].tolist() == [[0, 0], [0, 1]]


def test_coverage_by_hand() -> None:
    best = Best(np.array([[1.0, 0.5]]), np.array([[0.8]]))
    mean, low = best.coverage(np.array([[1.0, 3.0]]), np.array([[2.0]]))
    # (1 + 1.5) / 4 = .625 and .8
    np.testing.assert_allclose([mean[0], low[0]], [0.7125, 0.625])
    high, small = best.worst(np.array([[1.0, 3.0]]), np.array([[2.0]]))
    np.testing.assert_allclose([high[0], small[0]], [1.5, 0.4])


def test_coverage_without_weight_takes_the_other_sides_share() -> None:
    best = Best(np.array([[0.3]]), np.array([[0.4]]))
    none, some = np.array([[0.0]]), np.array([[2.0]])
    assert [float(value[0]) for value in best.coverage(none, some)] == [0.4, 0.4]
    assert [float(value[0]) for value in best.coverage(none, none)] == [1.0, 1.0]


def test_a_sentence_matches_itself_wholly() -> None:
    first, second = pair([CAT, SLEEP], [CAT, SLEEP])
    features = alignment_features(first, second)
    for name in ("alike_content_mean", "same_content_low", "spelled_noun_mean", "matched_1.0"):
        assert features[name][0] == pytest.approx(1, abs=1e-5)
    for name in ("alike_bigram_mean", "vector_content", "vector_verb"):
        assert features[name][0] == pytest.approx(1, abs=1e-3)
    assert features["same_unmatched_high"][0] == 0


def test_swapped_words_are_seen_by_bigrams() -> None:
    forward = alignment_features(*pair([CAT, SLEEP], [CAT, SLEEP]))
    swapped = alignment_features(*pair([CAT, SLEEP], [SLEEP, CAT]))
    assert swapped["alike_content_mean"] == pytest.approx(forward["alike_content_mean"])
    assert swapped["alike_bigram_mean"][0] < forward["alike_bigram_mean"][0] - 0.1


def test_sentences_without_content_are_finite() -> None:
    empty = Sentences.of([[]], NO_WORDS)
    assert all(np.isfinite(values).all() for values in alignment_features(empty, empty).values())
    one, other = pair([], [CAT, SLEEP])
    assert all(np.isfinite(values).all() for values in alignment_features(one, other).values())


def test_ngram_counts_keep_texts_apart() -> None:
    counts = ngram_counts(["abab", "", "ba"], 2, 2**18)
    assert counts.sum(axis=1).ravel().tolist() == [[3.0, 0.0, 1.0]]
    # ab twice and ba once; the ba of the third text is the same
    assert sorted(counts[0].data.tolist()) == [1.0, 2.0]
    assert counts[0].multiply(counts[2]).sum() == 1.0


def test_short_texts_have_no_ngrams() -> None:
    assert ngram_counts(["a"], 5, 16).nnz == 0


def test_tfidf_cosine_by_hand() -> None:
    counts = ngram_counts(["aab", "ab"], 1, 2**18)
    a = int(counts[0].indices[counts[0].data.argmax()])
    frequency = np.zeros(2**18, np.int64)
    frequency[a] = 1
    # idf ln(3 / 2) for a, ln 3 for b; a stands twice in the first text
    one = np.array([(1 + np.log(2)) * np.log(1.5), np.log(3)])
    other = np.array([np.log(1.5), np.log(3)])
    expected = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    found = tfidf_cosines(counts[[0]], counts[[1]], frequency, documents=2)
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def test_spelling_vectors_tell_alike_from_other() -> None:
    same, near, far = signed_ngram_vectors(["트럼프", "트럼프는", "블라디미르"], (1, 2), 256)
    assert np.linalg.norm(same) == pytest.approx(1)
    assert same @ near > 0.6
    assert abs(same @ far) < 0.3


@pytest.mark.parametrize(
    ("first", "second", "name", "value"),
    [
        ("오후 3시에 만나자.", "오후 4시에 만나자.", "numbers_replaced", 1),
        ("오후 3시에 만나자.", "오후 4시에 만나자.", "numbers_apart", 2),
        ("오후 3시에 만나자.", "3시에 만나자.", "numbers_shared", 1),
        ("1,000원", "1000원", "numbers_shared", 1),
        ("그는 오지 않았다.", "그는 왔다.", "negations_apart", 1),
        ("나는 안 간다.", "나는 간다.", "negations_apart", 1),
        ("돈이 없다.", "돈이 있다.", "negations_apart", 1),
        ("어디 가니?", "집에 간다.", "question_apart", 1),
        ("ＡＢＣ  def", "abc DEF", "same_text", 1),
        ("가나다", "가나라", "prefix", 2 / 3),
        ("가나다", "라가나", "longest_match", 2 / 3),
        ("가나다", "라가나", "letters_dice", 2 / 3),
        ("가나다라", "가나", "length_ratio", 1 / 2),
    ],
)
def test_surface(first: str, second: str, name: str, value: float) -> None:
    for one, other in itertools.permutations((first, second)):
        assert surface(one, other)[name] == pytest.approx(value)
