# By key id, key ARN, alias or alias ARN. An ARN says account and region, too.
terraform import gabion_kms_key.app 1234abcd-12ab-34cd-56ef-1234567890ab
terraform import gabion_kms_key.app alias/app
terraform import gabion_kms_key.app arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
