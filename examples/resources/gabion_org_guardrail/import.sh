# By policy id or name.
terraform import gabion_org_guardrail.baseline p-examplepolicyid
terraform import gabion_org_guardrail.baseline baseline
