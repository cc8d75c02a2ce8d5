/* What scans: the sounds of a scan, and the device's camera. Whoever uses it says what is done with a code.

   camera(box, { onCode(code), isBusy() }) binds the buttons of the camera in `box`; offer() shows the button if
   there is a camera, close() stops it. */
"use strict";

window.scanDevice = (() => {
  const AGAIN_MS = 2500, PAUSE_MS = 90, WIDTH = 1280;
  const FORMATS = ["EAN13", "EAN8", "UPCA", "UPCE", "Code128", "ITF", "QRCode", "DataMatrix"];
  const NATIVE = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "itf", "qr_code", "data_matrix"];

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

  async function findReader(box) {
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

  function camera(box, { onCode, isBusy }) {
    let stream = null, reader = null, last = { code: "", at: 0 };
    const part = (name) => box.querySelector(`[data-scan-${name}]`);
    const note = (name) => { part("note").textContent = part("note").dataset[name]; };

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
        reader ??= await findReader(box);
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
        if (video.videoWidth && !document.hidden && !isBusy()) {
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
      onCode(code);
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

    async function offer() {
      if (!part("camera") || !navigator.mediaDevices?.getUserMedia) return;
      const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
      part("camera").hidden = !devices.some((device) => device.kind === "videoinput");
    }

    return { offer, close, isOpen: () => stream !== null };
  }

  return { feedback, camera };
})();
