// One headless browser for all documents, started when somebody first needs it.
import puppeteer from "puppeteer-core";

export class Browser {
  #launched;
  #drawing;

  constructor(list) {
    this.list = list;
  }

  async launched() {
    this.#launched ??= await puppeteer.launch({
      executablePath: this.list.chromium,
      headless: true,
      // Nothing strange is loaded, and root has no sandbox.
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none"],
    });
    return this.#launched;
  }

  // A page of its own, which fails the moment it asks for anything over a network.
  async page() {
    return (await this.launched()).newPage();
  }

  // The page in which Mermaid draws and SVG is parsed.
  async drawing() {
    if (!this.#drawing) {
      this.#drawing = await this.page();
      await this.#drawing.setContent("<!doctype html><title>drawing</title><body></body>");
      await this.#drawing.addScriptTag({ path: `${this.list.modules}/mermaid/dist/mermaid.min.js` });
      // As GitHub sets it.
      await this.#drawing.evaluate(() => mermaid.initialize({ startOnLoad: false, securityLevel: "strict" }));
    }
    return this.#drawing;
  }

  async close() {
    await this.#launched?.close();
  }
}
