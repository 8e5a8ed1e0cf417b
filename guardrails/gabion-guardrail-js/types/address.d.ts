/** An address. */
export declare class Address {
    parts: {
        name: string;
        key: string | null;
    }[];
    own: {
        name: string;
        key: string | null;
    }[];
    /** The names and keys of the modules, from outside in. */
    modules: {
        name: string;
        key: string | null;
    }[];
    /**
     * @param {{ name: string, key: string | null }[]} parts Between dots, with the instance key as written.
     * @param {number} modules How many parts at the start are those of modules.
     */
    constructor(parts: {
        name: string;
        key: string | null;
    }[], modules: number);
    /** @param {string} text */
    static parse(text: string): Address;
    /** The address without any instance key. */
    get bare(): string;
    /** Whether it is a data source. */
    get isData(): boolean;
    /** The type of the resource. */
    get resourceType(): string;
    /** The instance key of the resource itself; null where it has none. */
    get key(): string | null;
    /**
     * Whether two are written alike.
     * @param {Address} other
     */
    equals(other: Address): boolean;
}
