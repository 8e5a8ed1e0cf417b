// The glue between a pack in JavaScript and the host, with less work in it.
//
// componentize-js writes JavaScript that carries each call to the host and back. The engine interprets it, so that
// every step costs some twenty times what it costs in a browser, and a rule makes a hundred calls. What it does
// besides carrying is taken out here, by rewriting the text it wrote:
//
// - messages for whoever debugs the glue, built before anybody asks whether they are wanted;
// - registration of every handle for finalization, and its withdrawal with every call: the SDK gives all handles
//   back when a rule has answered;
// - a function made anew in every method, an object made for every result;
// - a view of the memory made for every number read;
// - texts encoded character by character, names of attributes anew with every call.
//
// The version of componentize-js is locked. Where its text is not as expected this says so, and no component is made.

/**
 * The glue with less work in it; what it does is the same.
 * @param {string} text What componentize-js wrote.
 */
export function lean(text) {
  const first = text.indexOf("\nclass import_");
  const last = text.search(/\n(?:async )?function export_/);
  if (first < 0 || last < first) throw new Error("the glue has no imports before its exports");
  const head = quiet(text.slice(0, first));
  const imports = methods(quiet(text.slice(first, last)));
  const exports = answers(resources(quiet(text.slice(last))));
  const kept = [...exports.matchAll(/^(?: {2})?(?:async )?function (export_[\w$]+|bindExports)\(/gm)].map((found) => found[1]);
  // In a function its names are places in a frame, not entries of a table that is searched with every use.
  return `(() => {\n${head}${SUPPORT}${imports}${exports}\nObject.assign(globalThis, { ${kept.join(", ")} });\n})();\n`;
}

/** Text without messages for debugging and without finalization. */
function quiet(text) {
  return text
    .replace(/_debugLog\((?:'[^'\n]*'|"[^"\n]*")(?:, \{[^{}]*\})?\);/g, "")
    .replace(/const finalizationRegistry_[^]*?\n\}\);/g, "")
    .replace(/finalizationRegistry_[\w$]+\.(?:un)?register\([^()]*\);/g, "");
}

/** Resources made by their constructor, which holds the handle in a plain property. */
function resources(text) {
  return text
    .replace(
      /var (rsc\d+) = new\.target === ([\w$]+) \? this : Object\.create\(\2\.prototype\);\s*Object\.defineProperty\(\1, symbolRscHandle, \{ writable: true, value: (\w+)\}\);/g,
      "var $1 = new $2($3);",
    )
    .replaceAll("[symbolRscHandle]", ".handle")
    .replaceAll("  [symbolDispose]() {", "  dispose() {");
}

/** The functions that the host calls. A rule answers at once, so that nothing is waited for. */
function answers(text) {
  const made = text
    .replaceAll(", $realloc, $memory)", ")")
    .replaceAll("_utf8AllocateAndEncode(", "lend(")
    .replace(/\$realloc\(0, 0, \d+, ([^;]+)\);/g, "room($1);")
    .replace(/dataView\(\$memory\)\.setInt8\(([^,()]+), ([^,()]+), true\);/g, "bytes[$1] = $2;")
    .replace(/dataView\(\$memory\)\.setUint32\(([^,()]+), ([\w$]+), true\);/g, "words[($1) >> 2] = $2;")
    .replace(/ = await (rules\w+\()/g, " = $1")
    .replace(/^(async function export_[\w$]+\([^)]*\) \{)$/gm, "$1\n  begin();")
    .replace(/(\} finally \{\n)( +)(for \(const entry of borrows)/g, "$1$2end();\n$2$3");
  if (!made.includes(" end();") || /\bawait\b|dataView\(/.test(made)) {
    throw new Error("the exports of the glue are not as expected");
  }
  return made;
}

/** The methods that call the host. */
function methods(text) {
  let found = 0;
  const flat = resources(text)
    .replace(/^class (import_[\w$]+) \{$/gm, "class $1 {\n  constructor(handle) {\n    this.handle = handle;\n  }")
    .replace(
      /^ {2}(\w+)\([^)]*\) \{\n {4}function helper\(arg0((?:, arg\d+)*)\) \{\n([^]*?)\n {4}\}\n {4}return helper\(this[^)]*\);\n {2}\}$/gm,
      (_, name, rest, body) => {
        found += 1;
        return `  ${name}(${rest.replace(/^, /, "")}) {\n    const arg0 = this;\n${result(views(body))}\n  }`;
      },
    )
    .replaceAll(", $realloc, $memory)", ")")
    .replace(/var encodeRes = _utf8AllocateAndEncode\((\w+)\);/g, "var encodeRes = names.get($1);\n      if (encodeRes === undefined || copy === 0) encodeRes = name($1);")
    .replace(/var (ptr\d+)= encodeRes\.ptr;/g, "var $1 = copy + encodeRes.at;")
    .replace(/^( +)var (rsc\d+) = new [^;\n]+;$/gm, "$&\n$1held[count++] = $2;");
  if (found === 0 || /\bhelper\(|dataView\(|new\.target|symbolRscHandle/.test(flat)) {
    throw new Error("the methods of the glue are not as expected");
  }
  // Names of a block are looked for whenever a function ends; there are no functions in these that would keep them.
  return flat.replace(/\b(?:let|const) /g, "var ");
}

/** Numbers and texts are read through views that are kept. */
function views(body) {
  const read = body
    .replace(/TEXT_DECODER_UTF8\.decode\(new Uint8Array\(\$memory\.buffer, (\w+), (\w+)\)\)/g, "decode($1, $2)")
    .replace(/dataView\(\$memory\)\.getUint8\(([^,()]+), true\)/g, "bytes[$1]")
    .replace(/dataView\(\$memory\)\.getU?[iI]nt32\(([^,()]+), true\)/g, "words[($1) >> 2]");
  if (read === body) return body;
  // A call can grow the memory, and the views are of the memory as it was.
  return read.replace(/^( +)ret = (\$import_[^\n]*\);)$/m, "$1ret = $2\n$1if ($memory.buffer !== buffer) look();");
}

/** A result is returned or thrown where it is known, without an object for it. */
function result(body) {
  const tail =
    /\n *const retCopy = (variant\d+);\s*\$dealloc\(ret\);\s*if \(typeof retCopy === 'object' && retCopy\.tag === 'err'\) \{\s*throw new ComponentError\(retCopy\.val\);\s*\}\s*return retCopy\.val;\s*$/;
  const variant = tail.exec(body)?.[1];
  if (!variant) return body;
  return body
    .replace(tail, "")
    .replace(`let ${variant};`, "")
    .replace(
      new RegExp(`${variant}= \\{\\s*tag: 'err',\\s*val: ([^{}]*?)\\s*\\};`),
      "$dealloc(ret);\n        throw { payload: $1 };",
    )
    .replace(
      new RegExp(`${variant}= \\{\\s*tag: 'ok',\\s*val: ([^{}]*?)\\s*\\};`),
      "const found = $1;\n        $dealloc(ret);\n        return found;",
    );
}

/** What the methods use. */
const SUPPORT = `
let buffer, bytes, words;
function look() {
  buffer = $memory.buffer;
  bytes = new Uint8Array(buffer);
  words = new Int32Array(buffer);
}
look();

// The handles of a call, given back when it ends.
let held = [];
let count = 0;
function end() {
  const own = held;
  const many = count;
  held = [];
  count = 0;
  for (let i = 0; i < many; i++) own[i].dispose();
}

// Room for a call is freed when that ends; to make it, the memory may grow.
function room(size) {
  const ptr = $realloc(0, 0, 4, size);
  if ($memory.buffer !== buffer) look();
  return ptr;
}
function encode(text, ptr, most) {
  return TEXT_ENCODER_UTF8.encodeInto(text, bytes.subarray(ptr, ptr + most)).written;
}
function lend(text) {
  if (typeof text !== 'string') throw new TypeError('expected a string, received [' + typeof text + ']');
  if (text.length === 0) return { ptr: 1, len: 0 };
  const most = 3 * text.length;
  const ptr = room(most);
  return { ptr, len: encode(text, ptr, most) };
}

// Names that rules ask for are few: they are encoded once, into a book that each call has a copy of.
const book = new Uint8Array(16384);
const names = new Map();
let written = 0;
let copy = 0;
function begin() {
  if ($memory.buffer !== buffer) look();
  copy = 0;
}
function open() {
  copy = room(book.length);
  bytes.set(book.subarray(0, written), copy);
}
function name(text) {
  if (copy === 0) open();
  let known = names.get(text);
  if (known === undefined) {
    const most = typeof text === 'string' ? 3 * text.length : Infinity;
    if (most > 192 || written + most > book.length) {
      const { ptr, len } = lend(text);
      return { at: ptr - copy, len };
    }
    const ptr = copy + written;
    const len = encode(text, ptr, most);
    book.set(bytes.subarray(ptr, ptr + len), written);
    known = { at: written, len };
    written += len;
    names.set(text, known);
  }
  return known;
}

function decode(ptr, len) {
  return TEXT_DECODER_UTF8.decode(bytes.subarray(ptr, ptr + len));
}
`;
