"""Languages, hostile outputs, narrow and dark pages, in a real browser."""

from __future__ import annotations

import pytest
from browsing import address, browser, chromium, served  # noqa: F401 (fixtures)
from rendering import copy_book
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from bookbuild.config import load_book
from bookbuild.render import build_html

pytestmark = pytest.mark.browser


def test_the_language_menu_keeps_the_page_and_the_framework(browser, address):  # noqa: F811
    browser.get(f"{address}/en/tensors.html?framework=mxnet")
    browser.find_element(By.CSS_SELECTOR, ".book-languages > summary").click()
    browser.find_element(By.CSS_SELECTOR, ".book-languages a[hreflang=pt-BR]").click()
    assert browser.current_url == f"{address}/pt/tensors.html?framework=mxnet"
    assert browser.find_element(By.CSS_SELECTOR, "#cell-draw-mxnet").is_displayed()
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "pt-BR"


def test_menus_open_and_close_by_keyboard(browser, address):  # noqa: F811
    browser.get(f"{address}/en/tensors.html")
    summary = browser.find_element(By.CSS_SELECTOR, ".book-languages > summary")
    summary.send_keys(Keys.ENTER)
    link = browser.find_element(By.CSS_SELECTOR, ".book-languages a")
    assert link.is_displayed()
    link.send_keys(Keys.ESCAPE)
    assert not link.is_displayed()
    assert browser.switch_to.active_element == summary


def test_hostile_outputs_do_not_run(browser, address):  # noqa: F811
    browser.get(f"{address}/en/index.html?framework=jax")
    pane = browser.find_element(By.ID, "cell-powers-jax")
    assert pane.find_element(By.TAG_NAME, "b").text == "kept"
    assert "document.title = 6" in pane.text
    assert browser.title.startswith("A Small Book")
    drawing = pane.find_element(By.TAG_NAME, "img").get_attribute("src")
    browser.get(drawing)  # opened by itself, the drawing is a document that could run scripts
    assert "script" not in browser.page_source and "onload" not in browser.page_source


def test_the_page_has_no_error_of_its_own(address):  # noqa: F811
    with chromium() as browser:  # noqa: F811
        browser.get(f"{address}/en/tensors.html")
        own = [
            e["message"]
            for e in browser.get_log("browser")
            if address in e["message"] and "favicon" not in e["message"] and e["level"] == "SEVERE"
        ]
        assert own == []


@pytest.mark.parametrize("path", ["/en/tensors.html", "/pt/index.html", "/index.html"])
def test_nothing_is_wider_than_a_narrow_phone(browser, address, path):  # noqa: F811
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(address + path)
    assert browser.execute_script("return document.documentElement.scrollWidth") == 360
    menus = browser.find_elements(By.CSS_SELECTOR, ".book-menu")
    for menu in menus:
        menu.find_element(By.TAG_NAME, "summary").click()
        box = menu.find_element(By.CLASS_NAME, "book-menu__list").rect
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360


def test_drawings_are_turned_light_on_dark(browser, address):  # noqa: F811
    browser.get(f"{address}/en/tensors.html")
    filtered = "return getComputedStyle(document.querySelector('#cell-draw-pytorch img')).filter"
    browser.execute_script("document.documentElement.dataset.theme = 'light'")
    assert browser.execute_script(filtered) == "none"
    browser.execute_script("document.documentElement.dataset.theme = 'dark'")
    assert "invert" in browser.execute_script(filtered)


def test_chinese_is_found_word_by_word(tmp_path):
    book = copy_book(tmp_path)
    config = book.root / "_config.yml"
    entry = "      zh: {title: 中文, sphinx: zh_CN, html: zh-CN, book_title: 小书}\n"
    config.write_text(config.read_text("utf-8").rstrip("\n") + "\n" + entry, "utf-8")
    page = book.page_path("zh", "references")
    page.parent.mkdir()
    page.write_text(
        "(chap-references)=\n# 参考文献\n\n每个模块都有参数，参数的数量可以计算。\n\n"
        "```{glossary}\ntensor\n  张量。\n```\n\n```{bibliography}\n```\n",
        "utf-8",
    )
    build_html(load_book(book.root), "zh")
    with served(book.root / "_build" / "html") as address, chromium() as browser:  # noqa: F811
        for query, found in (("参数", True), ("数量", True), ("参数 计算", True), ("数算", False)):
            browser.get(f"{address}/zh/search.html?q={query}")
            summary = WebDriverWait(browser, 10).until(
                lambda b: b.find_element(By.CSS_SELECTOR, "#search-results .search-summary").text.strip()
            )
            assert summary
            links = browser.find_elements(By.CSS_SELECTOR, "#search-results li > a")
            assert any("参考文献" in a.text for a in links) == found, query


def test_the_front_page_marks_the_readers_language(address):  # noqa: F811
    with chromium({"intl.accept_languages": "pt-PT,fr"}) as browser:  # noqa: F811
        browser.get(f"{address}/index.html")
        marked = browser.find_elements(By.CSS_SELECTOR, "a.yours")
        assert [a.get_attribute("hreflang") for a in marked] == ["pt-BR"]
        assert browser.current_url == f"{address}/index.html"
        marked[0].click()
        assert browser.current_url == f"{address}/pt/index.html"
