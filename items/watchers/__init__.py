"""Every technology that is watched. Other packages add theirs as entry points."""

from config.plugins import Registry
from items.watchers.base import Watcher

watchers: Registry[type[Watcher]] = Registry(
    "vervet.watchers",
    base=Watcher,
    builtin={
        "aws.ec2.security_group": "items.watchers.aws.ec2:SecurityGroup",
    },
)
