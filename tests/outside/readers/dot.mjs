// DOT, by Graphviz: it draws it, and what it has drawn says all that it should.
import { spawnSync } from "node:child_process";

export async function dot(document) {
  const drawn = spawnSync("dot", ["-Tsvg"], { input: document.text, encoding: "utf8", maxBuffer: 1 << 28 });
  if (drawn.error) throw drawn.error;
  const problems = [];
  const warned = drawn.stderr.split("\n").filter((line) => line && !/fontconfig|Fontconfig/.test(line));
  if (drawn.status !== 0 || warned.length) problems.push(`dot ended with ${drawn.status}: ${warned.join("; ")}`);
  const texts = [...drawn.stdout.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((found) => unescaped(found[1]));
  const said = texts.join("\n").replaceAll("\u00a0", " ");
  for (const words of document.says) if (!said.includes(words)) problems.push(`doesn't say ${JSON.stringify(words)}`);
  const nodes = (drawn.stdout.match(/class="node\b/g) ?? []).length;
  if (document.nodes != null && nodes !== document.nodes) problems.push(`${nodes} nodes instead of ${document.nodes}`);
  return problems;
}

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text) {
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (_, decimal, hexadecimal, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    return hexadecimal ? String.fromCodePoint(parseInt(hexadecimal, 16)) : entities[name];
  });
}
