// What do others say about these documents? Reads a list of them, has each judged by the reader of its format, and prints
// what was found, as JSON. One process and one browser for all.
//
// A new format is one more line in `readers`, and documents of it in documents.rs.
import { readFileSync } from "node:fs";
import { markdown } from "./readers/markdown.mjs";
import { html } from "./readers/html.mjs";
import { json } from "./readers/json.mjs";
import { dot } from "./readers/dot.mjs";
import { sarif } from "./readers/sarif.mjs";
import { mermaid, svg } from "./readers/browser.mjs";
import { pages } from "./pages.mjs";
import { Browser } from "./browser.mjs";

// Each takes a document, the browser and the list's file, and returns problems, as sentences; none where all is well.
const readers = { dot, html, json, markdown, mermaid, sarif, svg };

const list = JSON.parse(readFileSync(process.argv[2], "utf8"));
const browser = new Browser(list);
const verdicts = [];
const spent = {};
try {
  for (const document of list.documents) {
    const began = performance.now();
    document.text = readFileSync(document.path, "utf8");
    let problems;
    try {
      problems = await readers[document.format](document, browser, list);
    } catch (error) {
      problems = [String(error?.stack ?? error)];
    }
    verdicts.push({ name: document.name, format: document.format, problems });
    spent[document.format] = (spent[document.format] ?? 0) + performance.now() - began;
  }
  for (const page of list.pages ?? []) {
    for (const [check, problems, milliseconds] of await pages(page, browser)) {
      spent[check] = (spent[check] ?? 0) + milliseconds;
      verdicts.push({ name: `${page.name}: ${check}`, format: "page", problems });
    }
  }
} finally {
  await browser.close();
}
for (const format in spent) spent[format] = Math.round(spent[format]);
console.log(JSON.stringify({ verdicts, milliseconds: spent }));
