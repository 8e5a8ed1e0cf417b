export type Json = import("./json.js").Json;
export type Doc = {
    doc?: string;
    optional?: boolean;
};
/** @typedef {import("./json.js").Json} Json */
/** @typedef {{ doc?: string, optional?: boolean }} Doc What it is for; optional: null where it is not given. */
/**
 * One setting.
 * @template T
 */
export declare class Setting<T> {
    schema: Record<string, import("./json.js").Json>;
    /** What it is when nobody gives it; undefined where it must be given. */
    fallback: T | null | undefined;
    /**
     * @param {Record<string, Json>} schema
     * @param {T | null | undefined} fallback
     */
    constructor(schema: Record<string, Json>, fallback: T | null | undefined);
}
/** The kinds of settings. One without a default must be given. */
export declare const setting: Readonly<{
    /**
     * A text, one of `oneOf` where that is said.
     * @param {Doc & { default?: string, oneOf?: string[] }} [options]
     * @returns {Setting<string>}
     */
    text: (options?: Doc & {
        default?: string;
        oneOf?: string[];
    }) => Setting<string>;
    /**
     * A whole number.
     * @param {Doc & { default?: number, minimum?: number, maximum?: number }} [options]
     * @returns {Setting<number>}
     */
    integer: (options?: Doc & {
        default?: number;
        minimum?: number;
        maximum?: number;
    }) => Setting<number>;
    /**
     * A boolean.
     * @param {Doc & { default?: boolean }} [options]
     * @returns {Setting<boolean>}
     */
    boolean: (options?: Doc & {
        default?: boolean;
    }) => Setting<boolean>;
    /**
     * A list.
     * @template T
     * @param {Setting<T>} of
     * @param {Doc & { default?: T[], atLeast?: number }} [options]
     * @returns {Setting<T[]>}
     */
    list: <T>(of: Setting<T>, options?: Doc & {
        default?: T[];
        atLeast?: number;
    }) => Setting<T[]>;
    /**
     * A map with any names.
     * @template T
     * @param {Setting<T>} of
     * @param {Doc & { default?: Record<string, T> }} [options]
     * @returns {Setting<Record<string, T>>}
     */
    map: <T>(of: Setting<T>, options?: Doc & {
        default?: Record<string, T>;
    }) => Setting<Record<string, T>>;
}>;
/**
 * All settings of a pack.
 * @template {Record<string, Setting<any>>} S
 */
export declare class Settings<S extends Record<string, Setting<any>>> {
    #private;
    shape: S;
    /** @param {S} shape */
    constructor(shape: S);
    /** The JSON Schema, as text. */
    get schema(): string;
    /**
     * What gabion.hcl says, with defaults; the names are those of the file.
     * @returns {{ [K in keyof S]: S[K] extends Setting<infer T> ? T : never }}
     */
    current(): { [K in keyof S]: S[K] extends Setting<infer T> ? T : never; };
    /**
     * Takes the settings; the SDK and tests call it.
     * @param {Record<string, any>} given
     */
    set(given: Record<string, any>): void;
}
/**
 * Declares the settings of a pack: `settings({ owners: setting.list(setting.text()) })`.
 * @template {Record<string, Setting<any>>} S
 * @param {S} shape
 */
export declare function settings<S extends Record<string, Setting<any>>>(shape: S): Settings<S>;
