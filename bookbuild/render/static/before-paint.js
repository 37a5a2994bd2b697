// What must be settled before a page is painted; runs in its head.

// Colours: the theme decides between light and dark only when all is loaded, so a first visit would flash.
(() => {
  "use strict";
  const page = document.documentElement;
  if (!["light", "dark"].includes(page.dataset.theme)) {
    page.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
})();

// The framework: from the address (?framework=jax), else from the last visit, else the first.
(() => {
  "use strict";
  const known = document.currentScript.dataset.frameworks.split(" ");
  const store = "book-framework";
  const rules = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, rules];

  function remembered() {
    try {
      return localStorage.getItem(store);
    } catch {
      return null; // storage is blocked: the choice holds for this page
    }
  }

  function remember(framework) {
    try {
      localStorage.setItem(store, framework);
    } catch {
      // as above
    }
  }

  // Parts stand as [data-framework] directly below [data-frameworks].  Where the shown framework
  // is not among them, the first part stays.
  function show(framework) {
    document.documentElement.dataset.framework = framework;
    rules.replaceSync(`
      [data-frameworks~="${framework}"] > [data-framework]:not([data-framework="${framework}"]),
      [data-frameworks]:not([data-frameworks~="${framework}"]) > [data-framework] ~ [data-framework] {
        display: none;
      }`);
  }

  function choose(framework) {
    remember(framework);
    show(framework);
    const address = new URL(location.href);
    address.searchParams.set("framework", framework);
    history.replaceState(history.state, "", address);
  }

  const isKnown = (framework) => known.includes(framework);
  const asked = new URLSearchParams(location.search).get("framework");
  if (isKnown(asked)) remember(asked);
  show([asked, remembered(), known[0]].find(isKnown));

  // a page that the browser kept while the choice changed on another one
  addEventListener("pageshow", (event) => {
    const framework = remembered();
    if (event.persisted && isKnown(framework)) {
      show(framework);
      document.dispatchEvent(new Event("frameworkshown"));
    }
  });

  window.frameworkChoice = Object.freeze({ choose, show, shown: () => document.documentElement.dataset.framework });
})();
