"""EC2: security groups."""

from items.watchers.aws.base import AwsWatcher
from items.watchers.base import Call


class SecurityGroup(AwsWatcher):
    technology = "aws.ec2.security_group"
    label = "EC2 security group"

    service = "ec2"
    listing = Call("describe_security_groups", "SecurityGroups")

    id = "GroupId"
    name = "GroupName"
    full_name = "arn:{partition}:ec2:{region}:{account}:security-group/{GroupId}"
