// The pack: its rules and its settings.

import { pack } from "@gabion/guardrail";

import { resourceWithoutCostCentre } from "./cost-centre.js";
import { resourceWithoutOwner } from "./owner.js";
import { tagging } from "./settings.js";

export default pack({ settings: tagging, rules: [resourceWithoutOwner, resourceWithoutCostCentre] });
