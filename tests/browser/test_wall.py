"""The wall of photos, whatever their shapes."""

from playwright.sync_api import Page

from tests.support.mounted import mount, run_again

RATIOS = (1.5, 15.0, 0.75, 0.08, 1.0, 4.0, 0.67)


def tile(number: int, ratio: float) -> dict[str, object]:
    return {
        "id": number, "name": f"{number}.png", "src": "", "ratio": ratio, "sign": "◔", "state": "waits for a mask",
        "tone": "waiting",
    }  # fmt: skip


def test_no_photo_is_wider_than_the_wall_or_too_narrow_to_press(page: Page) -> None:
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        mount(page, "wall", {"tiles": [tile(number, ratio) for number, ratio in enumerate(RATIOS)], "actions": []})
        boxes = [each.bounding_box() for each in page.locator(".tile").all()]
        sides = [(box["x"] + box["width"], box["width"]) for box in boxes if box is not None]
        assert len(sides) == len(RATIOS)
        assert max(right for right, _ in sides) <= width
        assert min(wide for _, wide in sides) >= 60
        crops = [
            box["width"] / box["height"] / ratio for box, ratio in zip(boxes, RATIOS, strict=True) if box is not None
        ]
        assert all(crop < 1.7 for crop, ratio in zip(crops, RATIOS, strict=True) if ratio > 0.6), "heads stay on"
        badges = [badge.bounding_box() for badge in page.locator(".badge").all()]
        assert len({box["height"] for box in badges if box is not None}) == 1, "each is one line"


def test_photos_are_chosen_and_sent_on_by_keyboard(page: Page) -> None:
    actions = [{"name": "restore", "said": "Restore"}]
    mount(page, "wall", {"tiles": [tile(number, 1.5) for number in range(60)], "actions": actions})
    for key in ("Tab", "ArrowRight", "x", "ArrowRight", "ArrowRight", "x"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "3.png, waits for a mask, chosen"
    for key in ("Tab", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("window.sent") == ["act", {"name": "restore", "ids": [1, 3], "names": ["1.png", "3.png"]}]
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "3.png, waits for a mask"


def test_a_page_that_was_turned_begins_at_its_top(page: Page) -> None:
    pages = [
        {"tiles": [tile(number, 1.5) for number in numbers], "actions": [], "page": place}
        for place, numbers in enumerate((range(60), range(60, 120)), start=1)
    ]
    mount(page, "wall", pages[0])
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    run_again(page, "wall", pages[0])
    assert page.evaluate("scrollY") > 0, "a run that turns no page moves nothing"
    run_again(page, "wall", pages[1])
    assert page.evaluate("scrollY") == 0


def test_photos_that_are_chosen_stay_so_on_other_pages_of_the_same_wall(page: Page) -> None:
    first = {"tiles": [tile(number, 1.5) for number in (1, 2)], "actions": [{"name": "restore", "said": "Restore"}]}
    second = first | {"tiles": [tile(number, 1.5) for number in (3, 4)]}
    chosen, boxes = page.locator(".bar b"), page.locator(".pick")
    mount(page, "wall", first | {"choice": "all"})
    boxes.nth(1).check(force=True)
    run_again(page, "wall", second | {"choice": "all"})
    boxes.nth(0).check(force=True)
    assert chosen.text_content() == "2 chosen, 1 on other pages"
    page.get_by_role("button", name="Restore").click()
    assert page.evaluate("window.sent") == ["act", {"name": "restore", "ids": [2, 3], "names": ["2.png", "3.png"]}]
    boxes.nth(1).check(force=True)
    run_again(page, "wall", first | {"choice": "all"})
    boxes.nth(0).check(force=True)
    run_again(page, "wall", first | {"choice": "family"})
    assert chosen.text_content() == "1 chosen", "what another filter hides is let go"
