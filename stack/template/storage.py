"""The S3 bucket of exported and imported files, and the secrets."""

from stack.template.cfn import Template, get_att, if_condition, output, policy_document, ref, resource, retention, sub

_SECRETS = {
    "SignatureKeys": "Keys of the hash that is a signature's id. Only add versions, never replace one: a person could"
    " then sign twice.",
    "TokenKeys": "Keys that sign the links in emails. The newest key signs links, and every key verifies them.",
    "LimitKeys": "Key of the hashes of email addresses in the limits table. Never replace it: the site would forget who"
    " chose to get no more email.",
    "OriginKeys": "Keys that prove to the API that requests come through the CDN. docs/deploy.md: how to rotate them.",
}
_BLOCKED = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def storage() -> Template:
    secrets = {name: _secret(description) for name, description in _SECRETS.items()}
    secret_arns = {f"{name}Arn": output(ref(name), "Secret") for name in _SECRETS}
    bucket_name = output(ref("ExportsBucket"), "Exported and imported files: personal data")
    return {
        "Resources": {**_bucket_and_policy(), **secrets},
        "Outputs": {"ExportsBucketName": bucket_name, **secret_arns},
    }


def _secret(description: str) -> Template:
    """AWS generates the value: a JSON object with the first version of the key, named v1."""
    generated = {
        "SecretStringTemplate": "{}",
        "GenerateStringKey": "v1",
        "PasswordLength": 64,
        "ExcludePunctuation": True,
        # The emulator ignores ExcludePunctuation.
        "ExcludeCharacters": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    }
    properties = {"Description": description, "GenerateSecretString": generated}
    return resource("SecretsManager::Secret", properties, **retention())


def _bucket_and_policy() -> Template:
    encryption = {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": if_condition("HasCustomerKey", ref("CustomerKeyArn")),
    }
    bucket = {
        "PublicAccessBlockConfiguration": dict.fromkeys(_BLOCKED, True),
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}
            ]
        },
        "LifecycleConfiguration": {
            "Rules": [
                # While an export or a list of subscribers is made, its rows are in files under parts/.
                _lifecycle_rule("PartsGoAfterADay", Prefix="parts/", ExpirationInDays=1),
                _lifecycle_rule("FilesGoAfterTheirTime", Prefix="files/", ExpirationInDays=7),
                _lifecycle_rule("ImportsGoAfterTheirTime", Prefix="imports/", ExpirationInDays=7),
                _lifecycle_rule("UnfinishedUploadsGo", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
            ]
        },
    }
    everything = [get_att("ExportsBucket"), sub("${ExportsBucket.Arn}/*")]
    over_http = {"Bool": {"aws:SecureTransport": "false"}}
    only_over_tls = policy_document("OnlyOverTls", "*", "s3:*", everything, over_http, effect="Deny")
    policy = {"Bucket": ref("ExportsBucket"), "PolicyDocument": only_over_tls}
    return {
        "ExportsBucket": resource("S3::Bucket", bucket, **retention()),
        # The policy exists on AWS only, because the emulator has no TLS.
        "ExportsBucketPolicy": resource("S3::BucketPolicy", policy, Condition="OnAws"),
    }


def _lifecycle_rule(name: str, **more: object) -> Template:
    return {"Id": name, "Status": "Enabled", **more}
