import { control, rule } from "@gabion/guardrail";

import { tagging } from "./settings.js";
import { judge } from "./tag.js";
import { targets } from "./targets.js";

/**
 * ## What it does
 * Finds resources without a tag `owner`, and with an owner that the pack's settings do not name.
 *
 * ## Why
 * When something costs too much or breaks at night, somebody must be found who knows it. A name that nobody has is
 * as good as none.
 *
 * ## Fix
 * ```hcl
 * resource "aws_sqs_queue" "orders" {
 *   name = "orders"
 *   tags = { owner = "team-orders", cost-centre = "4711" }
 * }
 * ```
 */
export const resourceWithoutOwner = rule(
  {
    code: "TG01",
    name: "resource-without-owner",
    title: "a resource without a known owner",
    since: "1.0.0",
    targets,
    controls: [control.own("TG01")],
  },
  (change) => judge(change, "owner", tagging.current().allowed_owners),
);
