"""What `heirloom restore` does with one photo after another: nothing of the last is kept when the next begins."""

import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from inference.batch import Done, Report, named
from inference.decoding import decode, read_file, read_photo
from inference.errors import PhotoError, UsageProblem
from inference.files import real_path
from inference.masks import decode_mask
from inference.photo import Photo
from inference.restorer import RestorationResult, Restorer
from inference.results import MadeBy, check_record, finished, outputs_of, write_pictures, write_record
from inference.sheet import ContactSheet
from inference.text import marked_words
from inference.writing import check_name, check_png, writing

Plan = Sequence[tuple[Path, Path]]
_SHOWN = ("restored", "restored_color", "color")


class Restoring:
    """Restores the photos of a plan, number by number, writes their files and adds them to the sheet."""

    def __init__(
        self, plan: Plan, restorer: Restorer, by: MadeBy, *, resume: bool, sheet: ContactSheet | None = None
    ) -> None:
        """Pairs of a photo and the beginning of its files' names. With `resume`, what `by` has made stays as it is."""
        self._plan = plan
        self._restorer = restorer
        self._by = by
        self._resume = resume
        self._sheet = sheet

    def step(self, number: int, report: Report) -> Done:
        """Restore one photo, unless it is done. Raises InferenceError when it cannot be."""
        source, target = self._plan[number]
        begun = time.perf_counter()
        for path in outputs_of(target).values():
            check_name(path)
        check_record(outputs_of(target)["record"])
        data = read_file(source)
        digest = sha256(data).hexdigest()
        record = self._earlier(source, target, data, digest) if self._resume else None
        if record is not None:
            return self._done(source, target, record, earlier=True)
        photo = decode(data, str(source))
        del data
        seconds = {"read": time.perf_counter() - begun}
        result = self._restorer.restore(photo, report, saturation=self._by.settings["saturation"])
        begun = time.perf_counter()
        # all together: another process may restore the same photo, by other models or settings
        with writing(outputs_of(target)["record"]) as write:
            write_pictures(write, target, photo, result)
            seconds |= {**result.seconds, "write": time.perf_counter() - begun}
            record = write_record(write, target, source, photo, result, digest=digest, by=self._by, seconds=seconds)
        self._show(source, photo, result, record)
        return self._done(source, target, record)

    def _earlier(self, source: Path, target: Path, data: bytes, digest: str) -> dict[str, Any] | None:
        """The record of a photo that is done, now on the sheet too; None where it is to be restored."""
        record = finished(target, digest, self._by)
        if record is None:
            return None
        try:
            self._show_files(source, target, data, record)
        except PhotoError:  # one of the results is damaged
            return None
        return record

    def _done(self, source: Path, target: Path, record: dict[str, Any], earlier: bool = False) -> Done:
        return Done(
            input=str(source),
            outputs={what: str(path) for what, path in outputs_of(target).items()},
            models=named(self._restorer.models),
            marked_share=record["marked_share"],
            threshold=self._restorer.threshold,
            warnings=tuple(record["warnings"]),
            seconds=record["seconds"],
            earlier=earlier,
        )

    def _show(self, source: Path, photo: Photo, result: RestorationResult, record: dict[str, Any]) -> None:
        if self._sheet:
            pictures = [result.restored, result.restored_color, result.color]
            self._sheet.add(_caption(source, record), photo.source, result.mask, pictures)

    def _show_files(self, source: Path, target: Path, data: bytes, record: dict[str, Any]) -> None:
        if self._sheet:
            files = outputs_of(target)
            photo = decode(data, str(source))
            mask = decode_mask(read_file(files["mask"]), photo.size, str(files["mask"]))
            pictures = [read_photo(files[what]).source for what in _SHOWN]
            self._sheet.add(_caption(source, record), photo.source, mask, pictures)


def open_sheet(path: Path | None, plan: Plan) -> ContactSheet | None:
    """The contact sheet at `path`.

    Raises UsageProblem if it is no PNG, cannot be written there, or would replace an input or a result.
    """
    if path is None:
        return None
    taken = {real_path(source) for source, _ in plan}
    taken |= {real_path(file) for _, target in plan for file in outputs_of(target).values()}
    sheet = ContactSheet(path)
    for page in sheet.pages(len(plan)):
        check_png(page, "--sheet")
        if real_path(page) in taken:
            raise UsageProblem(f"--sheet would replace {page}, a photo or a result; choose another name.")
    return sheet


def _caption(source: Path, record: dict[str, Any]) -> str:
    spent = sum(record["seconds"].values())
    return f"{source} · {marked_words(record['marked_share'])} · {spent:.1f} s"
