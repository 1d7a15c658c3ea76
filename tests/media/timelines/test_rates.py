"""Frame rates: exact where they are known, and those of movements where they vary."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from atom_core.media.timelines.rates import STANDARD_RATES, exact_rate, film_rate, peak_rate, source_rate
from atom_core.records import Video


def test_the_standard_rates() -> None:
    """Those of SMPTE ST 12-1 and of what cameras, animations and recorders use."""
    ntsc = [Fraction(number * 1000, 1001) for number in (24, 30, 60)]
    assert set(STANDARD_RATES) == {*map(Fraction, (5, 8, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60)), *ntsc}
    assert list(STANDARD_RATES) == sorted(STANDARD_RATES)


@pytest.mark.parametrize("rate", STANDARD_RATES)
@pytest.mark.parametrize("error", [-2.9e-4, 0.0, 2.9e-4])
def test_averages_find_the_exact_rate(rate: Fraction, error: float) -> None:
    """What is within three ten-thousandths of a standard rate is that rate; 24 and 23.976 lie further apart."""
    assert exact_rate(float(rate) * (1 + error)) == rate


def test_other_rates_stay_what_they_are() -> None:
    """As the nearest fraction; an unknown one is 25."""
    assert exact_rate(29.97002997) == Fraction(30000, 1001)
    assert exact_rate(18.5) == Fraction(37, 2)
    assert exact_rate(25.0 * 1.001) == Fraction(1001, 40)
    assert exact_rate(0.5) == Fraction(1, 2)
    assert exact_rate(1 / 1002) == Fraction(1, 1001), "denominators are at most 1001"
    assert exact_rate(0.0) == exact_rate(-1.0) == 25


def test_one_rate_for_a_film() -> None:
    """The highest rate of its sources, brought up to a standard one, at most 60."""
    assert film_rate([24.0, 29.97, 25.0]) == Fraction(30000, 1001)
    assert film_rate([8.0]) == 8
    assert film_rate([21.3]) == Fraction(24000, 1001)
    assert film_rate([240.0, 24.0]) == 60
    assert film_rate([]) == 25


def test_the_rate_of_a_source() -> None:
    """That of its movements, where it varies."""
    video = Video(path=Path("a"), content_hash="a" * 40, duration_s=1.0, width=2, height=2, fps=12.0, peak_fps=29.97)
    assert source_rate(video) == Fraction(30000, 1001)


def test_peak_rates() -> None:
    """Rounded stamps and single short gaps make no rate variable; a real movement does, at a rate that is stated."""
    steady = [round(index / 23.976, 3) for index in range(240)]
    assert peak_rate(steady, 23.976, 0) == 23.976
    assert peak_rate([0, 0.001, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 1.0, 1000) == 1.0
    moving = [0.0, *(5 + round(index / 30, 3) for index in range(30)), 11.0]
    assert peak_rate(moving, 2.7, 30.0) == 30.0
    assert peak_rate(moving, 2.7, 1000.0) == pytest.approx(30, abs=0.1)
    assert peak_rate([], 0.0, 25.0) == peak_rate(moving, 0.0, 25.0) == 0.0
    assert peak_rate([0.0, 0.0, 1.0, 2.0], 1.0, 0) == 1.0
    assert peak_rate(moving, -1.0, 30.0) == -1.0


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0])
def test_peak_rates_in_milliseconds(fps: float) -> None:
    """Of standard rates that are near each other the nearest counts, also where times are rounded to milliseconds."""
    times_s = [float(number) for number in range(60)] + [round(60 + number / fps, 3) for number in range(60)]
    assert peak_rate(times_s, 2.0, 1000.0) == fps


def burst(num: int, fps: float, start_s: float = 100.0) -> list[float]:
    """A movement of `num` pictures."""
    return [start_s + number / fps for number in range(num)]


def test_how_much_faster_is_a_movement() -> None:
    """From 1.3 times the average on; below, a rate is what it is on average."""
    assert peak_rate([0.0, 0.25, 0.5], 4.0 / 1.3, 0) == 4.0
    slow = [float(number) / 20 for number in range(100)]
    assert peak_rate(slow + burst(100, 25.9), 20.0, 0) == 20.0
    assert peak_rate(slow + burst(100, 26.1), 20.0, 0) == pytest.approx(25)
    assert peak_rate(slow + burst(100, 37.0), 20.0, 0) == pytest.approx(37.0)


def test_pictures_that_come_too_fast_are_stamped_wrongly() -> None:
    """No film has more than 240 a second."""
    slow = [float(number) for number in range(50)]
    assert peak_rate(slow + burst(50, 240.5), 1.0, 0) == 1.0
    assert peak_rate(slow + burst(50, 239.5), 1.0, 0) == pytest.approx(239.5)


def test_a_tenth_of_the_gaps_may_be_damage() -> None:
    """Of 100 gaps ten short ones count for nothing, a dozen do."""
    for short, found in ((9, 1.0), (12, 50.0)):
        slow = [float(number) for number in range(100 - short)]
        times_s = slow + [slow[-1] + (number + 1) / 50 for number in range(short)]
        assert peak_rate(times_s, 1.0, 0) == pytest.approx(found)


def test_a_rate_without_a_name_stays_that_of_its_gaps() -> None:
    """Where no standard rate and no stated one is within a twentieth, the mean of like gaps counts."""
    slow = [float(number) for number in range(60)]
    assert peak_rate(slow + burst(60, 40.0), 2.0, 0) == pytest.approx(40.0)
    assert peak_rate(slow + burst(60, 40.0), 2.0, 41.0) == 41.0
    assert peak_rate(slow + burst(60, 40.0), 2.0, 44.0) == pytest.approx(40.0)
    mixed = [100.0]
    for number in range(60):
        mixed.append(mixed[-1] + (1 / 38 if number % 2 else 1 / 41))
    assert peak_rate(slow + mixed, 2.0, 0) == pytest.approx(2 / (1 / 38 + 1 / 41), rel=1e-3)
