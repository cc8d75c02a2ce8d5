/* The field that takes scans. A scanner types and presses Enter; a camera reads; both end in the same form.

   A scan is sent as the form would be, and what comes back is the page as without a script: if it is this page,
   its content takes the place of the old one around the field, else the browser goes there. */
"use strict";

(() => {
  const KEPT = "scans.kept", RECENT = "scans.recent", SHOWN = 5;
  const AGAIN_MS = 2500, PAUSE_MS = 90, RETRY_MS = 4000, WIDTH = 1280;
  const FORMATS = ["EAN13", "EAN8", "UPCA", "UPCE", "Code128", "ITF", "QRCode", "DataMatrix"];
  const NATIVE = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "itf", "qr_code", "data_matrix"];

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

  /* What one hears and feels: good is high and short, bad is low and long. */
  let sound;
  function feedback(tone) {
    navigator.vibrate?.(tone === "good" ? 60 : [120, 60, 120]);
    try {
      sound ??= new AudioContext();
      if (sound.state !== "running") return;
      const beep = sound.createOscillator(), volume = sound.createGain();
      beep.type = tone === "good" ? "sine" : "square";
      beep.frequency.value = tone === "good" ? 1320 : 180;
      volume.gain.value = tone === "good" ? 0.2 : 0.12;
      beep.connect(volume).connect(sound.destination);
      beep.start();
      beep.stop(sound.currentTime + (tone === "good" ? 0.09 : 0.35));
    } catch {
      /* a device without sound */
    }
  }
  for (const gesture of ["pointerdown", "keydown"]) {
    document.addEventListener(gesture, () => {
      try {
        sound ??= new AudioContext();
        if (sound.state === "suspended") sound.resume();
      } catch {
        /* likewise */
      }
    }, { once: true });
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

  /* The camera. */
  let stream = null, reader = null, last = { code: "", at: 0 };
  const part = (name) => box.querySelector(`[data-scan-${name}]`);
  const note = (name) => { part("note").textContent = part("note").dataset[name]; };

  async function findReader() {
    if ("BarcodeDetector" in window) {
      const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
      const formats = NATIVE.filter((name) => known.includes(name));
      if (["ean_13", "code_128", "qr_code"].every((name) => formats.includes(name))) {
        const detector = new BarcodeDetector({ formats });
        return async (video) => (await detector.detect(video)).map((found) => found.rawValue);
      }
    }
    await new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = box.dataset.reader;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    await ZXingWASM.prepareZXingModule({
      overrides: { locateFile: () => box.dataset.readerWasm },
      fireImmediately: true,
    });
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    let turn = 0;
    return async (video) => {
      const scale = Math.min(1, WIDTH / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const picture = pen.getImageData(0, 0, canvas.width, canvas.height);
      turn += 1;
      const found = await ZXingWASM.readBarcodes(picture, {
        formats: FORMATS,
        maxNumberOfSymbols: 1,
        tryHarder: turn % 3 === 0,
        tryInvert: false,
        tryDownscale: true,
      });
      return found.filter((one) => one.isValid).map((one) => one.text);
    };
  }

  async function open() {
    part("camera").setAttribute("aria-expanded", "true");
    part("panel").hidden = false;
    note("starting");
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: { ideal: "environment" }, width: { ideal: WIDTH }, height: { ideal: 720 } },
      });
    } catch (error) {
      note(error.name === "NotFoundError" ? "missing" : "refused");
      return;
    }
    const track = stream.getVideoTracks()[0];
    part("torch").hidden = !track.getCapabilities?.().torch;
    part("video").srcObject = stream;
    await part("video").play().catch(() => {});
    try {
      reader ??= await findReader();
    } catch {
      note("failed");
      return;
    }
    note("ready");
    look();
  }

  async function look() {
    const video = part("video"), watched = stream;
    while (stream && stream === watched) {
      if (video.videoWidth && !document.hidden && !sending) {
        const begun = performance.now();
        const [code] = await reader(video).catch(() => []);
        performance.measure("read code", { start: begun, detail: code ?? "" });
        if (code) see(code);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /* The same code still in view is the same scan. */
  function see(code) {
    const now = performance.now();
    if (code === last.code && now - last.at < AGAIN_MS) {
      last.at = now;
      return;
    }
    last = { code, at: now };
    scanned(code);
  }

  function close() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    if (!part("panel")) return;
    part("video").srcObject = null;
    part("panel").hidden = true;
    part("camera").setAttribute("aria-expanded", "false");
    part("torch").setAttribute("aria-pressed", "false");
  }

  box.addEventListener("click", async (event) => {
    if (event.target.closest("[data-scan-camera]")) {
      if (stream || !part("panel").hidden) close();
      else await open();
    }
    if (event.target.closest("[data-scan-close]")) {
      close();
      part("camera").focus();
    }
    const torch = event.target.closest("[data-scan-torch]");
    if (torch && stream) {
      const on = torch.getAttribute("aria-pressed") !== "true";
      await stream.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
      torch.setAttribute("aria-pressed", String(on));
    }
  });
  window.addEventListener("pagehide", close);

  async function prepare() {
    showRecent();
    const kept = load(KEPT).length;
    if (kept) say("lost", box.dataset.saidWaiting.replace("{count}", () => kept));
    refocus();
    resend();
    if (!part("camera") || !navigator.mediaDevices?.getUserMedia) return;
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    part("camera").hidden = !devices.some((device) => device.kind === "videoinput");
  }
  window.addEventListener("pageshow", prepare);
})();
