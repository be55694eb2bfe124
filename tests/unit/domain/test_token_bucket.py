"""Token buckets: a minute's worth at once, then one after the other."""

import pytest

from app.domain.token_bucket import TokenBucket


def taken(bucket: TokenBucket, limit: int, now: float) -> int:
    """How many there were."""
    count = 0
    while bucket.wait_s(limit, now) == 0.0:
        bucket.take(limit, now)
        count += 1
    return count


def test_a_minutes_worth_is_there_at_once() -> None:
    bucket = TokenBucket(60, 0.0)
    assert taken(bucket, 60, 0.0) == 60
    assert bucket.wait_s(60, 0.0) == pytest.approx(1.0)
    assert bucket.look(60, 0.0).remaining == 0


def test_then_they_come_back_one_after_the_other() -> None:
    bucket = TokenBucket(60, 0.0)
    taken(bucket, 60, 0.0)
    assert bucket.wait_s(60, 0.25) == pytest.approx(0.75)
    assert taken(bucket, 60, 10.0) == 10
    assert taken(bucket, 60, 1000.0) == 60


def test_what_is_taken_without_a_token_is_owed() -> None:
    bucket = TokenBucket(60, 0.0)
    for _ in range(65):
        bucket.take(60, 0.0)
    assert bucket.wait_s(60, 0.0) == pytest.approx(6.0)
    assert bucket.look(60, 0.0).remaining == 0


def test_it_says_when_it_is_full_again() -> None:
    bucket = TokenBucket(120, 0.0)
    assert (bucket.look(120, 0.0).remaining, bucket.look(120, 0.0).full_after_s) == (120, 0.0)
    bucket.take(120, 0.0)
    assert (bucket.look(120, 0.0).remaining, bucket.look(120, 0.0).full_after_s) == (119, 0.5)


def test_another_limit_applies_at_once() -> None:
    """An empty bucket stays empty, a full one full."""
    bucket, full = TokenBucket(60, 0.0), TokenBucket(60, 0.0)
    taken(bucket, 60, 0.0)
    assert bucket.wait_s(600, 0.0) == pytest.approx(0.1)
    assert taken(full, 600, 0.0) == 600


def test_a_clock_that_stands_still_gives_nothing() -> None:
    bucket = TokenBucket(1, 5.0)
    assert taken(bucket, 1, 5.0) == 1
    assert bucket.wait_s(1, 5.0) == pytest.approx(60.0)
