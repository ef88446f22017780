"""Entry point: see cli.py."""

import sys

from localcloud.cli.main import main

sys.exit(main())
