import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser, installFetch } from "../browser.js";

installBrowser();
const { challengeFor, finish } = await import("../../../chalicelib/pages/assets/sign-in.js");

const beginSignIn = () => sessionStorage.setItem("staff.sign-in", '{"verifier":"v","state":"s","nonce":"n"}');
const parametersOf = (query) => new URLSearchParams(query);

test("the challenge is the one of RFC 7636, appendix B", async () => {
  const challenge = await challengeFor("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  assert.equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("a code is exchanged once, with the secrets of this tab", async () => {
  beginSignIn();
  const requests = installFetch(() => Response.json({ token: "staff_1", owner: "Bob" }));
  assert.equal((await finish("/api/staff", parametersOf("code=c&state=s"))).owner, "Bob");
  assert.deepEqual(JSON.parse(requests[0][1].body), { code: "c", code_verifier: "v", nonce: "n" });
  assert.equal(sessionStorage.getItem("staff.token"), "staff_1");
  await assert.rejects(finish("/api/staff", parametersOf("code=c&state=s")), /not started in this tab/);
});

test("an answer to another tab's attempt is rejected before anything is sent", async () => {
  beginSignIn();
  const requests = installFetch(() => Response.json({}));
  await assert.rejects(finish("/api/staff", parametersOf("code=c&state=other")), /not started in this tab/);
  assert.equal(requests.length, 0);
});

test("a refusal by the provider or the server has a message", async () => {
  beginSignIn();
  await assert.rejects(finish("/api/staff", parametersOf("error=access_denied&state=s")), /were not signed in/);
  beginSignIn();
  installFetch(() => Response.json({ detail: "The code has expired." }, { status: 400 }));
  await assert.rejects(finish("/api/staff", parametersOf("code=c&state=s")), /The code has expired/);
});
