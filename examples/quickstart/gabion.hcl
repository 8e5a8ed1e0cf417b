# The platform's policy. Terraform reads nothing of it; the guard inside `terraform plan` does.

pack "baseline" { version = "~> 1.0" } # the rules inside the provider

# A team may ask for an exception in its own block; here the platform accepts none.
exceptions { accept = "none" }

contact = "#cloud-platform" # shown with every refusal
