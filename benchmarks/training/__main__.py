"""What a training costs, by the size of the site.

    python -m benchmarks.training [--scale 0.1,1,2.75] [--model NAME] [--nightly]

Builds a synthetic site for each scale, or uses that of an earlier run in the same
folder; runs the training of `train_model` on it; and prints the seconds of each stage
and the highest memory. The sizes are those of scale 1; --scale 2.75 has 20 million
engagements.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.site import folder
from benchmarks.site.draws import Size
from benchmarks.training import table
from benchmarks.training.watching import peak_memory

MB = 1 << 20


def main() -> int:
    parser = _parser()
    options = parser.parse_args()
    results = []
    try:
        for scale in options.scale:
            results += _measure(folder.size_from(options).times(scale), options)
    except ValueError as error:
        parser.error(str(error))
    except subprocess.CalledProcessError as error:  # which has printed why
        return int(error.returncode)
    print("\n" + table.of_trainings(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks.training", description=__doc__.partition("\n")[0]
    )
    folder.add_size(parser)
    folder.add_place(parser)
    parser.add_argument("--model", default="", help="the model (default: MODEL)")
    parser.add_argument(
        "--scale", type=folder.scales, default=[0.1], metavar="0.1,1,2.75"
    )
    parser.add_argument(
        "--nightly",
        action="store_true",
        help="train again after one more day of watches",
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser


def _measure(size: Size, options: argparse.Namespace) -> list[dict[str, Any]]:
    """One training of a site, and with --nightly the next one."""
    place = options.folder / size.name
    build = [sys.executable, "-m", "benchmarks.site", f"--folder={place}"]
    subprocess.run([*build, *folder.size_arguments(size)], check=True)
    first = _train(size, place, options.model, "first")
    if not options.nightly:
        return [first]
    module = "benchmarks.training.another_day"
    subprocess.run([sys.executable, "-m", module, str(place)], check=True)
    return [first, _train(size, place, options.model, "nightly")]


def _train(size: Size, place: Path, model: str, kind: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as results:
        result = Path(results, "result.json")
        worker = [sys.executable, "-m", "benchmarks.training.worker"]
        peak = peak_memory([*worker, str(place), model, str(result), kind])
        figures: dict[str, Any] = json.loads(result.read_text())
    figures |= {"engagements": size.engagements, "kind": kind, "peak": peak / MB}
    print(table.line_of(figures), flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
