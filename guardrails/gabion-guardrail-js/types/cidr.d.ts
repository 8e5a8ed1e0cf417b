/** A range of addresses of IPv4 or IPv6. */
export declare class Cidr {
    #private;
    /** 4 or 6. */
    version: 4 | 6;
    /** The first address, as a number. */
    network: bigint;
    /** How many leading bits are fixed. */
    prefix: number;
    /**
     * @param {4 | 6} version
     * @param {bigint} network
     * @param {number} prefix
     */
    constructor(version: 4 | 6, network: bigint, prefix: number);
    /**
     * Reads a range; null where the text is none. Bits beyond the prefix are dropped, as AWS does it.
     * @param {string} text
     * @returns {Cidr | null}
     */
    static parse(text: string): Cidr | null;
    /**
     * Reads a range, or a single address as the range that holds it alone.
     * @param {string} text
     * @returns {Cidr | null}
     */
    static parseOrAddress(text: string): Cidr | null;
    /** The last address, as a number. */
    get last(): bigint;
    /** Whether it is every address: `0.0.0.0/0`, `::/0`. */
    get isEverything(): boolean;
    /**
     * Whether all of it is private by RFC 1918, shared by RFC 6598, unique local, link local or loopback: nobody reaches
     * it over the internet.
     */
    get isPrivate(): boolean;
    /**
     * Whether all of `other` lies in it.
     * @param {Cidr} other
     */
    contains(other: Cidr): boolean;
    /**
     * Whether they have an address in common.
     * @param {Cidr} other
     */
    overlaps(other: Cidr): boolean;
}
