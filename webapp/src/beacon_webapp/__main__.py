"""Entry point: `python -m beacon_webapp`."""

import os
import sys
from collections.abc import Mapping

from beacon_webapp.settings import SettingError, Settings

EXIT_BAD_SETTING = 2


def main(environ: Mapping[str, str]) -> int:
    """Read the configuration and serve; return the exit code."""
    try:
        settings = Settings.from_environ(environ)
    except SettingError as error:
        print(f"beacon-webapp: {error}", file=sys.stderr)
        return EXIT_BAD_SETTING
    from beacon_webapp.server import serve  # noqa: PLC0415 - a wrong setting is told before the server is loaded

    return serve(settings)


if __name__ == "__main__":  # pragma: no cover - tests/test_process.py starts it so
    sys.exit(main(os.environ))
