// Writes types/wit.d.ts: the contract as TypeScript sees it, made of wit/guardrail/package.wit.
//
//   node scripts/wit-types.mjs ENGINE [FILE]
//
// ENGINE is the folder of the JavaScript engine, `~/.cache/gabion/engines/componentize-js-...`; its jco makes the types.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [engine, file = fileURLToPath(new URL("../types/wit.d.ts", import.meta.url))] = process.argv.slice(2);
const jco = join(engine, "node_modules", "@bytecodealliance", "jco", "obj", "js-component-bindgen-component.js");
const { $init, generateTypes } = await import(pathToFileURL(jco).href);
await $init;

const wit = await readFile(new URL("../../../wit/guardrail/package.wit", import.meta.url), "utf8");
const made = generateTypes("guardrail", { wit: { tag: "source", val: wit }, world: "guardrail", guest: true });
const parts = made
  .map(([name, bytes]) => [name, Buffer.from(bytes).toString("utf8")])
  .filter(([name]) => name.startsWith("interfaces/"))
  .sort(([one], [other]) => (one < other ? -1 : 1))
  // One file holds them all.
  .map(([, text]) => text.replace(/^\/\/\/ <reference .*$/gm, "").trim());
const head = "// Made of wit/guardrail/package.wit by scripts/wit-types.mjs; not to be edited.";
// Without what jco leaves at the end of lines.
await writeFile(file, `${[head, ...parts].join("\n\n").replace(/[ \t]+$/gm, "")}\n`);
