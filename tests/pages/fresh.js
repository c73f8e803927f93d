// All suites run in one process. Each test begins with a fresh browser and the real clock.

import { beforeEach, mock } from "node:test";
import { installBrowser } from "./browser.js";

beforeEach(() => {
  installBrowser();
  mock.timers.reset();
});
