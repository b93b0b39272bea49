// SARIF, by Microsoft's own validator, and held against the standard's JSON Schema by ajv.
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";
import multitool from "@microsoft/sarif-multitool-linux";

// What it wishes for and we have no use for: a page of the tool's in the network, and the schema's address, which is taken
// out below.
const wishes = /SARIF2005|SARIF2008|GH1013/;

let valid;

export async function sarif(document) {
  if (!valid) {
    const ajv = new Ajv({ allErrors: true, strict: false });
    formats.default(ajv);
    valid = ajv.compile(JSON.parse(readFileSync(multitool.replace(/[^/]*$/, "sarif-2.1.0.json"), "utf8")));
  }
  let log;
  try {
    log = JSON.parse(document.text);
  } catch (error) {
    return [`not JSON: ${error.message}`];
  }
  const problems = valid(log) ? [] : valid.errors.map((error) => `${error.instancePath} ${error.message}`);
  // The program is for one kind of machine.
  if (process.platform !== "linux" || process.arch !== "x64") return problems;
  // It would ask the network whether the schema is there.
  delete log.$schema;
  const path = `${document.path}.validated.sarif`;
  writeFileSync(path, JSON.stringify(log));
  // npm makes no program of it, and its own script that would is not run.
  chmodSync(multitool, 0o755);
  const line = ["validate", path, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--kind", "Fail"];
  const ran = spawnSync(multitool, line, {
    encoding: "utf8",
    env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" },
  });
  if (ran.error) throw ran.error;
  const said = ran.stdout.split("\n").filter((it) => /: (error|warning) [A-Z]+\d+:/.test(it) && !wishes.test(it));
  if (!ran.stdout.includes("Analyzing")) said.push(`the validator ended with ${ran.status}: ${ran.stdout}${ran.stderr}`);
  return [...problems, ...said.map((it) => it.replace(/^.*?\.sarif/, ""))];
}
