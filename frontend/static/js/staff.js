/* Keys for those who work here all day; every page works without them. */
"use strict";

(() => {
  const typing = (element) => element.closest("input, select, textarea, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !typing(event.target)) {
      const search = document.querySelector("[data-desk-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
    }
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !typing(event.target)) step(event);
  });

  /* Up and down go from row to row of a list once one of its links has the focus. */
  function step(event) {
    const row = event.target.closest("[data-list] tbody tr");
    if (!row) return;
    const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    const link = next?.querySelector("a, button, input");
    if (!link) return;
    event.preventDefault();
    link.focus();
  }

  /* A file comes and the page stays: its form may be sent again. */
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-download]")) return;
    const form = event.target;
    setTimeout(() => {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    }, 1500);
  });
})();
