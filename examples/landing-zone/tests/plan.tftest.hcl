# The call site, with your values in it. Nothing is asked of AWS, so this runs whether the zone stands or not: the provider is a
# mock. `live/plan.tftest.hcl` asks AWS.

mock_provider "gabion" {}

run "the_whole_zone" {
  command = plan

  assert {
    condition     = toset(keys(output.environments)) == toset(module.organization.environments)
    error_message = "There is not one environment for each unit."
  }

  assert {
    condition     = alltrue([for environment in output.environments : length(environment.segments) > 0])
    error_message = "An environment has no network."
  }
}
