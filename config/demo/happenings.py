"""What happens to the invented company between two scans."""

from collections.abc import Callable

from config.demo.access import Access
from config.demo.buckets import objects, permit
from config.demo.cloud import Cloud
from config.demo.names import ADMIN, DATA, PROD, STAGING, WORLD, tag_list
from config.demo.people import make_key
from config.demo.sites import tcp

Happening = Callable[[Access], None]


def happen(cloud: Cloud) -> list[str]:
    """Let things happen, after `found()`; give one plain sentence for each."""
    access = Access(cloud)
    for happening in HAPPENINGS.values():
        happening(access)
    return list(HAPPENINGS)


def group_id(access: Access, account: str, region: str, name: str) -> str:
    """The id of a security group."""
    found = access.client(account, "ec2", region).describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [name]}]
    )
    return str(found["SecurityGroups"][0]["GroupId"])


def open_web_group(access: Access) -> None:
    """Open 22 and 3389 beside the fine 443."""
    access.client(PROD, "ec2", "eu-west-1").authorize_security_group_ingress(
        GroupId=group_id(access, PROD, "eu-west-1", "web-public"),
        IpPermissions=[tcp(22, WORLD, why="Remote hands, Friday only"), tcp(3389, WORLD)],
    )


def publish_segments(access: Access) -> None:
    """Let everyone read the customer segments."""
    bucket = "halden-customer-segments"
    statement = {
        "Sid": "AgencyDownload",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": objects(bucket),
    }
    permit(access.client(DATA, "s3", "us-east-1"), bucket, [statement])


def delete_builds(access: Access) -> None:
    """Delete a bucket."""
    s3 = access.client(STAGING, "s3", "eu-central-1")
    s3.delete_bucket(Bucket="halden-staging-builds-old")


def promote_thumbnailer(access: Access) -> None:
    """Give a small role everything."""
    iam = access.client(PROD, "iam")
    iam.attach_role_policy(RoleName="thumbnailer", PolicyArn=ADMIN)


def remove_migration_group(access: Access) -> None:
    """Delete a security group."""
    group = group_id(access, PROD, "eu-west-1", "migration-2024")
    access.client(PROD, "ec2", "eu-west-1").delete_security_group(GroupId=group)


def find_old_key(access: Access) -> None:
    """Let a key come to light that was made long ago."""
    make_key(access, STAGING, "jenkins", days=200, used=60)


def hand_over_notebooks(access: Access) -> None:
    """Change the owner in a tag."""
    group = group_id(access, DATA, "us-east-1", "notebooks")
    access.client(DATA, "ec2", "us-east-1").create_tags(
        Resources=[group], Tags=tag_list({"owner": "ines.duarte@halden.example"})
    )


HAPPENINGS: dict[str, Happening] = {
    "Production: ports 22 and 3389 of the group web-public, which had a fine 443,"
    " were opened to the world.": open_web_group,
    "Data: the bucket halden-customer-segments was made public by its policy.": publish_segments,
    "Staging: the bucket halden-staging-builds-old was deleted.": delete_builds,
    "Production: the role thumbnailer was given AdministratorAccess.": promote_thumbnailer,
    "Production: the security group migration-2024 was removed.": remove_migration_group,
    "Staging: the user jenkins has a second access key, 200 days old.": find_old_key,
    "Data: the group notebooks has a new owner in its tags.": hand_over_notebooks,
}
