// How does the page of a plan behave in a browser? Each check has a name, and says what it found amiss.
import { readFileSync } from "node:fs";

const axe = readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

const checks = {
  "asks nobody for anything, and its own policy refuses nothing of it": async (open, { steps }) => {
    const { page, asked, complaints } = await open();
    const shown = await page.$$eval(".step", (all) => all.length);
    const style = await page.evaluate(() => getComputedStyle(document.querySelector(".buckets")).display);
    return [
      ...asked.map((url) => `asks for ${url}`),
      ...complaints,
      ...(style === "grid" ? [] : ["its style is not taken"]),
      ...(shown === steps.length ? [] : [`${shown} of ${steps.length} steps`]),
    ];
  },

  "holds every step with its SQL, byte for byte": async (open, { steps, script }) => {
    const { page } = await open();
    const found = await page.$$eval(".step", (all) =>
      all.map((step) => ({
        id: step.id,
        table: step.dataset.table,
        name: step.querySelector("summary .name").textContent,
        sql: [...step.querySelectorAll("pre")].map((pre) => pre.textContent),
      })),
    );
    const problems = [];
    steps.forEach((step, index) => {
      const { id, table, name, sql } = found[index] ?? {};
      if (id !== `step-${step.number}` || table !== step.table || name !== step.table) problems.push(`step ${step.number} is ${id} of ${table}`);
      if (JSON.stringify(sql) !== JSON.stringify(step.sql)) problems.push(`the SQL of step ${step.number} differs`);
    });
    const whole = await page.$eval(".whole pre", (pre) => pre.textContent);
    if (whole !== script) problems.push("the script differs");
    return problems;
  },

  "is accessible, light and dark, wide and narrow": async (open, { steps }) => {
    const problems = [];
    // A thousand elements say no more than a hundred, and take their time.
    if (steps.length > 100) return problems;
    for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["dark", 375]]) {
      const { page } = await open({ scheme, width });
      await page.$$eval(".step", (all) => all.slice(0, 3).forEach((step) => (step.open = true)));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() =>
        axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
      );
      for (const it of violations) problems.push(`${scheme}, ${width}: ${it.id} at ${it.nodes[0].target}: ${it.nodes[0].failureSummary}`);
      await page.close();
    }
    return problems;
  },

  "is as wide as the window, and no wider": async (open) => {
    const problems = [];
    for (const width of [320, 375, 768, 1280]) {
      const { page } = await open({ width });
      await page.$$eval(".step", (all) => all.slice(0, 20).forEach((step) => (step.open = true)));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) problems.push(`${wide} instead of ${width}`);
      await page.close();
    }
    return problems;
  },

  "is used with the keyboard": async (open, { steps }) => {
    const { page } = await open();
    const problems = [];
    const is = (what, found, wanted) => {
      if (found !== wanted) problems.push(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
    };
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.closest("details")?.id || document.activeElement.className);
    await page.keyboard.press("Tab");
    is("Tab", await focused(), "skip");
    const seen = await page.$eval(".skip", (link) => link.getBoundingClientRect().left >= 0 && getComputedStyle(link).outlineStyle !== "none");
    is("the link is seen", seen, true);
    await page.keyboard.press("Enter");
    is("past what comes first", await focused(), "steps");
    await page.keyboard.press("j");
    is("j", await focused(), "step-1");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    is("where it is can be seen", outline !== "none", true);
    await page.keyboard.press("ArrowDown");
    is("down", await focused(), steps.length > 1 ? "step-2" : "step-1");
    await page.keyboard.press("k");
    is("k", await focused(), "step-1");
    await page.keyboard.press("Enter");
    is("Enter opens", await page.$eval("#step-1", (step) => step.open), true);
    await page.keyboard.press("Enter");
    is("Enter closes", await page.$eval("#step-1", (step) => step.open), false);
    await page.keyboard.press("/");
    is("/", await focused(), "filter");
    const table = steps.at(-1).table;
    await page.keyboard.type(table.slice(0, 12));
    const wanted = steps.filter((step) => step.table.toLowerCase().includes(table.slice(0, 12).toLowerCase())).length;
    const count = () => page.$eval("#count", (it) => [it.textContent, it.getAttribute("aria-live")].join(", "));
    is("the count", await count(), `${wanted} of ${steps.length} steps, polite`);
    const visible = () => page.$$eval(".steps > li", (all) => all.filter((li) => li.getBoundingClientRect().height > 0).length);
    is("what is left", await visible(), wanted);
    await page.keyboard.press("ArrowDown");
    is("into the steps", (await focused()).startsWith("step-"), true);
    await page.keyboard.press("Escape");
    is("Esc clears", await visible(), steps.length);
    await page.keyboard.press("/");
    await page.keyboard.type("no such table");
    is("nothing is left", await visible(), 0);
    await page.keyboard.press("Escape");
    is("Esc in the field", [await visible(), await page.$eval("#filter", (it) => it.value)].join(), `${steps.length},`);
    await page.keyboard.type("j/k");
    is("letters are letters there", await page.$eval("#filter", (it) => it.value), "j/k");
    return problems;
  },

  "opens the step that its address names": async (open, { steps }) => {
    const { page } = await open({ hash: `#step-${steps.length}` });
    const opened = await page.$eval(`#step-${steps.length}`, (step) => step.open);
    return opened ? [] : ["it stays closed"];
  },

  "is read without its script": async (open, { steps }) => {
    const { page } = await open({ script: false });
    const problems = [];
    const texts = await page.$$eval(".step summary", (all) => all.map((bar) => bar.getBoundingClientRect().height > 0));
    if (texts.length !== steps.length || texts.includes(false)) problems.push("not every step is seen");
    if (await page.$eval(".tools", (tools) => tools.getBoundingClientRect().height > 0)) problems.push("tools that do nothing");
    const sql = () => page.$eval("#step-1 pre", (pre) => pre.checkVisibility());
    if (await sql()) problems.push("a step isn't folded");
    await page.click("#step-1 summary");
    if (!(await sql())) problems.push("a step doesn't open");
    return problems;
  },

  "prints what is folded, with and without its script": async (open, { steps }) => {
    const problems = [];
    for (const script of [true, false]) {
      const { page } = await open({ script, scheme: "dark" });
      await page.emulateMediaType("print");
      const seen = await page.$$eval(".step pre", (all) => all.map((pre) => pre.checkVisibility() && pre.getBoundingClientRect().height > 0));
      if (seen.length < steps.length || seen.includes(false)) problems.push("SQL that isn't printed");
      const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      if (paper !== "rgb(255, 255, 255)") problems.push(`the paper is ${paper}`);
      if (script) {
        const pdf = await page.pdf({ format: "A4" });
        if (Buffer.from(pdf.subarray(0, 5)).toString() !== "%PDF-") problems.push("no PDF");
        const open = await page.$$eval(".step", (all) => all.filter((step) => step.open).length);
        if (open !== 0) problems.push(`${open} steps stay open`);
      }
      await page.close();
    }
    return problems;
  },
};

export async function pages(document, browser) {
  const results = [];
  for (const [name, check] of Object.entries(checks)) {
    const opened = [];
    const open = async ({ scheme = "light", width = 1280, script = true, hash = "" } = {}) => {
      const page = await browser.page();
      opened.push(page);
      const asked = [];
      const complaints = [];
      page.on("request", (request) => request.url().startsWith("file://") || asked.push(request.url()));
      page.on("console", (message) => complaints.push(`console: ${message.text()}`));
      page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
      await page.setJavaScriptEnabled(script);
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.goto(`file://${document.path}${hash}`);
      return { page, asked, complaints };
    };
    const began = performance.now();
    let problems;
    try {
      problems = await check(open, document.facts);
    } catch (error) {
      problems = [String(error?.stack ?? error)];
    }
    for (const page of opened) if (!page.isClosed()) await page.close();
    results.push([name, problems, performance.now() - began]);
  }
  return results;
}
