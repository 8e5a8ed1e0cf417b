// One rule of real size, written in three languages with equal results: the JavaScript one.

import {
  Finding,
  NOT_APPLICABLE,
  PolicyDocument,
  Review,
  Tags,
  control,
  log,
  pack,
  planRule,
  rule,
  setting,
  settings,
} from "@gabion/guardrail";

const house = settings({
  prefix: setting.text({ doc: "What names begin with.", default: "acme-" }),
  owners: setting.list(setting.text(), { doc: "Who may own a service.", default: [] }),
  backup_days: setting.integer({ doc: "How many days a backup is kept.", default: 7, minimum: 1, maximum: 365 }),
  regions: setting.list(setting.text(), {
    doc: "Regions in which services may run; any where it is not said.",
    optional: true,
  }),
});

/**
 * ## What it does
 * Finds services that break the rules of the house: names, tags, backups, open ports, policies, passwords.
 *
 * ## Why
 * To see that three languages say the same:
 *
 *     an indented line, a `"quoted"` one, and an ümlaut
 *
 * ## Fix
 * ```hcl
 * resource "acme_service" "x" {
 *   name = "acme-x"
 * }
 * ```
 */
export const unrulyService = rule(
  {
    code: "TL01",
    name: "unruly-service",
    title: "a service that breaks the rules of the house",
    level: "mandatory",
    since: "1.0.0",
    targets: [
      { type: "acme_service", provider: "acme/services", versions: ">= 1.0, < 3.0" },
      { type: "acme_job", provider: "acme/services", versions: ">= 1.0" },
    ],
    controls: [control.own("TL01"), control.securityHub("X.1")],
  },
  (change) => {
    const service = change.planned();
    if (!service) return NOT_APPLICABLE;
    const wanted = house.current();
    log("looking at a service");
    const review = new Review();
    review.look(() => name(service, wanted));
    review.lookAt((findings) => tags(service, wanted, findings));
    review.mustBeTrue(service.get("encrypted"), "the service is not encrypted");
    review.lookAt((findings) => backups(service, wanted, findings));
    review.lookAt((findings) => ports(service, findings));
    review.lookAt((findings) => policy(service, findings));
    review.lookAt((findings) => password(service, findings));
    review.look(() => limits(service));
    review.look(() => zone(change, service));
    review.look(() => region(change, wanted));
    review.lookAt((findings) => options(change, service, findings));
    for (const { kind, path } of service.get("environment").secrets()) {
      review.add(new Finding(path, `there is a secret of the kind \`${kind}\``).observed(kind));
    }
    return review.outcome();
  },
);

function name(service, { prefix }) {
  const name = service.get("name");
  const text = name.filled();
  if (text === null) return name.finding("the service has no name");
  if (name.size() > 40) return name.finding("the name is longer than 40 characters");
  if (text.startsWith(prefix)) return null;
  return name.finding(`the name \`${text}\` does not begin with \`${prefix}\``).fix(prefix + text);
}

function tags(service, { owners }, findings) {
  const tags = Tags.own(service);
  const missing = tags.missing(["owner", "cost center"]);
  if (missing.length > 0) {
    findings.push(tags.value.finding(`missing tags: ${missing.join(", ")}`).observed(tags.keys().join(" ")));
  }
  const owner = tags.get("owner");
  if (owner !== null && owners.length > 0 && !owners.includes(owner)) {
    const message = `\`${owner}\` may not own it; \`${owners.join("`, `")}\` may`;
    const finding = tags.value.get("owner").finding(message);
    for (const one of owners) finding.fix(one);
    findings.push(finding);
  }
}

function backups(service, { backup_days: wanted }, findings) {
  const backup = service.get("backup").block();
  if (!backup) {
    findings.push(service.get("backup").finding("nothing backs the service up").fixAt("backup[0].days", wanted));
    return;
  }
  const days = backup.get("days");
  const kept = days.integer();
  if (kept !== null && kept < wanted) {
    findings.push(days.finding(`backups are kept for ${kept} days`).observed(`${kept} days`).fix(wanted));
  }
  for (const [index, copy] of backup.get("copies").elements().entries()) {
    if (copy.text() === "tape") findings.push(copy.finding(`copy ${index + 1} goes to tape`));
  }
}

function ports(service, findings) {
  for (const ingress of service.get("ingress")) {
    const from = ingress.get("from").integer();
    const to = ingress.get("to").integer();
    if (from === null || to === null) continue;
    for (const cidr of ingress.get("cidrs")) {
      if (cidr.text() === "0.0.0.0/0" && from <= 22 && 22 <= to) {
        findings.push(cidr.finding("everybody may try to log in").fix("10.0.0.0/8"));
      }
    }
  }
}

function policy(service, findings) {
  const policy = service.get("policy");
  const document = PolicyDocument.read(policy);
  if (!document) return;
  for (const [index, statement] of document.statements.entries()) {
    if (statement.effect === "Deny") continue;
    const label = statement.label(index + 1);
    const within = statement.conditions.some((one) => one.isAbout("aws:PrincipalOrgID") && !one.holdsWhenMissing);
    if (statement.coversEverybody && !within) {
      findings.push(policy.finding(`${label} lets everybody in`).observed(label));
    }
    if (statement.coversService("kms") || statement.coversAction("iam:PassRole")) {
      findings.push(policy.finding(`${label} allows too much`).observed(statement.actions.named.join(",")));
    }
  }
}

function password(service, findings) {
  const password = service.get("password");
  if (password.isComputed || !password.isSet()) return;
  if (password.size() < 12) findings.push(password.finding("the password is shorter than 12 characters"));
  if (password.equalTo(service.get("name"))) findings.push(password.finding("the password is the name"));
}

function limits(service) {
  const weight = service.find("limits[0].weight");
  const text = weight.number() ?? "";
  const value = weight.float();
  if (value === null || value <= 0.5) return null;
  return weight.finding(`the weight ${text} is more than a half`).fixAt("limits", []);
}

function zone(change, service) {
  if (change.operation !== "update") return null;
  const next = service.get("zone");
  return change.before.get("zone").equalTo(next) ? null : next.finding("a service does not move to another zone");
}

function region(change, { regions }) {
  if (!regions) return null;
  const region = change.providerConfiguration.get("region").text() ?? "";
  return regions.includes(region) ? null : new Finding("", `the region \`${region}\` is not allowed`);
}

function options(change, service, findings) {
  if (change.configured("tier") === false) findings.push(new Finding("tier", "nobody chose a tier"));
  const options = service.get("options");
  for (const key of options.keys()) {
    const value = options.get(key);
    if (key.startsWith("debug") && value.kind === "boolean" && value.boolean() === true) {
      findings.push(value.finding(`the option \`${key}\` is on`).fix(false));
    }
  }
}

/**
 * ## What it does
 * Finds services that no alarm watches.
 */
export const unwatchedService = planRule(
  {
    code: "TL02",
    name: "unwatched-service",
    title: "a service that no alarm watches",
    level: "advisory",
    since: "1.1.0",
  },
  (graph) => {
    const review = new Review();
    for (const service of graph.changes("acme_service")) {
      const after = service.planned();
      if (!after) continue;
      const watched = graph.referrers(service).some((one) => one.resourceType === "acme_alarm");
      if (!watched && graph.complete) {
        const refers = graph.references(service).map((one) => `${one.path} ${one.address} ${one.attribute}`);
        const finding = after.get("name").finding("no alarm watches the service");
        review.add(finding.on(service.address).observed(refers.join("; ")));
      }
      review.look(() => {
        const name = after.get("name");
        return name.text() === "x" ? name.finding("the name is too short").on(service.address) : null;
      });
    }
    return review.outcome();
  },
);

export default pack({ settings: house, rules: [unrulyService, unwatchedService] });
