terraform {
  required_providers {
    gabion = {
      source = "gabion/gabion"
    }
  }
}

provider "gabion" {
  region = "eu-central-1"

  # Stops before the first call that changes anything, should the credentials be of another account.
  # allowed_account_ids = ["111122223333"]

  default_tags {
    tags = {
      team = "platform"
    }
  }
}
