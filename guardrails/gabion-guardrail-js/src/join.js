// Joins of resources in a whole plan: by reference first, then by equal known values.

/** @typedef {import("./change.js").Change} Change */
/** @typedef {import("./change.js").Graph} Graph */

/**
 * What a join came to: the companions, or that there is none, or why that cannot be told.
 * @typedef {{ kind: "found", changes: Change[] } | { kind: "absent" } | { kind: "undetermined", why: string }} Join
 */

/**
 * See {@link Graph.companions}.
 * @param {Graph} graph
 * @param {Change} change
 * @param {string} resourceType
 * @param {string} attribute
 * @param {string[]} keys
 * @returns {Join}
 */
export function joins(graph, change, resourceType, attribute, keys = ["id"]) {
  const candidates = graph.of(resourceType);
  const names = (/** @type {Change} */ one) => graph.references(one).filter((reference) => under(attribute, reference.path));
  const own = new Set(graph.referrers(change).map((one) => one.address));
  const address = bare(change.address ?? "");
  const byReference = candidates.filter(
    (one) => own.has(one.address) && names(one).some((reference) => bare(reference.address) === address),
  );
  if (byReference.length > 0) return { kind: "found", changes: byReference };
  // One that names another resource belongs to that.
  const open = candidates.filter((one) => !names(one).some((reference) => /^(module\.[^.]+\.)*[a-z0-9]+_/.test(reference.address)));
  /** @type {Change[]} */
  const byValue = [];
  let unsure = null;
  const known = keys.map((key) => change.after.get(key)).filter((value) => !["null", "unknown", "computed"].includes(value.kind));
  for (const one of open) {
    const value = one.after.get(attribute);
    if (value.kind === "unknown" || value.kind === "computed") {
      unsure ??= `\`${value.path}\` of ${one.address ?? resourceType} is not known yet`;
    } else if (known.some((mine) => mine.equalTo(value))) {
      byValue.push(one);
    }
  }
  if (byValue.length > 0) return { kind: "found", changes: byValue };
  if (unsure) return { kind: "undetermined", why: unsure };
  if (!graph.complete) return { kind: "undetermined", why: `the plan is not whole: ${resourceType} may be elsewhere` };
  return { kind: "absent" };
}

/**
 * Whether a path is an attribute or below it.
 * @param {string} attribute
 * @param {string} path
 */
function under(attribute, path) {
  return path === attribute || path.startsWith(`${attribute}.`) || path.startsWith(`${attribute}[`);
}

/**
 * An address without the index of an instance, which expressions leave out.
 * @param {string} address
 */
function bare(address) {
  return address.replace(/\[[^\]]*\]$/, "");
}
