import { control, rule } from "@gabion/guardrail";

import { tagging } from "./settings.js";
import { judge } from "./tag.js";
import { targets } from "./targets.js";

/**
 * ## What it does
 * Finds resources whose tag `cost-centre` is missing, or names none that is in use.
 *
 * ## Why
 * A bill that nobody can be asked about is paid by everybody.
 *
 * ## Fix
 * ```hcl
 * resource "aws_sqs_queue" "orders" {
 *   name = "orders"
 *   tags = { owner = "team-orders", cost-centre = "4711" }
 * }
 * ```
 */
export const resourceWithoutCostCentre = rule(
  {
    code: "TG02",
    name: "resource-without-cost-centre",
    title: "a resource without a cost centre that is in use",
    since: "1.0.0",
    targets,
    controls: [control.own("TG02")],
  },
  (change) => judge(change, "cost-centre", tagging.current().allowed_cost_centres),
);
