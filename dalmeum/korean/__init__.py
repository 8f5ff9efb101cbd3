"""Korean as a language: jamo, morphemes by Kiwi, and the predicates of a sentence."""
