"""Progress: plain lines now and then, the time left, clocks that go backwards."""

import io
import time

import pytest

from lra_ref.runs.progress import Progress, in_words


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_a_plain_line_now_and_then_with_the_time_left():
    stream, clock = io.StringIO(), Clock()
    show = Progress("sweep", 40, stream, pause=10, clock=clock)
    for done in range(11, 41):  # ten cells were finished before and take no time
        clock.now += 4
        show(done, 40, f"cell {done}")
    show.close()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "[13/40] sweep: cell 13; 12 s, about 2 min left"
    assert len(lines) == 10
    assert lines[-1] == "[40/40] sweep: cell 40; 2 min"


def test_an_interrupt_says_how_far_it_came():
    show = Progress("verify", stream=io.StringIO())
    assert show.told() == ""
    show(2, 3, "two")
    assert show.told() == "2 of 3 cells are finished; "


def test_the_time_of_day_is_not_asked(monkeypatch):
    def broken():
        raise AssertionError("the time of day may go backwards")

    monkeypatch.setattr(time, "time", broken)
    stream = io.StringIO()
    show = Progress("sweep", 2, stream, pause=0)
    show(1, 2, "one")
    assert "about 0.0 s left" in stream.getvalue()


@pytest.mark.parametrize("total", [3, None])
def test_a_terminal_gets_a_bar_that_is_removed(total):
    pytest.importorskip("rich")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    show = Progress("sweep", total, stream)
    show(1, 3, "adam on sphere")
    assert (show.bar.tasks[0].completed, show.bar.tasks[0].total) == (1, 3)
    assert show.bar.tasks[0].fields["left"].startswith("about 0.")
    show.close()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (99.4, "99 s"), (99.6, "2 min"), (5969, "99 min"), (5971, "1.7 h")],
)
def test_durations_for_people(seconds, text):
    assert in_words(seconds) == text
