# The platform's policy: the guard inside `terraform plan` reads it, and so does `gabion check`.

pack "baseline" { version = "~> 1.0" } # the rules inside the provider

# A weaker setting is for the platform to decide, in this file, and not for the block that wants it.
exceptions { accept = "none" }

contact = "#cloud-platform" # shown with every refusal
