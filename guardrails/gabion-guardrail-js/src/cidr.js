// Address ranges, `10.0.0.0/8` and `2001:db8::/32`.

const PRIVATE = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "127.0.0.0/8",
  "fc00::/7",
  "fe80::/10",
  "::1/128",
];

/** A range of addresses of IPv4 or IPv6. */
export class Cidr {
  /**
   * @param {4 | 6} version
   * @param {bigint} network
   * @param {number} prefix
   */
  constructor(version, network, prefix) {
    /** 4 or 6. */
    this.version = version;
    /** The first address, as a number. */
    this.network = network;
    /** How many leading bits are fixed. */
    this.prefix = prefix;
  }

  /**
   * Reads a range; null where the text is none. Bits beyond the prefix are dropped, as AWS does it.
   * @param {string} text
   * @returns {Cidr | null}
   */
  static parse(text) {
    const [, address, length] = /^([^/]*)\/([0-9]+)$/.exec(text) ?? [];
    return address === undefined ? null : Cidr.#of(address, Number(length));
  }

  /**
   * Reads a range, or a single address as the range that holds it alone.
   * @param {string} text
   * @returns {Cidr | null}
   */
  static parseOrAddress(text) {
    return text.includes("/") ? Cidr.parse(text) : Cidr.#of(text);
  }

  /**
   * @param {string} address
   * @param {number} [length]
   * @returns {Cidr | null}
   */
  static #of(address, length) {
    const version = address.includes(":") ? 6 : 4;
    const bits = version === 4 ? 32 : 128;
    const number = version === 4 ? parseV4(address) : parseV6(address);
    const prefix = length ?? bits;
    if (number === null || prefix > bits) return null;
    const rest = BigInt(bits - prefix);
    return new Cidr(version, (number >> rest) << rest, prefix);
  }

  get #bits() {
    return this.version === 4 ? 32 : 128;
  }

  /** The last address, as a number. */
  get last() {
    return this.network | ((1n << BigInt(this.#bits - this.prefix)) - 1n);
  }

  /** Whether it is every address: `0.0.0.0/0`, `::/0`. */
  get isEverything() {
    return this.prefix === 0;
  }

  /**
   * Whether all of it is private by RFC 1918, shared by RFC 6598, unique local, link local or loopback: nobody reaches
   * it over the internet.
   */
  get isPrivate() {
    return PRIVATE.some((text) => Cidr.parse(text)?.contains(this));
  }

  /**
   * Whether all of `other` lies in it.
   * @param {Cidr} other
   */
  contains(other) {
    return this.version === other.version && this.network <= other.network && other.last <= this.last;
  }

  /**
   * Whether they have an address in common.
   * @param {Cidr} other
   */
  overlaps(other) {
    return this.version === other.version && this.network <= other.last && other.network <= this.last;
  }
}

/**
 * @param {string} text
 * @returns {bigint | null}
 */
function parseV4(text) {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let number = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null;
    number = (number << 8n) | BigInt(part);
  }
  return number;
}

/**
 * @param {string} text
 * @returns {bigint | null}
 */
function parseV6(text) {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  // The last four bytes may be written as IPv4.
  const ending = halves.length === 1 ? head : tail;
  const last = ending.at(-1);
  if (last?.includes(".")) {
    const v4 = parseV4(last);
    if (v4 === null) return null;
    ending.splice(-1, 1, (v4 >> 16n).toString(16), (v4 & 0xffffn).toString(16));
  }
  const count = head.length + tail.length;
  if (halves.length === 1 ? count !== 8 : count > 7) return null;
  const all = [...head, ...Array(8 - count).fill("0"), ...tail];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return all.reduce((number, group) => (number << 16n) | BigInt(`0x${group}`), 0n);
}
