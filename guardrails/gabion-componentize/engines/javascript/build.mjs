// Makes a guardrail component of a pack in JavaScript or TypeScript.
//
//   node build.mjs --engine DIR --pack DIR --sdk DIR --wit DIR --out FILE
//
// `--engine` holds the `node_modules` that the package-lock.json beside this file describes. `--pack` is the
// author's folder with its package.json; `--sdk` the folder of `@gabion/guardrail`, unless a `file:` dependency of
// the pack names one. Whatever is wrong goes to stderr as one message, with exit code 1.
//
// The doc comment above `rule(...)` becomes the rule's page: comments do not live on in the engine, so they are
// taken from the source here.

import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";

import { lean } from "./lean.mjs";

const SDK = "@gabion/guardrail";
const LOG = "gabion:guardrail/log@1.0.0";
/** All that the engine could ask of its surroundings; without them a component imports our interfaces alone. */
const DISABLED = ["random", "stdio", "clocks", "http", "fetch-event"];

/** A fault of the pack, told to its author as it is. */
class Fault extends Error {}

const { values: options } = parseArgs({
  options: {
    engine: { type: "string" },
    pack: { type: "string" },
    sdk: { type: "string" },
    wit: { type: "string" },
    out: { type: "string" },
  },
});

try {
  await build(options);
} catch (error) {
  process.stderr.write(`${error instanceof Fault ? error.message : (error?.stack ?? error)}\n`);
  process.exitCode = 1;
}

async function build({ engine, pack, sdk, wit, out }) {
  for (const [name, value] of Object.entries({ engine, pack, wit, out })) {
    if (!value) throw new Fault(`\`--${name}\` is missing`);
  }
  // Real paths, so that the bytes do not depend on a link.
  const folder = await realpath(resolve(pack));
  const manifest = await readManifest(folder);
  const tools = await load(resolve(engine));
  const work = await realpath(await mkdtemp(join(tmpdir(), "gabion-build-")));
  try {
    const bundle = await bundled(tools, folder, manifest, sdk && resolve(sdk), work);
    await tryOut(bundle);
    const source = join(work, "component.js");
    await writeFile(
      source,
      `import { make } from "./pack.mjs";\nimport { write } from "${LOG}";\nexport const rules = make(write);\n`,
    );
    const { component } = await quietly(() =>
      tools.componentize({
        sourcePath: source,
        witPath: resolve(wit),
        worldName: "guardrail",
        disableFeatures: DISABLED,
      }),
    );
    await mkdir(dirname(resolve(out)), { recursive: true });
    await writeFile(resolve(out), component);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function readManifest(folder) {
  const path = join(folder, "package.json");
  let manifest;
  try {
    manifest = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new Fault(`package.json of the pack cannot be read: ${error.message}`);
  }
  for (const field of ["name", "version", "main"]) {
    if (typeof manifest[field] !== "string" || manifest[field] === "") {
      throw new Fault(`package.json of the pack has no \`${field}\``);
    }
  }
  return manifest;
}

/** The tools of the engine's folder: this file need not lie beside them. */
async function load(engine) {
  const at = (...parts) => pathToFileURL(join(engine, "node_modules", ...parts)).href;
  try {
    const { componentize } = await import(at("@bytecodealliance", "componentize-js", "src", "componentize.js"));
    const { splicer } = await import(at("@bytecodealliance", "componentize-js", "lib", "spidermonkey-embedding-splicer.js"));
    lighten(splicer);
    const { rolldown } = await import(at("rolldown", "dist", "index.mjs"));
    const { parseSync } = createRequire(join(engine, "package.json"))("oxc-parser");
    return { componentize, rolldown, parseSync };
  } catch (error) {
    throw new Fault(`the JavaScript engine is not whole, install it again: ${error.message}`);
  }
}

/** Takes out of the glue what costs more than it gives: see lean.mjs. */
function lighten(splicer) {
  const splice = splicer.spliceBindings;
  splicer.spliceBindings = (...given) => {
    const made = splice(...given);
    return { ...made, jsBindings: lean(made.jsBindings) };
  };
}

/** Where the pack's `file:` dependencies and the SDK lie. */
async function aliases(folder, manifest, sdk) {
  const places = {};
  if (sdk) places[SDK] = sdk;
  for (const [name, version] of Object.entries({ ...manifest.devDependencies, ...manifest.dependencies })) {
    if (typeof version === "string" && version.startsWith("file:")) {
      places[name] = resolve(folder, version.slice("file:".length));
    }
  }
  if (!places[SDK]) {
    throw new Fault(`package.json of the pack has no dependency \`${SDK}\`, as \`file:vendor/gabion-guardrail\` is one`);
  }
  const found = {};
  for (const [name, place] of Object.entries(places)) {
    let own;
    try {
      own = JSON.parse(await readFile(join(place, "package.json"), "utf8"));
    } catch {
      throw new Fault(`the dependency \`${name}\` is not at \`${relative(folder, place) || "."}\``);
    }
    const exported = typeof own.exports === "object" && own.exports ? own.exports : { ".": own.main ?? "index.js" };
    for (const [key, target] of Object.entries(exported)) {
      const file = typeof target === "string" ? target : (target.default ?? target.import);
      if (typeof file === "string") found[name + key.slice(1)] = join(place, file);
    }
  }
  return found;
}

async function bundled({ rolldown, parseSync }, folder, manifest, sdk, work) {
  const known = await aliases(folder, manifest, sdk);
  const main = resolve(folder, manifest.main);
  const entry = "\0gabion-entry";
  const name = manifest.name.replace(/^@[^/]*\//, "");
  const identity = JSON.stringify({ name, version: manifest.version });
  const plugin = {
    name: "gabion",
    async resolveId(id, importer) {
      if (id === entry) return id;
      if (known[id]) return realpath(known[id]);
      if (id.startsWith("node:")) {
        throw new Fault(`\`${id}\`, imported by ${shown(folder, importer)}, is not there in the sandbox: a rule has no files, no network, no clock`);
      }
      return null;
    },
    load(id) {
      if (id !== entry) return null;
      return `import pack from ${JSON.stringify(main)};\nimport { component } from "${SDK}/component";\n` +
        `export const make = (write) => component(pack, ${identity}, write);\n`;
    },
    transform(code, id) {
      return id === entry || !/\.[cm]?[jt]sx?$/.test(id) ? null : withPages(parseSync, code, id, folder);
    },
  };
  let result;
  try {
    const bundle = await rolldown({
      input: { pack: entry },
      cwd: folder,
      plugins: [plugin],
      platform: "neutral",
      resolve: { mainFields: ["module", "main"] },
      logLevel: "silent",
      onLog(level, log) {
        if (log.code === "UNRESOLVED_IMPORT") throw new Fault(log.message);
      },
    });
    result = await bundle.generate({ format: "esm", codeSplitting: false, comments: false });
    await bundle.close();
  } catch (error) {
    throw error instanceof Fault ? error : new Fault(plain(error).replaceAll(`${folder}/`, ""));
  }
  for (const chunk of result.output) {
    for (const id of chunk.imports ?? []) {
      throw new Fault(`the import of \`${id}\` leads nowhere: name it in package.json as a \`file:\` dependency`);
    }
  }
  const path = join(work, "pack.mjs");
  await writeFile(path, result.output[0].code);
  return path;
}

/** What a bundler says, without its colours. */
function plain(error) {
  return String(error.message ?? error).replace(/\u001b\[[0-9;]*m/g, "").trim();
}

function shown(folder, file) {
  return file ? relative(folder, file) || basename(file) : "the pack";
}

/** Puts the doc comment above each `rule(...)` into its metadata, as `page`. */
function withPages(parseSync, code, id, folder) {
  if (!code.includes("ule(") || !code.includes(SDK)) return null;
  const { program, comments, errors } = parseSync(id, code);
  if (errors.length > 0) throw new Fault(`${shown(folder, id)}: ${plain(errors[0])}`);
  const called = calledNames(program);
  const docs = comments.filter((comment) => comment.type === "Block" && comment.value.startsWith("*"));
  const edits = [];
  for (const statement of program.body) {
    const doc = docs.findLast((comment) => comment.end <= statement.start);
    if (!doc || code.slice(doc.end, statement.start).trim() !== "") continue;
    const call = initial(statement);
    const metadata = call?.type === "CallExpression" && called(call.callee) && call.arguments[0];
    if (!metadata || metadata.type !== "ObjectExpression") continue;
    const given = metadata.properties.some((property) => (property.key?.name ?? property.key?.value) === "page");
    if (!given) edits.push([metadata.start + 1, ` page: ${JSON.stringify(pageOf(doc.value))},`]);
  }
  if (edits.length === 0) return null;
  let text = code;
  for (const [at, insert] of edits.reverse()) text = text.slice(0, at) + insert + text.slice(at);
  return { code: text };
}

/** Tells whether an expression names the SDK's `rule` or `planRule`, however they were imported. */
function calledNames(program) {
  const names = new Set();
  const spaces = new Set();
  for (const statement of program.body) {
    if (statement.type !== "ImportDeclaration" || statement.source.value !== SDK) continue;
    for (const specifier of statement.specifiers) {
      if (specifier.type === "ImportNamespaceSpecifier") spaces.add(specifier.local.name);
      else if (["rule", "planRule"].includes(specifier.imported?.name)) names.add(specifier.local.name);
    }
  }
  return (callee) =>
    (callee.type === "Identifier" && names.has(callee.name)) ||
    (callee.type.endsWith("MemberExpression") &&
      spaces.has(callee.object?.name) &&
      ["rule", "planRule"].includes(callee.property?.name));
}

/** The value that a statement gives a name: `const x = ...`, `export const x = ...`, `export default ...`. */
function initial(statement) {
  if (statement.type === "ExportDefaultDeclaration") return statement.declaration;
  const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
  if (declaration?.type !== "VariableDeclaration" || declaration.declarations.length !== 1) return null;
  return declaration.declarations[0].init;
}

/** A doc comment as Markdown: without the stars, and without the indent of the stars. */
function pageOf(comment) {
  const lines = comment.slice(1).split(/\r?\n/).map((line) => line.replace(/^\s*\*? ?/, "").trimEnd());
  while (lines.length > 0 && lines[0] === "") lines.shift();
  while (lines.length > 0 && lines.at(-1) === "") lines.pop();
  return lines.length > 0 ? `${lines.join("\n")}\n` : "";
}

/** Loads the pack here first: the engine can only trap, and says nothing of an exception at load. */
async function tryOut(bundle) {
  let rules;
  const { console } = globalThis;
  try {
    const { make } = await import(pathToFileURL(bundle).href);
    rules = make(() => {});
    rules.describe();
  } catch (error) {
    throw new Fault(`the pack cannot be loaded: ${error?.message ?? error}`);
  } finally {
    globalThis.console = console;
  }
}

/** componentize-js prints what concerns itself. */
async function quietly(work) {
  const lines = [];
  const { log, error } = console;
  console.log = console.error = (...parts) => lines.push(parts.join(" "));
  try {
    return await work();
  } catch (problem) {
    throw new Fault(`the engine does not take the pack: ${problem.message ?? problem}\n${lines.join("\n")}`.trim());
  } finally {
    Object.assign(console, { log, error });
  }
}
