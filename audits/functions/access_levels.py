"""Where we judge an action otherwise than AWS's own tables do; no rule calls these."""

PERMISSIONS = "Permissions management"

# AWS calls these "Write". Each gives somebody access that he had not, to an identity, to data or to
# a whole account, which is what a rule about permissions management means to find.
GIVE_ACCESS = frozenset(
    {
        "cognito-identity:setidentitypoolroles",
        "ds:sharedirectory",
        "ec2:modifyimageattribute",
        "eks:associateaccesspolicy",
        "eks:createaccessentry",
        "es:updatedomainconfig",
        "es:updateelasticsearchdomainconfig",
        "iam:addroletoinstanceprofile",
        "iam:addusertogroup",
        "iam:createaccesskey",
        "iam:createloginprofile",
        "iam:createopenidconnectprovider",
        "iam:createsamlprovider",
        "iam:createservicespecificcredential",
        "iam:deactivatemfadevice",
        "iam:passrole",
        "iam:resetservicespecificcredential",
        "iam:updateaccesskey",
        "iam:updateloginprofile",
        "iam:updateopenidconnectproviderthumbprint",
        "iam:updatesamlprovider",
        "iam:uploadsigningcertificate",
        "iam:uploadsshpublickey",
        "lambda:createfunctionurlconfig",
        "lambda:updatefunctionurlconfig",
        "ram:associateresourceshare",
        "ram:createresourceshare",
        "rds:modifydbclustersnapshotattribute",
        "rds:modifydbsnapshotattribute",
        "rolesanywhere:createprofile",
        "rolesanywhere:createtrustanchor",
        "sso:associateprofile",
        "sso:createaccountassignment",
        "sso:putinlinepolicytopermissionset",
    }
)
