// A page, by html-validate: is it what the standard says?
import { HtmlValidate } from "html-validate";

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // One file: its style and its script stand in it.
    "no-inline-style": "error",
    "require-csp-nonce": "off",
    "require-sri": "off",
    // A line of a table of steps is longer than 80 characters; and white space at the end of a line of SQL is the author's.
    "no-trailing-whitespace": "off",
    "long-title": "off",
  },
});

export async function html(document) {
  const report = await validator.validateString(document.text);
  const found = report.results.flatMap((result) => result.messages);
  return found.map((it) => `${it.line}:${it.column} [${it.ruleId}] ${it.message}`).slice(0, 20);
}
