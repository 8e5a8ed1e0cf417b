// What the pack may be told in gabion.hcl.

import { setting, settings } from "@gabion/guardrail";

export const tagging = settings({
  allowed_owners: setting.list(setting.text(), {
    doc: "Who may own a resource; anybody where the list is empty.",
    default: [],
  }),
  allowed_cost_centres: setting.list(setting.text(), {
    doc: "Cost centres that are in use.",
    atLeast: 1,
  }),
});
