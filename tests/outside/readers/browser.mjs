// Drawings, in a real browser: Mermaid by Mermaid itself, SVG by the browser's strict XML parser.

export async function mermaid(document, browser) {
  const page = await browser.drawing();
  const drawn = await page.evaluate(async (text) => {
    try {
      const { svg } = await mermaid.render("drawn", text);
      const place = window.document.createElement("div");
      place.innerHTML = svg;
      window.document.body.append(place);
      // A label's lines are joined by <br>, which is no text; what a person sees is.
      const labels = [...place.querySelectorAll(".nodeLabel, .edgeLabel")].map((label) => label.innerText);
      const nodes = place.querySelectorAll("g.node").length;
      const foreign = [...place.querySelectorAll("script, img, a, iframe")].map((it) => it.tagName);
      place.remove();
      return { said: labels.join("\n"), nodes, foreign };
    } catch (error) {
      window.document.getElementById("ddrawn")?.remove();
      return { error: String(error?.message ?? error) };
    }
  }, document.text);
  if (drawn.error) return [drawn.error];
  const problems = drawn.foreign.map((tag) => `draws <${tag}>`);
  if (drawn.said.includes("Unsupported markdown")) problems.push("a name is taken for Markdown");
  for (const words of document.says) if (!drawn.said.includes(words)) problems.push(`doesn't say ${JSON.stringify(words)}`);
  if (document.nodes != null && drawn.nodes !== document.nodes) {
    problems.push(`${drawn.nodes} nodes instead of ${document.nodes}`);
  }
  return problems;
}

export async function svg(document, browser) {
  const page = await browser.drawing();
  const drawn = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const error = parsed.querySelector("parsererror");
    if (error) return { error: error.textContent };
    const place = window.document.createElement("div");
    place.append(window.document.importNode(parsed.documentElement, true));
    window.document.body.append(place);
    const drawing = place.firstElementChild;
    const texts = [...drawing.querySelectorAll("text")];
    const boxes = [...drawing.querySelectorAll("[data-node]")];
    // Measured as drawn: does a text leave its box, does a box lie on another?
    const outside = [];
    for (const box of boxes) {
      const shape = box.querySelector("[data-shape]").getBoundingClientRect();
      for (const text of box.querySelectorAll("text")) {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        if (left < shape.left - 1 || right > shape.right + 1 || top < shape.top - 1 || bottom > shape.bottom + 1) {
          outside.push(text.textContent);
        }
      }
    }
    const shapes = boxes.map((box) => [box.getAttribute("data-node"), box.querySelector("[data-shape]").getBoundingClientRect()]);
    const laps = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    const over = shapes.flatMap(([name, a], at) => shapes.slice(at + 1).filter(([, b]) => laps(a, b)).map(([other]) => `${name} lies on ${other}`));
    const said = texts.map((text) => [...text.childNodes].map((part) => part.textContent).join("")).join("\n");
    const foreign = [...drawing.querySelectorAll("script, image, a, foreignObject, [href], [style]")].map((it) => it.tagName);
    const named = drawing.getAttribute("role") === "img" && Boolean(drawing.querySelector("title")?.textContent);
    place.remove();
    return { said, outside, over, foreign, named, nodes: boxes.length };
  }, document.text);
  if (drawn.error) return [drawn.error];
  const problems = [...drawn.foreign.map((tag) => `holds <${tag}>`), ...drawn.over];
  if (!drawn.named) problems.push("has no name for those who can't see it");
  problems.push(...drawn.outside.map((text) => `a text leaves its box: ${text}`));
  for (const words of document.says) if (!drawn.said.includes(words)) problems.push(`doesn't say ${JSON.stringify(words)}`);
  if (document.nodes != null && drawn.nodes !== document.nodes) {
    problems.push(`${drawn.nodes} nodes instead of ${document.nodes}`);
  }
  return problems;
}
