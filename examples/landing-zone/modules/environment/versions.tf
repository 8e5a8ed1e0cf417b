terraform {
  required_version = ">= 1.11"

  required_providers {
    gabion = {
      source  = "gabion/gabion"
      version = ">= 0.1"
    }
  }
}
