/**
 * Passkeys (WebAuthn Level 3): asking the server for options, the browser for a credential, and the
 * server whether it is right. Browsers read and write the JSON themselves; for those that do not yet,
 * the members with bytes are converted here.
 */

import { _ } from "./catalog.js";

/** What went wrong, as a sentence for people. */
export class PasskeyProblem extends Error {}

/** @returns {boolean} whether this browser has passkeys at all */
export function hasPasskeys() {
  return typeof PublicKeyCredential === "function" && Boolean(navigator.credentials);
}

/**
 * Whether passkeys can be offered at a field for the email, without a question.
 * @returns {Promise<boolean>}
 */
export async function hasAutofill() {
  try {
    return Boolean(await PublicKeyCredential.isConditionalMediationAvailable?.());
  } catch {
    return false;
  }
}

/**
 * @param {string} text base64url
 * @returns {ArrayBuffer}
 */
export function bytesOf(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/");
  const binary = atob(padded);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes.buffer;
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {string} base64url
 */
export function textOf(buffer) {
  let binary = "";
  for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/**
 * @param {any} options with bytes as base64url
 * @returns {any} with bytes as buffers
 */
export function parsedOptions(options) {
  const parsed = { ...options, challenge: bytesOf(options.challenge) };
  if (options.user) parsed.user = { ...options.user, id: bytesOf(options.user.id) };
  for (const name of ["excludeCredentials", "allowCredentials"]) {
    if (!options[name]) continue;
    parsed[name] = options[name].map((/** @type {any} */ each) => ({
      ...each,
      id: bytesOf(each.id),
    }));
  }
  return parsed;
}

/**
 * @param {any} credential
 * @returns {object} its JSON, with bytes as base64url
 */
export function writtenCredential(credential) {
  /** @type {Record<string, unknown>} */
  const response = {};
  for (const name of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[name]) response[name] = textOf(credential.response[name]);
  }
  const transports = credential.response.getTransports?.();
  if (transports) response.transports = transports;
  return {
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    clientExtensionResults: credential.getClientExtensionResults?.() ?? {},
    response,
  };
}

/**
 * Make a passkey.
 * @param {any} options from the server
 * @returns {Promise<object>} its JSON for the server
 */
export async function makePasskey(options) {
  const parse = PublicKeyCredential.parseCreationOptionsFromJSON;
  const publicKey = parse ? parse.call(PublicKeyCredential, options) : parsedOptions(options);
  return written(await asked(navigator.credentials.create({ publicKey })));
}

/**
 * Use a passkey.
 * @param {any} options from the server
 * @param {{ signal?: AbortSignal, mediation?: CredentialMediationRequirement }} [how]
 * @returns {Promise<object>} the answer's JSON for the server
 */
export async function takePasskey(options, how = {}) {
  const parse = PublicKeyCredential.parseRequestOptionsFromJSON;
  const publicKey = parse ? parse.call(PublicKeyCredential, options) : parsedOptions(options);
  return written(await asked(navigator.credentials.get({ publicKey, ...how })));
}

/**
 * @param {Promise<Credential | null>} asking
 * @returns {Promise<any>}
 */
async function asked(asking) {
  try {
    const credential = await asking;
    if (credential) return credential;
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    if (name === "AbortError") throw error;
    console.warn("no passkey", error);
    if (name === "InvalidStateError") {
      throw new PasskeyProblem(_("This device has a passkey for your account already."));
    }
  }
  throw new PasskeyProblem(_("No passkey was used. Please try again, or choose another way."));
}

/** @param {any} credential */
function written(credential) {
  return credential.toJSON ? credential.toJSON() : writtenCredential(credential);
}

/**
 * Post an object, and read the one that is answered.
 * @param {string} address
 * @param {object} body
 * @returns {Promise<any>}
 */
export async function post(address, body) {
  /** @type {any} */
  let found = {};
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
    });
    found = await answer.json();
    if (answer.ok) return found;
  } catch (error) {
    console.warn("no answer", error);
  }
  throw new PasskeyProblem(
    found.text ?? _("The server cannot be reached. Please check the connection, and try again."),
  );
}
