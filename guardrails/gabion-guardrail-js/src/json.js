// JSON as the host takes it: the same bytes as the SDKs of other languages write.

/** @typedef {null | boolean | number | bigint | string | Json[] | { [name: string]: Json }} Json A JSON value. */

/**
 * A value as JSON text, without spaces.
 * @param {Json} value
 * @returns {string}
 */
export function toJson(value) {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
    case "bigint":
      return String(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`a fix cannot be ${value}`);
      return String(value);
    case "string":
      return quote(value);
    case "object":
      if (Array.isArray(value)) return `[${value.map(toJson).join(",")}]`;
      return `{${Object.entries(value)
        .map(([name, one]) => `${quote(name)}:${toJson(one)}`)
        .join(",")}}`;
    default:
      throw new TypeError(`a fix cannot be ${typeof value}`);
  }
}

/** @param {string} text */
function quote(text) {
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (c) => {
    if (c === '"' || c === "\\") return `\\${c}`;
    return c === "\n" ? "\\n" : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
