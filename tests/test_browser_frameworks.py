"""Framework tabs in a real browser: in step, remembered, in the address, by keyboard, without JavaScript."""

from __future__ import annotations

import urllib.request

import pytest
from browsing import address, browser, chromium  # noqa: F401 (fixtures)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser
PAGE = "/en/tensors.html"
STATE = """
    const chosen = document.documentElement.dataset.framework;
    const groups = [...document.querySelectorAll('.framework-group')]
        .filter(group => !group.closest('details:not([open])'));
    return [chosen, groups.map(group => [
        group.dataset.frameworks.split(' '),
        [...group.querySelectorAll(':scope > [role=tabpanel]')]
            .filter(pane => pane.checkVisibility()).map(pane => pane.dataset.framework),
        [...group.querySelectorAll('[role=tab]')]
            .filter(tab => tab.getAttribute('aria-selected') === 'true').map(tab => tab.dataset.framework),
    ])]"""


def framework(browser) -> str:  # noqa: F811
    """The chosen framework.  Every group shows it and marks its tab; one that lacks it shows its first."""
    chosen, groups = browser.execute_script(STATE)
    assert groups
    for frameworks, visible, selected in groups:
        assert visible == selected == [chosen if chosen in frameworks else frameworks[0]]
    return chosen


def prose(browser) -> list[str]:  # noqa: F811
    panes = browser.find_elements(By.CSS_SELECTOR, ".prose [role=tabpanel]")
    return [p.get_attribute("data-framework") for p in panes if p.is_displayed()]


def tab(browser, framework: str, group: str = "cell-make-tensor"):  # noqa: F811
    return browser.find_element(By.CSS_SELECTOR, f"#{group} [role=tab][data-framework={framework}]")


def choose(browser, framework: str, group: str = "cell-make-tensor") -> None:  # noqa: F811
    tab(browser, framework, group).click()


def test_one_click_changes_every_group_of_the_page(browser, address):  # noqa: F811
    browser.get(address + PAGE)
    assert framework(browser) == "pytorch"
    choose(browser, "jax")
    assert framework(browser) == "jax"


def test_prose_keeps_in_step_both_ways(browser, address):  # noqa: F811
    browser.get(address + PAGE)
    assert prose(browser) == ["pytorch"]
    choose(browser, "jax")
    assert prose(browser) == ["jax"]
    choose(browser, "pytorch", "prose-1")
    assert framework(browser) == "pytorch"


def test_the_choice_is_remembered_across_pages_and_languages(browser, address):  # noqa: F811
    browser.get(address + PAGE)
    choose(browser, "mxnet")
    browser.get(address + "/en/index.html")
    assert framework(browser) == "mxnet"
    browser.get(address + "/pt/tensors.html")
    assert framework(browser) == "mxnet"


def test_the_address_is_read_and_written(browser, address):  # noqa: F811
    browser.get(f"{address}{PAGE}?framework=tensorflow&x=1#making-one")
    assert framework(browser) == "tensorflow"
    before = browser.execute_script("return history.length")
    choose(browser, "jax")
    assert browser.current_url == f"{address}{PAGE}?framework=jax&x=1#making-one"
    assert browser.execute_script("return history.length") == before
    browser.get(address + PAGE)
    assert framework(browser) == "jax"


def test_an_unknown_framework_in_the_address_is_ignored(browser, address):  # noqa: F811
    browser.get(f"{address}{PAGE}?framework=%22%5D%7D*%7Bdisplay:none")
    assert framework(browser) == "pytorch"


def test_the_right_pane_is_there_from_the_first_paint(browser, address):  # noqa: F811
    """The choice is made by a script in the head, before the body is parsed."""
    browser.get(f"{address}{PAGE}?framework=jax")
    order = browser.execute_script("""
        const script = document.querySelector('script[src*="before-paint.js"]');
        return [script.closest('head') !== null, script.async, script.defer]""")
    assert order == [True, False, False]


def test_the_keyboard_moves_between_tabs(browser, address):  # noqa: F811
    browser.get(address + PAGE)
    tab(browser, "pytorch").send_keys(Keys.ARROW_RIGHT)
    assert framework(browser) == "tensorflow"
    assert browser.switch_to.active_element == tab(browser, "tensorflow")
    for key, wanted in (
        (Keys.END, "jax"),
        (Keys.ARROW_RIGHT, "pytorch"),
        (Keys.ARROW_LEFT, "jax"),
        (Keys.HOME, "pytorch"),
    ):
        browser.switch_to.active_element.send_keys(key)
        assert framework(browser) == wanted
        assert browser.switch_to.active_element == tab(browser, wanted)
    assert tab(browser, "pytorch").get_attribute("tabindex") == "0"
    assert tab(browser, "jax").get_attribute("tabindex") == "-1"


def test_the_clicked_tab_stays_where_it_is(browser, address):  # noqa: F811
    """Panes above it change their height: TensorFlow's reason is longer than the others' code."""
    browser.get(address + PAGE)
    place = "return arguments[0].getBoundingClientRect().top"
    for name in ("tensorflow", "jax", "mxnet", "pytorch"):
        clicked = tab(browser, name, "cell-noise")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", clicked)
        before = browser.execute_script(place, clicked)
        clicked.click()
        browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        assert abs(browser.execute_script(place, clicked) - before) <= 1


def test_a_link_into_another_frameworks_pane_shows_it(browser, address):  # noqa: F811
    browser.get(f"{address}{PAGE}#cell-draw-mxnet")
    assert framework(browser) == "mxnet"
    browser.get(f"{address}/en/index.html")
    assert framework(browser) == "pytorch"  # a link is not a choice


def test_a_link_to_a_folded_solution_opens_it(browser, address):  # noqa: F811
    browser.get(address + PAGE)
    solution = browser.find_element(By.ID, "sol-rows")
    assert solution.get_attribute("open") is None
    browser.execute_script("location.hash = 'sol-rows'")
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    assert solution.get_attribute("open") is not None


def test_the_download_is_the_shown_frameworks_notebook(browser, address):  # noqa: F811
    browser.get(address + PAGE)
    for name in ("pytorch", "mxnet"):
        choose(browser, name)
        browser.find_element(By.CSS_SELECTOR, ".book-downloads > summary").click()
        links = [a for a in browser.find_elements(By.CSS_SELECTOR, ".download-notebook") if a.is_displayed()]
        assert len(links) == 1
        with urllib.request.urlopen(links[0].get_attribute("href")) as answer:
            assert answer.status == 200
            assert name in answer.read().decode()
        browser.find_element(By.CSS_SELECTOR, "article h1").click()
        assert not links[0].is_displayed()


def test_without_javascript_every_pane_is_there_under_its_title(address):  # noqa: F811
    with chromium({"profile.managed_default_content_settings.javascript": 2}) as plain:
        plain.get(address + PAGE)
        panes = plain.find_elements(By.CSS_SELECTOR, "#cell-make-tensor > [role=tabpanel]")
        assert [p.is_displayed() for p in panes] == [True] * 4
        titles = [p.find_element(By.CLASS_NAME, "framework-title") for p in panes]
        assert [t.text for t in titles] == ["PyTorch", "TensorFlow", "MXNet", "JAX"]
        assert not plain.find_element(By.CSS_SELECTOR, "#cell-make-tensor > [role=tablist]").is_displayed()


def test_blocked_storage_leaves_a_working_page(address):  # noqa: F811
    with chromium({"profile.managed_default_content_settings.cookies": 2}) as private:
        private.get(address + PAGE)
        choose(private, "jax")
        assert framework(private) == "jax"
