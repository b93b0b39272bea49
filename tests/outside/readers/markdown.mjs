// Markdown, by markdown-it with tables as GitHub has them.
import MarkdownIt from "markdown-it";

const parser = new MarkdownIt("default", { html: true, linkify: true });
parser.linkify.set({ fuzzyLink: true, fuzzyEmail: true });

// The HTML that we write ourselves: what folds, the mark at the top, and what keeps GitHub from calling people.
const ours = /^(<!-- -->|<!-- efface:plan(?:-diff)? [^<>]*? -->|<details>|<\/details>|<summary>|<\/summary>|<br>)$/;

export async function markdown(document) {
  const problems = [];
  const tokens = parser.parse(document.text, {});
  if (!/^<!-- efface:plan(-diff)? /.test(document.text)) problems.push("the first line is no mark");
  if (document.text.length > 65000) problems.push(`${document.text.length} characters`);
  let row = null;
  let columns = null;
  let said = "";
  for (const token of tokens) {
    if (token.type === "table_open") columns = null;
    if (token.type === "tr_open") row = 0;
    if (token.type === "th_open" || token.type === "td_open") row += 1;
    if (token.type === "tr_close") {
      columns ??= row;
      if (row !== columns) problems.push(`a row of ${row} cells in a table of ${columns}`);
    }
    if (token.type === "html_block") said += raw(token.content, problems);
    if (token.type === "fence") said += token.content + "\n";
    for (const child of token.children ?? []) {
      if (child.type === "html_inline" && !ours.test(child.content)) problems.push(`HTML: ${child.content}`);
      // `users.name` is a link to markdown-it, to a site it is not.
      const fuzzy = child.type === "link_open" && child.markup === "linkify" && !/^(www\.|[a-z]+:\/\/|\S+@)/i.test(child.attrGet("href").replace(/^http:\/\//, ""));
      if (child.type === "link_open" && !fuzzy) problems.push(`a link to ${child.attrGet("href")}`);
      if (child.type === "image") problems.push("an image");
      if (child.type === "text" && /(^|\W)@\w|(^|\W)#\d|\bGH-\d/.test(child.content)) problems.push(`calls somebody: ${child.content}`);
      if (child.type === "text" || child.type === "code_inline") said += child.content;
    }
    said += "\n";
  }
  // A row of a table has exactly as many cells as its head, whatever markdown-it fills up: counted in the text itself.
  for (const table of tables(document.text, tokens)) {
    const counts = new Set(table.map((line) => line.replaceAll("\\|", "").split("|").length));
    if (counts.size !== 1) problems.push(`a table with rows of ${[...counts]} bars: ${table[0]}`);
  }
  for (const words of document.says) if (!said.includes(words)) problems.push(`doesn't say ${JSON.stringify(words)}`);
  return problems;
}

function* tables(text, tokens) {
  const lines = text.split("\n");
  for (const token of tokens) if (token.type === "table_open") yield lines.slice(token.map[0], token.map[1]).filter(Boolean);
}

// A block of HTML may hold our tags and escaped text only.
function raw(content, problems) {
  const tags = content.match(/<[^>]*>/g) ?? [];
  for (const tag of tags) if (!ours.test(tag) && !/^<\/?code>$/.test(tag)) problems.push(`HTML: ${tag}`);
  return content.replace(/<[^>]*>/g, "");
}
