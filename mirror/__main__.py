"""Entry point: python -m mirror."""

import sys

from mirror.cli import main
from setup import clean

clean.enter()
sys.exit(main(sys.argv[1:]))
