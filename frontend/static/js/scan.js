/* The field that takes scans. A scanner types and presses Enter; a camera reads; both end in the same form.

   A scan is sent as the form would be, and what comes back is the page as without a script: if it is this page,
   its content takes the place of the old one around the field, else the browser goes there. */
"use strict";

(() => {
  const KEPT = "scans.kept", RECENT = "scans.recent", SHOWN = 5, RETRY_MS = 4000;
  const { feedback, camera } = window.scanDevice;

  let box = document.querySelector("[data-scan]");
  if (!box) return;
  let form = box.querySelector("form");
  const field = () => form.querySelector("[data-scan-input]");
  const load = (key) => JSON.parse(sessionStorage.getItem(key) ?? "[]");
  const save = (key, list) => sessionStorage.setItem(key, JSON.stringify(list));

  /* crypto.randomUUID is there only under TLS. */
  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  }

  function say(tone, words) {
    const result = box.querySelector("[data-scan-result]");
    result.className = `scan-result scan-${tone}`;
    result.querySelector("[data-scan-words]").textContent = words;
    result.hidden = false;
  }

  function tell(tone, words, code) {
    say(tone, words);
    feedback(tone);
    remember(tone, code);
  }

  function remember(tone, code, href = "") {
    const at = new Date().toTimeString().slice(0, 5);
    save(RECENT, [{ tone, code, href, at }, ...load(RECENT)].slice(0, SHOWN));
    showRecent();
  }

  function showRecent() {
    const list = load(RECENT), where = box.querySelector("[data-scan-recent]");
    where.hidden = list.length === 0;
    where.querySelector("ol").replaceChildren(...list.map(({ tone, code, href, at }) => {
      const line = document.createElement("li"), time = document.createElement("time");
      const what = document.createElement(href ? "a" : "bdi"), word = document.createElement("span");
      line.className = `scan-line scan-line-${tone}`;
      if (href) what.href = href;
      what.textContent = code;
      time.textContent = at;
      word.textContent = box.dataset[`word${tone[0].toUpperCase()}${tone.slice(1)}`];
      line.append(time, " ", what, " ", word);
      return line;
    }));
  }

  /* Scans are sent one after the other, in the order in which they were made. */
  const queue = [];
  let sending = false;

  function scanned(code) {
    code = code.trim();
    if (!code) return;
    field().value = code;
    const data = new URLSearchParams(new FormData(form));
    if (data.has("request")) form.elements.request.value = uuid();
    queue.push({ code, action: form.action, body: data.toString(), again: "scanAgain" in form.dataset });
    field().value = "";
    work();
  }

  async function work() {
    if (sending) return;
    sending = true;
    box.setAttribute("aria-busy", "true");
    try {
      while (queue.length) await send(queue[0]) && queue.shift();
    } finally {
      sending = false;
      box.removeAttribute("aria-busy");
    }
  }

  /* Return whether the queue may go on. */
  async function send(scan) {
    let answer, text;
    try {
      const headers = { "Content-Type": "application/x-www-form-urlencoded", Accept: "text/html" };
      answer = await fetch(scan.action, { method: "POST", body: scan.body, headers });
      text = await answer.text();
    } catch {
      lost(scan);
      return true;
    }
    if (answer.status >= 502) {
      lost(scan);
      return true;
    }
    const here = new URL(answer.url);
    if (answer.redirected && here.pathname.endsWith("/sign-in")) {
      if (scan.again) save(KEPT, [...load(KEPT), scan]);
      location.assign(answer.url);
      return false;
    }
    if (answer.redirected && here.pathname !== location.pathname && queue.length === 1) {
      remember("good", scan.code, here.pathname + here.search);
      feedback("good");
      location.assign(answer.url);
      return true;
    }
    show(new DOMParser().parseFromString(text, "text/html"), answer, scan);
    return true;
  }

  function lost(scan) {
    if (scan.again) {
      save(KEPT, [...load(KEPT), { ...scan, kept: true }]);
      setTimeout(resend, RETRY_MS);
    }
    if (scan.kept) return; // was told when it was made
    tell("lost", (scan.again ? box.dataset.saidLost : box.dataset.saidUnsent).replace("{code}", () => scan.code), scan.code);
  }

  /* What was kept is sent when there is a connection, or after a while: browsers are not always told. */
  function resend() {
    const kept = load(KEPT);
    if (!kept.length || sending) return;
    save(KEPT, []);
    queue.push(...kept);
    work();
  }
  window.addEventListener("online", resend);

  /* The page that came back takes the place of this one; the field stays, and the camera with it. */
  function show(page, answer, scan) {
    const fresh = page.querySelector("[data-scan]"), main = page.getElementById("main");
    const words = fresh?.querySelector("[data-scan-result]:not([hidden]) [data-scan-words]")?.textContent.trim();
    const isBad = !answer.ok || Boolean(fresh?.querySelector(".scan-bad"));
    const wrong = page.querySelector("[data-error-summary] li, .scan .field-error, #notices .notice, main .lead");
    if (answer.redirected && !fresh) { // the last scan of a task: nothing more is scanned here
      location.assign(answer.url);
      return;
    }
    if (main && fresh) {
      take(fresh);
      replaceAround(fresh, main);
      document.title = page.title;
      window.htmx?.process(document.getElementById("main"));
      refocus();
    }
    const tone = isBad ? "bad" : "good";
    const told = words || (isBad && wrong?.textContent.trim());
    tell(tone, told || box.dataset[isBad ? "saidBad" : "saidGood"].replace("{code}", () => scan.code), scan.code);
  }

  /* The field is not moved, or the camera's picture would stop: what stands before and after it is exchanged,
     level by level. */
  function replaceAround(fresh, main) {
    const root = document.getElementById("main");
    let old = box, other = fresh;
    while (old !== root && other !== main) {
      while (old.previousSibling) old.previousSibling.remove();
      while (old.nextSibling) old.nextSibling.remove();
      while (other.previousSibling) old.before(other.parentNode.firstChild);
      while (other.nextSibling) old.after(other.parentNode.lastChild);
      old = old.parentNode;
      other = other.parentNode;
    }
  }

  /* Take over what the new form says: where to, hidden values, label, hint and complaint. */
  function take(fresh) {
    const typed = field().value, next = fresh.querySelector("form"), input = next.querySelector("[data-scan-input]");
    input.value = typed;
    const button = form.querySelector("[data-scan-camera]"), other = next.querySelector("[data-scan-camera]");
    if (button && other) other.replaceWith(button);
    form.replaceWith(next);
    form = next;
  }

  document.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    event.preventDefault();
    scanned(field().value);
  }, true);

  /* The field has the focus whenever nothing else needs it. On a phone that would cover half of the screen with
     a keyboard: there what a scanner types is caught as it comes. */
  const hasKeyboard = matchMedia("(pointer: fine)").matches;
  const taken = () => document.activeElement?.closest("input, select, textarea, button, a, summary, dialog, [contenteditable]");
  const writing = () => document.activeElement?.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
  function refocus() {
    if (hasKeyboard && !taken()) field().focus({ preventScroll: true });
  }
  document.addEventListener("focusout", () => setTimeout(refocus));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    if (!writing()) field().focus({ preventScroll: true });
  });
  /* Some scanners end with Tab. */
  document.addEventListener("keydown", (event) => {
    if (event.target !== field() || event.key !== "Tab" || event.shiftKey || !field().value.trim()) return;
    event.preventDefault();
    scanned(field().value);
  });

  const lens = camera(box, { onCode: scanned, isBusy: () => sending });

  function prepare() {
    showRecent();
    const kept = load(KEPT).length;
    if (kept) say("lost", box.dataset.saidWaiting.replace("{count}", () => kept));
    refocus();
    resend();
    lens.offer();
  }
  window.addEventListener("pageshow", prepare);
})();
