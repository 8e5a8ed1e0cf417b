# The call site and what it plans. It reads AWS with the credentials at hand, and changes nothing.

provider "gabion" {
  region = "eu-central-1"
}

run "the_whole_zone" {
  command = plan

  assert {
    condition     = keys(output.environments) == ["dev", "prod", "test"]
    error_message = "There is not one environment for each unit."
  }
}

run "a_unit_for_each_environment_and_one_guardrail" {
  command = plan

  module {
    source = "./modules/organization"
  }

  variables {
    environments = ["dev", "prod"]
    regions      = ["eu-central-1"]
  }

  assert {
    condition     = gabion_organization.this.units == toset(["dev", "prod"])
    error_message = "The units are not the environments."
  }

  assert {
    condition     = contains(gabion_organization.this.enabled_policy_types, "SERVICE_CONTROL_POLICY")
    error_message = "Service control policies are not enabled."
  }

  assert {
    condition     = strcontains(gabion_org_guardrail.this.policy, "organizations:LeaveOrganization")
    error_message = "The guardrail lets accounts leave."
  }
}
