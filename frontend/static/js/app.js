/* The whole of our JavaScript. Every page works without it; this makes some of them quicker.
   No eval, no inline handlers: the policy forbids them. */
"use strict";

(() => {
  const notices = () => document.getElementById("notices");

  /* htmx: our refusals (422 with the form, or a notice sent to #notices) are answers to be shown. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400) return;
    const ours = xhr.status === 422 || xhr.getResponseHeader("HX-Retarget");
    event.detail.shouldSwap = Boolean(ours);
    event.detail.isError = !ours;
    if (!ours) tellFailure();
  });
  document.addEventListener("htmx:sendError", tellFailure);
  document.addEventListener("htmx:timeout", tellFailure);
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form) for (const button of form.querySelectorAll("[type=submit]")) button.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form) for (const button of form.querySelectorAll("[type=submit]")) button.removeAttribute("aria-busy");
  });
  document.addEventListener("htmx:afterSettle", (event) => prepare(event.detail.elt));

  function tellFailure() {
    const region = notices();
    if (!region) return;
    const box = document.createElement("div");
    box.className = "notice notice-error";
    const words = document.createElement("p");
    words.textContent = region.dataset.failed;
    box.append(words);
    region.replaceChildren(box);
  }

  /* Wrong fields: the summary is read first; its links put the cursor into the field. */
  function focusErrors(root) {
    const summary = root.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-error-summary] a[href^='#']");
    if (!link) return;
    const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    (field.labels?.[0] ?? field).scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  });

  /* Amount: a chip empties the free field, typing releases the chips. */
  document.addEventListener("input", (event) => {
    const group = event.target.closest("[data-amount]");
    if (!group) return;
    const free = group.querySelector("input[type=text]");
    if (event.target === free) {
      if (free.value.trim()) for (const chip of group.querySelectorAll("input[type=radio]")) chip.checked = false;
    } else if (event.target.type === "radio") {
      free.value = "";
    }
  });

  /* Uploads: what was chosen is shown; too much is told before it is sent. */
  function judgeUpload(input) {
    const note = input.closest("[data-upload]").querySelector("[data-upload-note]");
    const files = [...input.files];
    const wrong = files
      .filter((file) => file.size > Number(input.dataset.maxBytes))
      .map((file) => input.dataset.tooLarge.replace("{file}", () => file.name));
    if (files.length > Number(input.dataset.maxCount)) wrong.unshift(input.dataset.tooMany);
    const list = document.createElement("ul");
    for (const words of wrong.length ? wrong : files.map((file) => file.name)) {
      const line = document.createElement("li");
      const text = document.createElement("bdi");
      text.textContent = words;
      line.append(text);
      if (wrong.length) line.className = "field-error";
      list.append(line);
    }
    note.replaceChildren(...(wrong.length || input.multiple ? [list] : []));
    input.toggleAttribute("data-refused", wrong.length > 0);
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-upload] input[type=file]")) judgeUpload(event.target);
  });
  document.addEventListener("submit", (event) => {
    const refused = event.target.querySelector("input[data-refused]");
    if (!refused) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    refused.focus();
  }, true);
  document.addEventListener("htmx:xhr:progress", (event) => {
    const box = event.target.querySelector?.("[data-upload-progress]");
    if (!box || !event.detail.lengthComputable) return;
    box.hidden = false;
    box.firstElementChild.value = Math.round((event.detail.loaded / event.detail.total) * 100);
  });

  /* A form of a plain page: one press is one request. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    }
  });

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy-button]");
    if (copy) {
      const field = copy.closest("[data-copy]").querySelector("input");
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        field.select();
        return;
      }
      copy.querySelector("span").textContent = copy.dataset.done;
      return;
    }
    const share = event.target.closest("[data-share]");
    if (share) {
      try {
        await navigator.share({ title: share.dataset.title, url: share.dataset.url });
      } catch {
        /* closed by the person */
      }
      return;
    }
    if (event.target.closest("[data-print]")) window.print();
  });

  /* What only a script can do stays hidden until there is one. */
  function prepare(root) {
    if (navigator.clipboard) for (const button of root.querySelectorAll("[data-copy-button]")) button.hidden = false;
    if (navigator.share) for (const button of root.querySelectorAll("[data-share]")) button.hidden = false;
    for (const button of root.querySelectorAll("[data-print]")) button.hidden = false;
    focusErrors(root);
  }
  document.addEventListener("DOMContentLoaded", () => prepare(document));
})();
