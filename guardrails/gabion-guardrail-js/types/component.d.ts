import { Pack } from "./rule.js";
export type ChangeHandle = import("gabion:guardrail/plan@1.0.0").Change;
export type GraphHandle = import("gabion:guardrail/plan@1.0.0").Graph;
export type WitVerdict = import("gabion:guardrail/rules@1.0.0").Verdict;
export type SettingsProblem = import("gabion:guardrail/rules@1.0.0").SettingsProblem;
/**
 * What a component of this pack exports.
 * @param {Pack} pack
 * @param {{ name: string, version: string }} identity
 * @param {import("./log.js").Sink} write
 */
export declare function component(pack: Pack, identity: {
    name: string;
    version: string;
}, write: import("./log.js").Sink): {
    describe: () => {
        name: string;
        version: string;
        settingsSchema: string;
        rules: {
            code: string;
            name: string;
            title: string;
            since: string;
            page: string;
            level: import("gabion:guardrail/rules@1.0.0").Level;
            scope: import("gabion:guardrail/rules@1.0.0").Scope;
            controls: import("gabion:guardrail/rules@1.0.0").Control[];
            targets: {
                resourceType: string;
                provider: string;
                versions: string;
            }[];
        }[];
    };
    /** @param {string} text */
    configure(text: string): void;
    /**
     * @param {string} code
     * @param {ChangeHandle} handle
     * @returns {WitVerdict}
     */
    check(code: string, handle: ChangeHandle): WitVerdict;
    /**
     * @param {string} code
     * @param {GraphHandle} handle
     * @returns {WitVerdict}
     */
    checkPlan(code: string, handle: GraphHandle): WitVerdict;
};
