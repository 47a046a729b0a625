"""How well every model recommends, on public data: `python -m benchmarks.quality`.

Each protocol fixes its seed, tunes on parts cut from the train part, and reads the test
part once, for the report.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import datasets, protocols, reports


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__)
    parser.add_argument(
        "--protocol",
        action="append",
        choices=sorted(protocols.PROTOCOLS),
        help="may be given several times; all of them without it",
    )
    parser.add_argument("--json", type=Path, help="write the reports there as well")
    parser.add_argument(
        "--data", type=Path, default=datasets.FOLDER, help="folder of the data sets"
    )
    parser.add_argument(
        "--model",
        action="append",
        help="only these models; may be given several times",
    )
    options = parser.parse_args()
    found: list[reports.Report] = []
    for name in options.protocol or protocols.PROTOCOLS:
        try:
            for report in protocols.PROTOCOLS[name](options.data, options.model):
                print(reports.table(report), end="\n\n", flush=True)
                found.append(report)
        except datasets.MissingDataError as error:
            print(f"benchmarks.quality: {error}", file=sys.stderr)
            return 2
    if options.json:
        reports.write(found, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
