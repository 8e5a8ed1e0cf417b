terraform import gabion_organization.main o-exampleorgid
