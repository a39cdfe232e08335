"""Names of outputs, masks on disk, and writing that never leaves half a file."""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageCms

from inference import files
from inference.errors import OutputError, PhotoError, UsageProblem
from inference.files import check_name, decode_mask, doubt_of_mask, encode_mask, plan_outputs, stem, write_file
from inference.photo import decode, read_file
from inference.png import encode_png
from tests.support.folders import forbidding


@settings(max_examples=60)
@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=16, max_side=70)))
def test_masks_come_back_from_png(mask: np.ndarray) -> None:
    data = encode_mask(mask)
    np.testing.assert_array_equal(decode_mask(data, mask.shape, "m.png"), mask)
    image = Image.open(BytesIO(data))
    assert image.mode == "L"
    np.testing.assert_array_equal(np.asarray(image), mask * 255)


@settings(max_examples=80)
@given(st.data())
def test_every_array_comes_back_from_png(data: st.DataObject) -> None:
    channels = data.draw(st.sampled_from([1, 2, 3, 4]))
    shape = (data.draw(st.integers(16, 50)), data.draw(st.integers(16, 50)), channels)
    array = data.draw(arrays(data.draw(st.sampled_from([np.uint8, np.uint16])), shape))
    array = array[..., 0] if channels == 1 else array
    back = decode(encode_png(array), "a.png").source
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_blocks_of_our_own_encoder_join_without_a_seam(
    channels: int, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (300, 50, channels), dtype)
    monkeypatch.setattr("inference.png._BLOCK_ROWS", 7)
    monkeypatch.setattr("inference.png._LONGEST_SIDE", 299)
    back = decode(encode_png(array), "a.png").source
    np.testing.assert_array_equal(back, array[..., 0] if channels == 1 else array)


@pytest.mark.parametrize("shape", [(16, 1_100_000), (1_100_000, 16), (16, 1_100_000, 3)])
def test_sides_longer_than_libpng_takes_are_written(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.uint8)
    array[::5, ::7] = 200
    np.testing.assert_array_equal(decode(encode_png(array), "panorama.png").source, array)


def test_an_encoder_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.png.cv2.imencode", lambda *_: (False, np.zeros(0, np.uint8)))
    with pytest.raises(OutputError, match="30×20 pixels cannot be written as PNG; cut"):
        encode_png(np.zeros((20, 30), np.uint8))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_metadata_is_written_whatever_the_channels(channels: int) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Leica"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.open(BytesIO(encode_png(np.zeros((20, 20, channels), np.uint8), exif=exif.tobytes(), icc=profile)))
    assert image.getexif()[0x010F] == "Leica"
    assert image.info["icc_profile"] == profile


def test_other_arrays_are_refused() -> None:
    for array in (np.zeros((20, 20), np.float32), np.zeros((20, 20, 5), np.uint8)):
        with pytest.raises(ValueError, match="PNG holds"):
            encode_png(array)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mask is bool"):
        encode_mask(np.zeros((20, 20), np.uint8))  # type: ignore[arg-type]


def test_a_mask_of_zeros_and_ones_is_no_empty_one() -> None:
    mask = np.zeros((16, 16), np.uint8)
    assert not decode_mask(encode_png(mask), (16, 16), "m.png").any()
    mask[2:5, 2:5] = 1
    with pytest.raises(PhotoError, match=r"m\.png .* brightest value is 1 of 255"):
        decode_mask(encode_png(mask), (16, 16), "m.png")


@pytest.mark.parametrize(("colour", "opacity"), [(0, 255), (255, 120)])
def test_a_mask_drawn_by_transparency_alone_is_no_empty_one(colour: int, opacity: int) -> None:
    layer = np.zeros((16, 16, 4), np.uint8)
    layer[..., 3] = 255
    assert not decode_mask(encode_png(layer), (16, 16), "m.png").any()
    layer[..., 3] = 0
    layer[2:5, 2:5] = colour, colour, colour, opacity
    with pytest.raises(PhotoError, match=r"m\.png marks nothing.* without transparency"):
        decode_mask(encode_png(layer), (16, 16), "m.png")


@pytest.mark.parametrize(("rows", "doubted"), [(0, False), (16, False), (17, True), (20, True)])
def test_a_mask_that_marks_nearly_all_is_doubted(rows: int, doubted: bool) -> None:
    mask = np.zeros((20, 30), bool)
    mask[:rows] = True
    doubt = doubt_of_mask(mask, "m.png")
    assert (doubt is not None) == doubted
    assert doubt is None or doubt.startswith(f"m.png marks {5 * rows}.0 % of its photo")


def test_a_mask_is_true_above_127_in_any_channel() -> None:
    grey = np.zeros((16, 16), np.uint8)
    grey[0, :3] = 127, 128, 255
    assert decode_mask(encode_png(grey), (16, 16), "m.png").sum() == 2
    colour = np.zeros((16, 16, 4), np.uint8)
    colour[0, 0] = 0, 200, 0, 255
    colour[0, 1] = 200, 200, 200, 0
    assert decode_mask(encode_png(colour), (16, 16), "m.png").sum() == 1
    assert decode_mask(encode_png(grey.astype(np.uint16) * 257), (16, 16), "m.png").sum() == 2


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(PhotoError, match=r"m\.png is 30×20 pixels but its photo is 20×30"):
        decode_mask(encode_mask(np.zeros((20, 30), bool)), (30, 20), "m.png")


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "new" / "a.png"
    write_file(target, b"old")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match=r"a\.png cannot be written \(No space left on device\)"):
        write_file(target, b"half")
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


def test_stem_takes_off_the_last_ending_only() -> None:
    assert [stem(Path(name)) for name in ("a.damaged.jpg", "b.png", "c")] == ["a.damaged", "b", "c"]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_folders_are_mirrored(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    touch(photos / "a.JPG", photos / "deep" / "er" / "b.x.tif", photos / "notes.txt", photos / ".hidden" / "c.png")
    plan = plan_outputs([photos, tmp_path / "gone.png"], out)
    assert [target for _, target in plan] == [out / "a", out / "deep" / "er" / "b.x", out / "gone"]


def test_earlier_results_inside_the_folder_are_no_inputs(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "out" / "a.mask.png")
    assert plan_outputs([tmp_path], tmp_path / "out") == [(tmp_path / "a.png", tmp_path / "out" / "a")]


def test_an_input_named_twice_is_done_once(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "a.png")
    assert len(plan_outputs([tmp_path / "in", tmp_path / "in" / "a.png"], tmp_path / "out")) == 1


@pytest.mark.parametrize("names", [("a.jpg", "a.png"), ("x/a.jpg", "y/a.jpg")])
def test_two_inputs_for_one_output_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    paths = [tmp_path / name for name in names]
    touch(*paths)
    with pytest.raises(UsageProblem, match="would both write"):
        plan_outputs(paths, tmp_path / "out")


def test_replacing_an_input_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "a.mask.png")
    with pytest.raises(UsageProblem, match=r"would replace the input .*a\.mask\.png"):
        plan_outputs([tmp_path / "a.jpg", tmp_path / "a.mask.png"], tmp_path, (".mask.png",))
    with pytest.raises(UsageProblem, match="both input and --out"):
        plan_outputs([tmp_path], tmp_path)


def test_a_folder_without_pictures_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="No pictures found"):
        plan_outputs([tmp_path], tmp_path / "out")


def test_paths_that_cannot_be_looked_at_are_inputs_like_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "closed" / "a.png", tmp_path / "b.png")
    (tmp_path / "round.png").symlink_to("round.png")
    forbidding(monkeypatch, tmp_path / "closed")
    paths = [tmp_path / "closed" / "a.png", tmp_path / f"{'x' * 300}.png", tmp_path / "round.png", tmp_path / "b.png"]
    plan = plan_outputs(paths, tmp_path / "out", (".mask.png",))
    assert [source for source, _ in plan] == paths
    for path in paths[:3]:
        with pytest.raises(PhotoError, match="cannot be read"):
            read_file(path)


def test_what_cannot_be_read_in_a_folder_is_an_input_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "photos", tmp_path / "out"
    touch(folder / "a.png", folder / "a" / "b.png", folder / "deep" / "c.png")
    (folder / "dangling.png").symlink_to("nowhere.png")
    (folder / "link").symlink_to(folder / "deep")
    os.mkfifo(folder / "pipe.png")
    forbidding(monkeypatch, folder / "a")
    plan = plan_outputs([folder], out, (".mask.png",))
    found = ["a", "a.png", "dangling.png", "deep/c.png"]
    assert [str(source.relative_to(folder)) for source, _ in plan] == found, "links to folders are not followed"
    for source, _ in (plan[0], plan[2]):
        with pytest.raises(PhotoError, match="cannot be read"):
            read_file(source)


def test_what_is_no_file_is_told_before_it_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (Path(os.devnull), tmp_path / "pipe.png"):  # the device first: reading a pipe would wait for a writer
        with pytest.raises(PhotoError, match=rf"{path.name} cannot be read \(it is not a regular file\)"):
            read_file(path)


@pytest.mark.parametrize("below", [".", "new/er"])
def test_an_impossible_folder_for_results_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    touch(tmp_path / "a.png", tmp_path / "file")
    with pytest.raises(UsageProblem, match=r"file is no folder; choose another"):
        plan_outputs([tmp_path / "a.png"], tmp_path / "file" / below)
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(UsageProblem, match=r"dangling is no folder"):
        plan_outputs([tmp_path / "a.png"], tmp_path / "dangling" / below)
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    with pytest.raises(UsageProblem, match="is not yours to write in; choose another"):
        plan_outputs([tmp_path / "a.png"], tmp_path / below)


def test_names_may_be_as_long_as_the_file_system_lets_them(tmp_path: Path) -> None:
    longest = tmp_path / f"{'x' * 251}.png"
    check_name(longest)
    write_file(longest, b"all")
    assert longest.read_bytes() == b"all"
    assert list(tmp_path.iterdir()) == [longest]
    too_long = tmp_path / "new" / f"{'x' * 252}.png"
    for step in (check_name, lambda path: write_file(path, b"all")):
        with pytest.raises(OutputError, match=r"File name too long\); give the photo a shorter name"):
            step(too_long)
