"""Build a synthetic site in a folder of its own, with its own PostgreSQL.

    python -m benchmarks.site --folder DIR [--videos N --people N --engagements N ...]

Start any command of the platform with VAR_DIR=DIR to use the site.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.site import folder
from benchmarks.site.named import ADMINISTRATOR, NAMED, PASSWORD


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.site", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--folder", type=Path, required=True)
    folder.add_size(parser)
    parser.add_argument(
        "--model",
        help="also fit this model and activate it, without evaluation (example: als)",
    )
    options = parser.parse_args()
    try:
        size = folder.size_from(options)
        folder.use(options.folder)
        folder.prepare(size, options.folder, print)
    except (ValueError, folder.WrongFolder) as error:
        parser.error(str(error))
    if options.model:
        folder.train(options.model, evaluate=False, say=print)
    for person in NAMED:
        print(f"  {person.username}: {person.about}")
    print(f"Password of all and of {ADMINISTRATOR}: {PASSWORD}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
