# The first plan, before there is anything: `terraform test -test-directory=live`. It reads AWS with the credentials at hand, and
# changes nothing. Every test begins with an empty state, so once the zone stands this fails: the addresses of its accounts are
# in use then. From there on `terraform plan` is the test.

run "nothing_stands_in_the_way" {
  command = plan

  assert {
    condition     = toset(keys(output.environments)) == toset(module.organization.environments)
    error_message = "There is not one environment for each unit."
  }
}
