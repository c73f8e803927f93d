// Solves a challenge of ALTCHA (proof of work v2, PBKDF2). petition.js loads this only while the server asks for proofs.
// ALTCHA's own widget has more code than all our scripts together, and it adds styles that our CSP forbids.

/** @import { Challenge } from "#api" */

// The browser computes these at the same time.
const AT_ONCE = 4;
// If the server is busy, ask again.
const ATTEMPTS = 3;
const WAIT_MS = 1_500;

/** @param {string} hex */
const bytesOf = (hex) => new Uint8Array((hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));

/** @param {ArrayBuffer} buffer */
const hexOf = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * @param {Challenge["parameters"]} parameters
 * @param {number} counter
 */
async function derivedKey({ nonce, salt, cost, keyLength }, counter) {
  const prefix = bytesOf(nonce);
  const password = new Uint8Array(prefix.length + 4);
  password.set(prefix);
  new DataView(password.buffer).setUint32(prefix.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytesOf(salt), iterations: cost };
  return hexOf(await crypto.subtle.deriveBits(how, key, keyLength * 8));
}

/**
 * The first counter whose key begins as asked.
 * @param {Challenge["parameters"]} parameters
 */
async function solved(parameters) {
  for (let first = 0; ; first += AT_ONCE) {
    const counters = Array.from({ length: AT_ONCE }, (_, index) => first + index);
    const keys = await Promise.all(counters.map((counter) => derivedKey(parameters, counter)));
    const found = keys.findIndex((key) => key.startsWith(parameters.keyPrefix));
    if (found >= 0) return { counter: first + found, derivedKey: keys[found] };
  }
}

/** @param {Challenge} challenge */
export async function solve(challenge) {
  const solution = await solved(challenge.parameters);
  return btoa(JSON.stringify({ challenge, solution }));
}

/**
 * @param {(options: RequestInit) => Promise<Response>} ask
 * @param {string} email
 * @returns {Promise<{ proof?: string }>} nothing if the server asks for no proof
 */
export async function proofOfWork(ask, email) {
  const headers = { "Content-Type": "application/json" };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const response = await ask({ method: "POST", headers, body: JSON.stringify({ email }) });
    if (response.ok) {
      const { challenge } = await response.json();
      return challenge ? { proof: await solve(challenge) } : {};
    }
    if (response.status < 429) return {};
    await new Promise((resolve) => setTimeout(resolve, (1 + Math.random()) * WAIT_MS));
  }
  return {};
}
