"""The fence: one number that orders everything a charge point ever said."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.context import fence_of
from tests.builders import a_call

EPOCH = st.integers(0, 2**30)
SEQUENCE = st.integers(0, 2**32 - 1)


@given(EPOCH, SEQUENCE, EPOCH, SEQUENCE)
def test_fences_order_as_epoch_and_then_sequence(
    epoch: int, sequence: int, epoch2: int, sequence2: int
) -> None:
    assert (fence_of(epoch, sequence) < fence_of(epoch2, sequence2)) == (
        (epoch, sequence) < (epoch2, sequence2)
    )


@given(EPOCH, SEQUENCE)
def test_a_fence_fits_the_integers_of_the_store(epoch: int, sequence: int) -> None:
    assert 0 <= fence_of(epoch, sequence) < 2**63


def test_a_later_connection_beats_every_call_of_an_earlier_one() -> None:
    assert a_call(epoch=2, sequence=1).fence > a_call(epoch=1, sequence=4_000_000_000).fence
