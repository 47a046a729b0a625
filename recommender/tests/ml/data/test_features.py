import numpy as np

from recommender.ml.data.features import ContentEncoder, words

TEXTS = ["guitar song", "Song for guitar", "goal league", "LEAGUE: goal!", "lonely"]
SECONDS = np.array([10, 20, 40, 0, 80], np.float32)


def encoder(**overrides):
    values = {"text_size": 2, "seed": 0, **overrides}
    return ContentEncoder.fit(TEXTS, SECONDS, **values)


def test_words_are_lower_case_in_any_script():
    assert words("L'été à Ålesund, 3D! a_b") == ["été", "ålesund", "3d"]


def test_texts_that_share_words_are_near():
    text = encoder().encode(TEXTS, SECONDS)[:, :2]
    near = text @ text.T
    np.testing.assert_allclose(near[0, 1], 1, atol=1e-5)
    np.testing.assert_allclose(near[2, 3], 1, atol=1e-5)
    np.testing.assert_allclose(near[0, 2], 0, atol=1e-5)
    # "lonely" is in one text alone: nothing was learned about it.
    np.testing.assert_array_equal(text[4], [0, 0])


def test_durations_are_scaled_logs_and_unknown_ones_are_flagged():
    duration, unknown = encoder().encode(TEXTS, SECONDS)[:, 2:].T
    # Logs of 10, 20, 40, 80 are evenly spaced: mean 0, deviation 1.
    step = np.sqrt(4 / 5)
    np.testing.assert_allclose(
        duration, [-1.5 * step, -0.5 * step, 0.5 * step, 0, 1.5 * step], rtol=1e-5
    )
    np.testing.assert_array_equal(unknown, [0, 0, 0, 1, 0])


def test_without_words_or_durations_only_the_flag_is_set():
    blank = ContentEncoder.fit(["", ""], np.zeros(2, np.float32), text_size=8, seed=0)
    np.testing.assert_array_equal(blank.encode(["any", ""], [0, 0]), [[0, 1], [0, 1]])


def test_restored_encoder_is_the_same():
    first = encoder()
    again = ContentEncoder.restore(first.document(), first.idf, first.components)
    np.testing.assert_array_equal(
        first.encode(TEXTS, SECONDS), again.encode(TEXTS, SECONDS)
    )
