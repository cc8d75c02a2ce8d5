/* Signing on the screen. Without this a photo of the signed paper is sent in the same field.

   A pad draws what a finger, a pen or a mouse draws; when the form is sent, the picture goes into the file field. */
"use strict";

(() => {
  const form = document.querySelector("form[data-signing]");
  if (!form || !window.DataTransfer || !HTMLCanvasElement.prototype.toBlob) return;
  const pads = [...form.querySelectorAll("[data-signature]")].map(prepare);
  const signed = form.querySelector("[data-signed]");
  let ready = false;

  function prepare(part) {
    const canvas = part.querySelector("[data-signature-canvas]"), pen = canvas.getContext("2d");
    const pad = part.querySelector("[data-signature-pad]"), file = part.querySelector("[data-signature-file]");
    const found = { canvas, input: file.querySelector("input[type=file]"), drawn: false, onPaper: false, name: part.dataset.signature };
    pad.hidden = false;
    file.hidden = true;

    function size() {
      const ratio = Math.min(2, window.devicePixelRatio || 1), box = canvas.getBoundingClientRect();
      canvas.width = Math.round(box.width * ratio);
      canvas.height = Math.round(box.height * ratio);
      pen.scale(ratio, ratio);
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, box.width, box.height);
      pen.strokeStyle = "#111";
      pen.lineWidth = 2.6;
      pen.lineCap = pen.lineJoin = "round";
      found.drawn = false;
    }
    size();
    let width = canvas.clientWidth;
    window.addEventListener("resize", () => {
      if (canvas.clientWidth === width || found.drawn) return;
      width = canvas.clientWidth;
      size();
    });

    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      try {
        canvas.setPointerCapture(event.pointerId);
      } catch {
        /* a pointer that is gone already */
      }
      pen.beginPath();
      pen.moveTo(...at(event));
      found.down = true;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!found.down) return;
      for (const step of event.getCoalescedEvents?.() ?? [event]) pen.lineTo(...at(step));
      pen.stroke();
      found.drawn = true;
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { found.down = false; });
    part.querySelector("[data-signature-clear]").addEventListener("click", size);
    part.querySelector("[data-signature-paper]").addEventListener("click", onPaper);
    return found;
  }

  /* Paper is for both: the fields for photos come back. */
  function onPaper() {
    for (const pad of pads) {
      pad.onPaper = true;
      pad.canvas.closest("[data-signature-pad]").hidden = true;
      pad.input.closest("[data-signature-file]").hidden = false;
    }
    signed.value = "paper";
    pads[0].input.focus();
  }

  form.addEventListener("submit", async (event) => {
    if (ready || pads.every((pad) => pad.onPaper)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    signed.value = "screen";
    for (const pad of pads) {
      const files = new DataTransfer();
      if (pad.drawn) {
        const picture = await new Promise((done) => pad.canvas.toBlob(done, "image/png"));
        files.items.add(new File([picture], `${pad.name}.png`, { type: "image/png" }));
      }
      pad.input.files = files.files;
    }
    ready = true;
    form.requestSubmit();
  }, true);
})();
