"""The bucket of exported files, and the secrets."""

from stack.template.cfn import Template, get, if_condition, keeps_data, output, ref, resource, statement, sub

_SECRETS = {
    "SignatureKeys": "Keys of the hash that is a signature's id. Without them one person could sign twice:"
    " never replace, only add.",
    "TokenKeys": "Keys that sign the links in emails. The newest signs, all verify.",
    "LimitKeys": "Key of the hashes of addresses in the limits table. Without it, nobody's choice to get no more email"
    " is known: never replace.",
    "OriginKeys": "Keys by which the API knows what comes through the CDN. docs/deploy.md says how to change them.",
}


def storage() -> Template:
    return {
        "Resources": {**_exports(), **{name: _secret(what) for name, what in _SECRETS.items()}},
        "Outputs": {
            "ExportsBucketName": output(ref("ExportsBucket"), "Exported files: personal data"),
            **{f"{name}Arn": output(ref(name), "Secret") for name in _SECRETS},
        },
    }


def _secret(description: str) -> Template:
    """Return a secret whose value AWS generates: versions by name, as JSON."""
    generated = {
        "SecretStringTemplate": "{}",
        "GenerateStringKey": "v1",
        "PasswordLength": 64,
        "ExcludePunctuation": True,
        # The emulator ignores ExcludePunctuation.
        "ExcludeCharacters": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    }
    properties = {"Description": description, "GenerateSecretString": generated}
    return resource("SecretsManager::Secret", properties, **keeps_data())


def _exports() -> Template:
    encrypted = {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": if_condition("HasCustomerKey", ref("CustomerKeyArn")),
    }
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    bucket = {
        "PublicAccessBlockConfiguration": dict.fromkeys(blocked, True),
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": encrypted, "BucketKeyEnabled": True}
            ]
        },
        "LifecycleConfiguration": {
            "Rules": [
                _rule("PartsGoAfterADay", Prefix="parts/", ExpirationInDays=1),
                _rule("FilesGoAfterTheirTime", Prefix="files/", ExpirationInDays=7),
                _rule("ImportsGoAfterTheirTime", Prefix="imports/", ExpirationInDays=7),
                _rule("UnfinishedUploadsGo", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
            ]
        },
    }
    everything = [get("ExportsBucket"), sub("${ExportsBucket.Arn}/*")]
    over_http = {"Bool": {"aws:SecureTransport": "false"}}
    document = statement("OnlyOverTls", "*", "s3:*", everything, over_http, effect="Deny")
    policy = {"Bucket": ref("ExportsBucket"), "PolicyDocument": document}
    return {
        "ExportsBucket": resource("S3::Bucket", bucket, **keeps_data()),
        # The emulator's own endpoint is not TLS.
        "ExportsBucketPolicy": resource("S3::BucketPolicy", policy, Condition="OnAws"),
    }


def _rule(name: str, **more: object) -> Template:
    return {"Id": name, "Status": "Enabled", **more}
