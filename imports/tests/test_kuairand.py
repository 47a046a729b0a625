from __future__ import annotations

import pytest

from imports.kuairand import KuaiRand
from imports.records import BadRow, DatasetError
from imports.tests import folders

AT = 1650000000000


@pytest.mark.parametrize(
    ("played", "duration", "fraction"),
    [
        (5000, 20000, 0.25),
        (50000, 20000, 1.0),  # watched more than once
        (0, 20000, 0.0),
        (9000, 0, 0.5),  # of no known length: half of a long view
        (36000, 0, 1.0),
    ],
)
def test_fraction_is_play_time_over_duration(tmp_path, played, duration, fraction):
    folder = folders.kuairand(tmp_path, (1, 2, AT, played, duration, 1))
    (row,) = KuaiRand(folder).interactions()
    assert row.fraction == pytest.approx(fraction)
    assert row.seconds == played / 1000
    assert row.item.duration == duration / 1000


def test_label_is_like_or_hate(tmp_path):
    folder = folders.kuairand(tmp_path, (1, 2, AT, 1, 9, 1), (1, 3, AT, 1, 9, 0))
    like, hate = KuaiRand(folder).interactions()
    assert (like.liked, like.dismissed) == (True, False)
    assert (hate.liked, hate.dismissed) == (False, True)


def test_release_log_with_commas_and_two_columns(tmp_path):
    log = tmp_path / "log_standard.csv"
    log.write_text(
        "user_id,video_id,time_ms,is_like,is_hate,play_time_ms,duration_ms\n"
        f"1,2,{AT},0,0,1000,4000\n"
    )
    (row,) = KuaiRand(log).interactions()
    assert (row.fraction, row.liked, row.dismissed) == (0.25, False, False)


def test_bad_rows_are_named_by_line(tmp_path):
    folder = folders.kuairand(
        tmp_path,
        (1, 2, AT, -1, 9000, 1),
        (1, 2, AT, 1, 9000, 2),
        (1, "", AT, 1, 9000, 1),
        (1, 2, "yesterday", 1, 9000, 1),
        (1, 2),
    )
    rows = list(KuaiRand(folder).interactions())
    assert all(isinstance(row, BadRow) for row in rows)
    assert [str(row) for row in rows] == [
        "feedback.csv.gz line 2: play_time_ms '-1' is not within 0 to 6.048e+08",
        "feedback.csv.gz line 3: label '2' is neither 0 nor 1",
        "feedback.csv.gz line 4: video_id is empty",
        "feedback.csv.gz line 5: time_ms 'yesterday' is not a number",
        "feedback.csv.gz line 6: has 2 columns, the header 6",
    ]


def test_cut_off_archive_is_an_error(tmp_path):
    folder = folders.kuairand(tmp_path, *[(1, n, AT, 1, 9, 1) for n in range(999)])
    path = folder / "feedback.csv.gz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DatasetError, match="broken archive"):
        list(KuaiRand(folder).interactions())


def test_missing_columns_are_named(tmp_path):
    (tmp_path / "feedback.csv").write_text("user_id\tvideo_id\n1\t2\n")
    with pytest.raises(DatasetError, match="TIME_MS, PLAY_TIME_MS, DURATION_MS"):
        list(KuaiRand(tmp_path).interactions())
