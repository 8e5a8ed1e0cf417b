// The pack: its rules, one file each.

import { pack } from "@gabion/guardrail";

import { resourceWithoutOwner } from "./resource-without-owner.js";

export default pack({ rules: [resourceWithoutOwner] });
