// Framework tabs, the header's menus and links into hidden parts.
(() => {
  "use strict";
  const choice = window.frameworkChoice;
  const groups = [...document.querySelectorAll(".framework-group")];

  const tabsOf = (group) => [...group.querySelectorAll(":scope > [role=tablist] > [role=tab]")];

  function selectedTab(group) {
    const tabs = tabsOf(group);
    return tabs.find((tab) => tab.dataset.framework === choice.shown()) ?? tabs[0];
  }

  // what assistive technology and the keyboard see follows what is shown
  function update() {
    for (const group of groups) {
      const selected = selectedTab(group);
      for (const tab of tabsOf(group)) {
        tab.setAttribute("aria-selected", String(tab === selected));
        tab.tabIndex = tab === selected ? 0 : -1;
      }
    }
    const asked = new URLSearchParams(location.search).has("framework");
    for (const link of document.querySelectorAll("a[data-keep-framework]")) {
      const address = new URL(link.href);
      if (asked) address.searchParams.set("framework", choice.shown());
      link.href = address;
    }
  }

  // the tab stays where the reader's eye and pointer are, though panes above it change their height
  function select(tab) {
    const before = tab.getBoundingClientRect().top;
    choice.choose(tab.dataset.framework);
    update();
    scrollBy({ top: tab.getBoundingClientRect().top - before, behavior: "instant" });
  }

  const steps = {
    ArrowRight: (index, count) => (index + 1) % count,
    ArrowLeft: (index, count) => (index + count - 1) % count,
    Home: () => 0,
    End: (index, count) => count - 1,
  };

  for (const group of groups) {
    const tabs = tabsOf(group);
    for (const [index, tab] of tabs.entries()) {
      tab.addEventListener("click", () => select(tab));
      tab.addEventListener("keydown", (event) => {
        const step = steps[event.key];
        if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const next = tabs[step(index, tabs.length)];
        next.focus({ preventScroll: true });
        select(next);
      });
    }
  }

  // a link may lead into a folded part or into another framework's pane
  function reveal() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    let hidden = target.getClientRects().length === 0;
    const pane = target.closest(".framework-pane");
    if (hidden && pane) {
      choice.show(pane.dataset.framework);
      update();
    }
    for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) {
      hidden ||= !part.open;
      part.open = true;
    }
    if (hidden) target.scrollIntoView();
  }

  const menus = [...document.querySelectorAll(".book-menu")];
  const close = (except) => menus.forEach((menu) => menu !== except && (menu.open = false));
  document.addEventListener("click", (event) => close(event.target.closest(".book-menu")));
  document.addEventListener("keydown", (event) => {
    const open = menus.find((menu) => menu.open);
    if (event.key !== "Escape" || !open) return;
    close();
    open.querySelector("summary").focus();
  });

  document.addEventListener("frameworkshown", update);
  addEventListener("hashchange", reveal);
  update();
  reveal();
})();
