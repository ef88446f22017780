"""Tests, too, start programs in the clean environment, whatever the caller's shell has exported."""

from setup import clean

clean.enter()
