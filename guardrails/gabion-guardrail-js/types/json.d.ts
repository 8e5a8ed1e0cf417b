export type Json = null | boolean | number | bigint | string | Json[] | {
    [name: string]: Json;
};
/** @typedef {null | boolean | number | bigint | string | Json[] | { [name: string]: Json }} Json A JSON value. */
/**
 * A value as JSON text, without spaces.
 * @param {Json} value
 * @returns {string}
 */
export declare function toJson(value: Json): string;
