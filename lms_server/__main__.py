"""``python -m lms_server``."""

import sys

from lms_server.cli import main

if __name__ == "__main__":
    sys.exit(main())
