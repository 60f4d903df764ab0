// node judge.mjs --schema SCHEMA FILE…
// One line of JSON per file: {"file":…,"valid":true} or {"file":…,"valid":false,"error":"…"}. Ends with 2 when the schema
// itself is no good. A "$ref" to another file is looked for in the schema's own folder.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

function fail(message) {
  console.error(`judge: ${message}`);
  process.exit(2);
}

function read(file) {
  return JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
}

async function compile(schemaFile) {
  const ajv = new Ajv2020.default({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    strictTypes: true,
    strictRequired: false,
    strictTuples: false,
    loadSchema: async (uri) => read(join(dirname(schemaFile), uri)),
  });
  addFormats.default(ajv);
  return [ajv, await ajv.compileAsync(read(schemaFile))];
}

function judge(ajv, validate, file) {
  let document;
  try {
    document = read(file);
  } catch (error) {
    return { file, valid: false, error: error.message };
  }
  if (validate(document)) return { file, valid: true };
  return { file, valid: false, error: ajv.errorsText(validate.errors, { dataVar: "" }) };
}

const [flag, schemaFile, ...files] = process.argv.slice(2);
if (flag !== "--schema" || !schemaFile) fail("usage: judge.mjs --schema SCHEMA FILE…");
const [ajv, validate] = await compile(schemaFile).catch((error) => fail(`${schemaFile}: ${error.message}`));
for (const file of files) console.log(JSON.stringify(judge(ajv, validate, file)));
