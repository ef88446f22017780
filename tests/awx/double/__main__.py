"""python -m tests.awx.double --port PORT [--state FILE]: runs the double until it is ended. Password: AWX_DOUBLE_PASSWORD."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from .server import Double
from .state import State


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, help="file that keeps the state between runs")
    arguments = parser.parse_args()
    double = Double(arguments.port, State(arguments.state), os.environ.get("AWX_DOUBLE_PASSWORD", "double"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"This is a double of AWX's API, not AWX. CONTROLLER_HOST={double.url} CONTROLLER_USERNAME=admin", flush=True)
    double.serve_forever()


if __name__ == "__main__":
    main()
