// JSON, held against one of our JSON Schemas by ajv.
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const known = new Map();

export async function json(document) {
  if (!known.has(document.schema)) {
    const ajv = new Ajv({ allErrors: true, strict: false });
    formats.default(ajv);
    // Whole numbers of Rust: JSON Schema has no names for them of its own.
    for (const name of ["uint", "uint8", "uint16", "uint32", "uint64", "int32", "int64"]) {
      ajv.addFormat(name, { type: "number", validate: Number.isInteger });
    }
    known.set(document.schema, ajv.compile(JSON.parse(readFileSync(document.schema, "utf8"))));
  }
  const valid = known.get(document.schema);
  let value;
  try {
    value = JSON.parse(document.text);
  } catch (error) {
    return [`not JSON: ${error.message}`];
  }
  return valid(value) ? [] : valid.errors.map((error) => `${error.instancePath} ${error.message}`);
}
