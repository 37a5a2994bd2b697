// Marks the reader's language; nobody is sent anywhere.  The book's own choice of light or dark holds here too.
(() => {
  "use strict";
  try {
    const mode = localStorage.getItem("mode"); // "auto": the system's colours hold
    if (mode === "light" || mode === "dark") document.documentElement.dataset.theme = mode;
  } catch {
    // storage is blocked: the system's colours hold
  }
  const links = [...document.querySelectorAll("a[hreflang]")];
  const primary = (tag) => tag.toLowerCase().split("-")[0];
  for (const wanted of navigator.languages) {
    const link = links.find((a) => a.hreflang.toLowerCase() === wanted.toLowerCase()) ??
      links.find((a) => primary(a.hreflang) === primary(wanted));
    if (link) {
      link.classList.add("yours");
      break;
    }
  }
})();
