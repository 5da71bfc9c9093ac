"""Every technology that is watched. Other packages add theirs as entry points."""

from config.plugins import Registry
from items.watchers.base import Watcher

watchers: Registry[type[Watcher]] = Registry(
    "vervet.watchers",
    base=Watcher,
    builtin={
        # In this order they are looked at: what rules look up first, as far as that goes.
        "aws.account": "items.watchers.aws.account:Account",
        "aws.ec2.address": "items.watchers.aws.ec2:Address",
        "aws.ec2.instance": "items.watchers.aws.ec2:Instance",
        "aws.ec2.nat_gateway": "items.watchers.aws.ec2:NatGateway",
        "aws.ec2.network_interface": "items.watchers.aws.ec2:NetworkInterface",
        "aws.ec2.vpc": "items.watchers.aws.ec2:Vpc",
        "aws.ec2.security_group": "items.watchers.aws.ec2:SecurityGroup",
        "aws.ec2.vpc_endpoint": "items.watchers.aws.ec2:VpcEndpoint",
        "aws.iam.policy": "items.watchers.aws.iam:Policy",
        "aws.iam.group": "items.watchers.aws.iam:Group",
        "aws.iam.role": "items.watchers.aws.iam:Role",
        "aws.iam.user": "items.watchers.aws.iam:User",
        "aws.s3.bucket": "items.watchers.aws.s3:Bucket",
        "gcp.compute.firewall": "items.watchers.gcp.compute:Firewall",
        "azure.network.security_group": "items.watchers.azure.network:SecurityGroup",
        "azure.security.policies": "items.watchers.azure.security:Policies",
    },
)
