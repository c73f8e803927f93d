// Write the tokens of scripts as JSON: a list of "kind value" for each script in the list that it reads.
// The parser is Node's own. Only --expose-internals reaches it, and Node's version is pinned.
const { readFileSync } = require("node:fs");
const { parse } = require("internal/deps/acorn/acorn/dist/acorn");

/** @param {string} script */
function tokensOf(script) {
  const tokens = [];
  parse(script, { ecmaVersion: "latest", sourceType: "module", onToken: tokens });
  return tokens.map(({ type, value }) => `${type.label} ${value?.pattern ?? value}`);
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(tokensOf)));
