import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  ask,
  RefusedError,
  revalidate,
  signIn,
  signOut,
  UnreachableError,
} from "../../../chalicelib/pages/dashboard/api.js";
import { installBrowser, installFetch } from "../browser.js";

const reply = (status, body, headers = {}) =>
  new Response(body === null ? null : JSON.stringify(body), { status, headers });
const FIRST = { ETag: '"one"', Date: "Tue, 24 Nov 2026 12:00:00 GMT" };
const LATER = { ETag: '"one"', Date: "Tue, 24 Nov 2026 12:00:15 GMT" };

beforeEach(() => {
  signOut();
  signIn("staff_secret");
});
installBrowser();

test("a request carries the token and no cookie", async () => {
  const requests = installFetch(() => reply(200, { owner: "bob" }, FIRST));
  const answer = await ask("/me");
  const [url, options] = requests[0];
  assert.equal(url, "/prod/api/staff/me");
  assert.equal(options.headers.Authorization, "Bearer staff_secret");
  assert.equal(options.credentials, "omit");
  assert.equal(options.headers["Content-Type"], undefined);
  assert.deepEqual(answer, { data: { owner: "bob" }, etag: '"one"', at: new Date(FIRST.Date) });
});

test("a change names the revision that it changes", async () => {
  const requests = installFetch(() => reply(204, null));
  assert.equal((await ask("/petitions/x", { method: "PUT", body: { goal: 1 }, etag: '"3"' })).data, null);
  const [, { method, headers, body }] = requests[0];
  assert.deepEqual([method, headers["If-Match"], headers["Content-Type"]], ["PUT", '"3"', "application/json"]);
  assert.equal(body, '{"goal":1}');
});

test("unchanged data is not sent again, and its time is new", async () => {
  const requests = installFetch((count) => (count === 1 ? reply(200, [1], FIRST) : reply(304, null, LATER)));
  await revalidate("/counts");
  const again = await revalidate("/counts");
  assert.deepEqual(
    requests.map(([, { headers }]) => headers["If-None-Match"]),
    [undefined, '"one"'],
  );
  assert.deepEqual(again, { data: [1], etag: '"one"', at: new Date(LATER.Date) });
});

test("after signing out, no data of the last user is reused", async () => {
  const requests = installFetch(() => reply(200, [1], FIRST));
  await revalidate("/counts");
  signOut();
  await revalidate("/counts");
  assert.equal(requests[1][1].headers["If-None-Match"], undefined);
});

test("a refusal has the server's sentence and the wrong fields", async () => {
  const errors = [{ field: "goal", message: "Must be a number" }];
  installFetch(() => reply(422, { detail: "Please correct this.", errors }));
  await assert.rejects(ask("/petitions"), (error) => {
    assert.ok(error instanceof RefusedError);
    assert.deepEqual([error.status, error.message, error.errors], [422, "Please correct this.", errors]);
    return true;
  });
});

test("a refusal that is not JSON still has a sentence", async () => {
  installFetch(() => new Response("<html>", { status: 502 }));
  await assert.rejects(ask("/petitions"), { status: 502, message: "The server refused this request." });
});

test("a refused token is announced, so that the page can ask for another", async () => {
  installFetch(() => reply(401, {}));
  let announced = 0;
  window.addEventListener("signed-out", () => (announced += 1));
  await assert.rejects(ask("/me"), RefusedError);
  assert.equal(announced, 1);
});

test("a request without an answer throws UnreachableError", async () => {
  installFetch(() => {
    throw new TypeError("Failed to fetch");
  });
  await assert.rejects(revalidate("/counts"), UnreachableError);
});
