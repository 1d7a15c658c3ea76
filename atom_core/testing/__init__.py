"""What authors of plugins test with: fakes, a conformance suite, videos and models made on the spot."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for what another thread or process does: until `condition` is true.

    :raises AssertionError: if it is not within `seconds`
    """
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s, f"waited {seconds:g} s in vain"
        time.sleep(0.001)
