"""How fast the platform serves a synthetic site.

    python -m benchmarks.serving [--videos 100000 ...] [--scale 1,2,4,8] [--json FILE]

Builds the site, or uses that of an earlier run in the same folder; trains; starts the
platform as `make run` does; and sends requests with wrk.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.serving import table, wrk
from benchmarks.serving.platform import NoAnswer
from benchmarks.site import folder
from benchmarks.site.draws import Size

PORT = 8790


def main() -> int:
    parser = _parser()
    options = parser.parse_args()
    try:
        wrk.require()
        size = (
            folder.size_of(options.site)
            if options.site
            else (folder.size_from(options))
        )
        if options.scale == [1.0]:
            _one_site(size, options)
        else:
            _growth(size, options)
    except (wrk.NoWrk, ValueError, folder.WrongFolder, folder.TrainingFailed) as error:
        parser.error(str(error))
    except (NoAnswer, wrk.LoadFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:  # which has printed why
        return int(error.returncode)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks.serving", description=__doc__.partition("\n")[0]
    )
    folder.add_size(parser)
    folder.add_place(parser)
    parser.add_argument("--site", type=Path, help="the folder of a site that is there")
    parser.add_argument("--model", help="the model to serve (default: MODEL)")
    parser.add_argument(
        "--fit-only", action="store_true", help="train without evaluation and gate"
    )
    parser.add_argument("--scale", type=folder.scales, default=[1.0], metavar="1,2,4,8")
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each load")
    parser.add_argument("--members", type=int, default=100, help="callers of events")
    parser.add_argument("--only", action="append", help="part of a request's name")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser


def _one_site(size: Size, options: argparse.Namespace) -> None:
    place = options.site or options.folder / size.name
    folder.use(place)
    from django.conf import settings

    from benchmarks.serving.measure import measure

    folder.prepare(size, place, _say)
    model = options.model or settings.MODEL
    folder.train(model, evaluate=not options.fit_only, say=_say)
    measured = measure(
        size,
        wrk.Plan(options.callers, options.rate, options.seconds),
        port=options.port,
        members=options.members,
        only=options.only or (),
        say=_say,
    )
    _say("\n" + table.of_site(measured))
    if options.json:
        options.json.write_text(json.dumps(measured.to_json(), indent=1))


def _growth(size: Size, options: argparse.Namespace) -> None:
    """Measure each scale in a process of its own: a process has one database."""
    measured = []
    with tempfile.TemporaryDirectory() as results:
        for scale in options.scale:
            result = Path(results, f"{scale}.json")
            command = [
                *(sys.executable, "-m", "benchmarks.serving", *sys.argv[1:]),
                *folder.size_arguments(size.times(scale)),
                *("--scale", "1", "--json", str(result)),
            ]
            subprocess.run(command, check=True)
            measured.append(json.loads(result.read_text()))
    _say("\n" + table.of_growth(measured, options.scale))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
