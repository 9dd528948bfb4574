/** What the form of an invitation does while it is filled in. Without it every field shows. */

import { _, _n, fill } from "../shared/catalog.js";
import { inside, maybe, setText, show } from "../shared/dom.js";
import { wireMoment } from "./moment.js";

/** Somebody is still typing. */
const PREVIEW_AFTER = 500;

/** @param {HTMLFormElement} form */
export function wireInvitation(form) {
  sendOnce(form);
  wireMoment(form);
  wireChannel(form);
  wireExperts();
  wireInterpreter();
}

/**
 * A second press while the first is on its way would invite everybody twice.
 * @param {HTMLFormElement} form
 */
function sendOnce(form) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // Back from the next page, it may be sent again.
  window.addEventListener("pageshow", () => (sent = false));
}

/**
 * What somebody types is an address, a number, or nothing yet.
 * @param {string} typed
 * @returns {"" | "email" | "number"}
 */
export function kindOf(typed) {
  if (typed.includes("@")) return "email";
  // Digits of every script: phones write what their keyboard is set to.
  return /^[+(\s]*\p{Nd}/u.test(typed) ? "number" : "";
}

/** @param {HTMLFormElement} form */
function wireChannel(form) {
  const address = maybe("address", HTMLInputElement);
  const group = maybe("channel", HTMLFieldSetElement);
  if (!address || !group) return;
  const radios = [...group.querySelectorAll("input")];
  /** @param {boolean} typing */
  const follow = (typing) => {
    const kind = kindOf(address.value.trim());
    for (const radio of radios) {
      const phone = radio.value === "sms" || radio.value === "whatsapp";
      const offered = phone ? kind !== "email" : radio.value !== "" || kind !== "number";
      show(radio.closest("label"), offered);
      if (offered || !radio.checked) continue;
      const other = kind === "number" ? "sms" : "";
      if (typing) for (const one of radios) one.checked = one.value === other;
    }
  };
  const preview = new Preview(form);
  form.addEventListener("input", (event) => {
    if (event.target === address) follow(true);
    const chosen = radios.find((radio) => radio.checked)?.value ?? "";
    preview.ask(kindOf(address.value.trim()) === "number" && (chosen === "sms" || chosen === ""));
  });
  follow(false);
}

/** How many SMS the invitation takes, as the server counts them. */
class Preview {
  #place = maybe("preview", HTMLElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #asked = 0;
  #possible = true;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.#possible = Boolean(form.dataset.preview);
  }

  /** @param {boolean} wanted */
  ask(wanted) {
    clearTimeout(this.#timer);
    this.#asked += 1;
    if (!wanted) this.#show("");
    else if (this.#possible) this.#timer = setTimeout(() => void this.#fetch(), PREVIEW_AFTER);
  }

  async #fetch() {
    const asked = this.#asked;
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) fields.append(name, String(value));
    const answer = await fetch(this.form.dataset.preview ?? "", {
      method: "POST",
      body: fields,
      headers: { Accept: "application/json" },
    }).catch(() => null);
    // A server that cannot tell is not asked again; an unfinished number is no mistake yet.
    if (answer?.status === 404) this.#possible = false;
    const told = answer?.ok ? await answer.json() : null;
    if (asked === this.#asked) this.#show(told ? sentence(told) : "");
  }

  /** @param {string} text */
  #show(text) {
    if (this.#place) setText(this.#place, text);
  }
}

/** @param {{ channel: string, segments: number, price?: string | null }} told */
function sentence({ channel, segments, price }) {
  if (channel !== "sms") return "";
  const size = fill(
    _n("The invitation takes %(count)s SMS.", "The invitation takes %(count)s SMS.", segments),
    { count: segments },
  );
  return price ? `${size} ${fill(_("It costs about %(price)s."), { price })}` : size;
}

/** One expert is shown, the others behind a button. */
export function wireExperts() {
  const button = maybe("add-expert", HTMLButtonElement);
  if (!button) return;
  const experts = [...document.querySelectorAll(".expert")];
  const hidden = () => experts.filter((one) => one instanceof HTMLElement && one.hidden);
  for (const expert of experts.slice(1)) {
    const typed = [...expert.querySelectorAll("input")].some((input) => input.value);
    const wrong = expert.querySelector("[aria-invalid]") !== null;
    show(expert, typed || wrong);
  }
  show(button, hidden().length > 0);
  button.addEventListener("click", () => {
    const [next] = hidden();
    if (!next) return;
    show(next, true);
    inside(next, "input").focus();
    show(button, hidden().length > 0);
  });
}

/** Only a language that an organization speaks can be asked for. */
function wireInterpreter() {
  const needed = maybe("interpreter", HTMLInputElement);
  const language = maybe("language", HTMLSelectElement);
  const wanted = maybe("interpreter_language", HTMLSelectElement);
  if (!needed || !language || !wanted) return;
  const follow = () => {
    const spoken = [...wanted.options].some((option) => option.value === language.value);
    if (spoken) wanted.value = language.value;
    needed.disabled = !spoken;
    if (!spoken) needed.checked = false;
    show(maybe("no-interpreter", HTMLElement), !spoken);
  };
  language.addEventListener("input", follow);
  if (!needed.checked) follow();
}
