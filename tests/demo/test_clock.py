from streams.demo.clock import FASTEST, SLOWEST, FastClock


class Seconds:
    """Real time that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return what time it is."""
        return self.now


def test_the_clock_runs_at_its_speed() -> None:
    """A quarter of a second at a day in four seconds is an hour and a half."""
    real = Seconds()
    clock = FastClock(1_000, speed=21_600, real=real)

    real.now += 0.25

    assert clock.now_ms() == 1_000 + 5_400_000


def test_a_paused_clock_stands_still_and_goes_on_where_it_stood() -> None:
    """No time passes while it is paused, and none is made up for."""
    real = Seconds()
    clock = FastClock(0, speed=60, real=real)
    real.now += 1

    clock.pause()
    real.now += 50
    paused_at, paused_speed = clock.now_ms(), clock.speed
    clock.pause()
    real.now += 1

    assert (paused_at, paused_speed) == (60_000, 0)
    assert clock.now_ms() == 120_000


def test_a_changed_speed_holds_from_now_on() -> None:
    """What has passed stays as it was."""
    real = Seconds()
    clock = FastClock(0, speed=100, real=real)
    real.now += 1

    clock.change(2)
    real.now += 1

    assert clock.now_ms() == 100_000 + 200_000


def test_the_speed_stays_within_bounds() -> None:
    """However often a key is pressed: between a minute and a week a second."""
    clock = FastClock(0, speed=100, real=Seconds())

    clock.change(1e9)
    fastest = clock.speed
    clock.change(1e-9)

    assert fastest == FASTEST
    assert clock.speed == SLOWEST


def test_a_clock_that_is_set_goes_on_from_there() -> None:
    """So that a slow machine does not run after its clock."""
    real = Seconds()
    clock = FastClock(0, speed=60, real=real)
    real.now += 10

    clock.set(5_000)
    real.now += 1

    assert clock.now_ms() == 65_000
