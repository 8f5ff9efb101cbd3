import numpy as np

from dalmeum.models.offline.common import CommonComponents, cosines


def test_cosines_by_hand() -> None:
    left = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0]])
    right = np.array([[4.0, 3.0], [0.0, 2.0], [1.0, 1.0]])
    np.testing.assert_allclose(cosines(left, right), [24 / 25, 0, 0])


def test_the_mean_and_the_first_component_are_taken_out() -> None:
    # Around (1, 0, 0): the second axis varies most, the third a little.
    vectors = np.array([[1.0, 2, 0.1], [1, -2, 0.1], [1, 2, -0.1], [1, -2, -0.1]])
    common = CommonComponents.fit(vectors, 1)
    np.testing.assert_allclose(common.centre, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(np.abs(common.components), [[0], [1], [0]], atol=1e-12)
    left = common.out_of(np.array([[3.0, 7.0, 5.0]]))
    np.testing.assert_allclose(left, [[2, 0, 5]], atol=1e-12)


def test_cosines_as_they_are_centred_and_without_what_is_common() -> None:
    common = CommonComponents(np.array([1.0, 0, 0]), np.array([[0.0], [1], [0]]))
    left, right = np.array([[1.0, 1, 1]]), np.array([[2.0, 1, -1]])
    plain, centred, without = common.cosines(left, right)
    # (1, 1, 1) and (2, 1, -1); (0, 1, 1) and (1, 1, -1); (0, 0, 1) and (1, 0, -1)
    np.testing.assert_allclose(plain, 2 / np.sqrt(18))
    np.testing.assert_allclose(centred, 0, atol=1e-12)
    np.testing.assert_allclose(without, -1 / np.sqrt(2))


def test_two_alike_vectors_leave_nothing_and_no_nan() -> None:
    common = CommonComponents.fit(np.ones((2, 3)), 2)
    assert [float(each[0]) for each in common.cosines(np.ones((1, 3)), np.ones((1, 3)))][1:] == [0, 0]
