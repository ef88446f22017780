"""Tests, too, start programs in the clean environment, whatever the caller's shell has exported."""

import gc

from setup import clean

clean.enter()
# The models of AWS are a million objects that stay: to look through them for garbage took a fifth of the tests' time.
gc.set_threshold(100_000, 20, 50)
