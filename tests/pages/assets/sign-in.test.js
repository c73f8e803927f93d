import assert from "node:assert/strict";
import { test } from "node:test";
import { installBrowser, installFetch } from "../browser.js";

installBrowser();
const { challengeFor, finish } = await import("../../../chalicelib/pages/assets/sign-in.js");

const begin = () => sessionStorage.setItem("staff.sign-in", '{"verifier":"v","state":"s","nonce":"n"}');
const returned = (query) => new URLSearchParams(query);

test("the challenge is the one of RFC 7636, appendix B", async () => {
  const challenge = await challengeFor("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  assert.equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("a code is exchanged once, with the secrets of this tab", async () => {
  begin();
  const requests = installFetch(() => Response.json({ token: "staff_1", owner: "Bob" }));
  assert.equal((await finish("/api/staff", returned("code=c&state=s"))).owner, "Bob");
  assert.deepEqual(JSON.parse(requests[0][1].body), { code: "c", code_verifier: "v", nonce: "n" });
  assert.equal(sessionStorage.getItem("staff.token"), "staff_1");
  await assert.rejects(finish("/api/staff", returned("code=c&state=s")), /not started in this tab/);
});

test("an answer to another tab's attempt is rejected before anything is sent", async () => {
  begin();
  const requests = installFetch(() => Response.json({}));
  await assert.rejects(finish("/api/staff", returned("code=c&state=other")), /not started in this tab/);
  assert.equal(requests.length, 0);
});

test("a refusal by the provider or the server has a message", async () => {
  begin();
  await assert.rejects(finish("/api/staff", returned("error=access_denied&state=s")), /were not signed in/);
  begin();
  installFetch(() => Response.json({ detail: "The code has expired." }, { status: 400 }));
  await assert.rejects(finish("/api/staff", returned("code=c&state=s")), /The code has expired/);
});
