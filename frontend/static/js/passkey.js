/* Passkeys: a form with data-passkey ("create" or "get") and data-options asks the browser, puts what it
   answers into its field `answer`, and is sent as any other form. Hidden where the browser knows none. */

const read = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const write = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function readable(options) {
  const named = (list) => (list ?? []).map((one) => ({ ...one, id: read(one.id) }));
  const told = { ...options, challenge: read(options.challenge) };
  if (options.user) told.user = { ...options.user, id: read(options.user.id) };
  if (options.excludeCredentials) told.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) told.allowCredentials = named(options.allowCredentials);
  return told;
}

function written(credential) {
  const answer = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) answer[part] = write(credential.response[part]);
  }
  return JSON.stringify({ id: credential.id, rawId: write(credential.rawId), type: credential.type, response: answer });
}

async function ask(form) {
  const publicKey = readable(JSON.parse(form.dataset.options));
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
  form.elements.answer.value = written(credential);
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!globalThis.PublicKeyCredential) continue;
  form.hidden = false;
  const failed = form.querySelector("[data-failed]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    try {
      await ask(form);
    } catch {
      failed.hidden = false; /* refused, too slow, or none here */
    }
    button?.removeAttribute("aria-busy");
  });
}
