# What holds in `terraform plan` here. A platform can fix more in a floor, which this file cannot loosen.

pack "baseline" { version = "~> 1.0" }

# A service trust that anybody's tasks could use, and a role without bounds, are refused here, not warned of.
rule "ID17" {
  level = "mandatory"
}

rule "ID18" {
  level = "mandatory"
}

exceptions { accept = "none" }

contact = "#cloud-platform"
