/* A form of several fields that a scanner fills one after the other, or the camera.

   form[data-scan-form]: a scanner's Enter in a [data-scan-step] goes on to the next empty one, and sends the form
   only when none is left. "optional" may be passed over; "back" leads to the field that finds. A [data-scan-find]
   looks for a line of the form: by the codes that stand at it (data-scan-codes), else by asking the server. */
"use strict";

(() => {
  const form = document.querySelector("[data-scan-form]");
  if (!form) return;
  const box = form.querySelector("[data-scan-tools]"), find = form.querySelector("[data-scan-find]");
  const steps = () => [...form.querySelectorAll("[data-scan-step]")];
  const isCode = (field) => field.inputMode !== "numeric";
  const isEmpty = (field) => !field.value.trim();
  const { feedback, camera } = window.scanDevice;

  /* The next empty field after this one; else one before it that must be filled. */
  function next(field) {
    const all = steps(), here = all.indexOf(field);
    if (find && field !== find) {
      return all.some((one) => isEmpty(one) && one.dataset.scanStep === "") || field.dataset.scanStep === "back" ? find : null;
    }
    return all.slice(here + 1).find(isEmpty) ?? all.slice(0, here).find((one) => isEmpty(one) && one.dataset.scanStep !== "optional") ?? null;
  }

  function tell(tone, words) {
    feedback(tone);
    const result = box?.querySelector("[data-scan-result]");
    if (!result) return;
    result.className = `scan-result scan-${tone}`;
    result.querySelector("[data-scan-words]").textContent = words;
    result.hidden = false;
  }

  function go(field) {
    field.focus();
    field.select();
  }

  /* What a code says of a thing: a label's address ends in it. */
  const plain = (code) => code.trim().replace(/^https?:.*\/s\//i, "").toUpperCase();

  /* Go to the line that has this code. The server knows more codes than the page does, so it is asked then. */
  function seek(code) {
    const line = [...form.querySelectorAll("[data-scan-codes]")].find((one) => one.dataset.scanCodes.split(" ").includes(plain(code)));
    const field = line?.matches("input") ? line : line?.querySelector("[data-scan-step]");
    if (!field) {
      find.value = code;
      form.requestSubmit(form.querySelector("[data-scan-find-button]"));
      return;
    }
    find.value = "";
    tell("good", box.dataset.saidGood.replace("{code}", () => code));
    lens?.close();
    go(field);
  }

  form.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || event.isComposing) return;
    if (field === find && !isEmpty(find)) {
      event.preventDefault();
      seek(find.value);
      return;
    }
    if (!field.matches("[data-scan-step]") || (isEmpty(field) && field.dataset.scanStep !== "optional")) return;
    const target = next(field);
    if (!target) return;
    event.preventDefault();
    if (!isEmpty(field)) feedback("good");
    go(target);
  });

  /* A scanner types wherever the focus is; where nobody writes, it is for the next field. */
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    if (document.activeElement?.closest("input:not([type=checkbox], [type=radio]), select, textarea, dialog")) return;
    (find ?? steps().find(isEmpty))?.focus({ preventScroll: true });
  });

  /* What the camera read goes into the field that was touched last, if it is empty, else into the first empty one. */
  let touched = null;
  form.addEventListener("focusin", (event) => {
    touched = event.target.matches("[data-scan-step]") ? event.target : null;
  });
  function seen(code) {
    if (find) {
      seek(code);
      return;
    }
    const codes = steps().filter(isCode);
    const field = codes.includes(touched) && isEmpty(touched) ? touched : codes.find(isEmpty);
    if (!field) {
      tell("bad", box.dataset.saidFull);
      return;
    }
    field.value = code;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    const target = next(field);
    touched = target;
    const label = target && form.querySelector(`label[for="${target.id}"]`)?.firstChild.textContent.trim();
    const words = box.dataset[label ? "saidNext" : "saidGood"];
    tell("good", words.replace("{code}", () => code).replace("{field}", () => label));
    if (target && isCode(target)) return; // a keyboard would cover the picture
    lens.close();
    target?.focus();
  }

  const lens = box && camera(box, { onCode: seen, isBusy: () => false });
  window.addEventListener("pageshow", () => lens?.offer());
})();
