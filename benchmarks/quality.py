"""How well each model recommends, on public data: `python -m benchmarks.quality`.

Each protocol has a fixed seed, tunes on parts of the train part, and uses the test part
only for the report.
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
        help="may be repeated; the default is all",
    )
    parser.add_argument("--json", type=Path, help="also write the reports to this file")
    parser.add_argument(
        "--data", type=Path, default=datasets.FOLDER, help="folder of the data sets"
    )
    parser.add_argument(
        "--model",
        action="append",
        help="only this model; may be repeated",
    )
    options = parser.parse_args()
    results: list[reports.Report] = []
    for name in options.protocol or protocols.PROTOCOLS:
        try:
            for report in protocols.PROTOCOLS[name](options.data, options.model):
                print(reports.table(report), end="\n\n", flush=True)
                results.append(report)
        except datasets.MissingDataError as error:
            print(f"benchmarks.quality: {error}", file=sys.stderr)
            return 2
    if options.json:
        reports.write(results, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
