"""`python -m annotator.preparing`: everything that has to be there before the app and the worker start."""

import argparse
import sys

from annotator.main import expected
from annotator.samples import import_samples
from db.settings import Settings
from trainer.platform import prepare


def main() -> None:
    """Prepare the platform, and import the sample photos when asked and none are there. Exit code 1 says it failed."""
    parser = argparse.ArgumentParser(prog="python -m annotator.preparing", description="Prepare the platform.")
    parser.add_argument("--sample-photos", action="store_true", help="import the sample photos if there are no photos")
    arguments = parser.parse_args()
    settings = Settings()
    try:
        prepare(settings)
        if arguments.sample_photos:
            count = import_samples(settings)
            if count:
                print(f"{count} sample photos are in: half of them labelled, half wait for you.", flush=True)
    except Exception as error:
        sentence = expected(error)
        if sentence is None:
            raise
        sys.exit(f"heirloom: {sentence}")


if __name__ == "__main__":
    main()
