"""Every technology that is watched. Other packages add theirs as entry points."""

from collections.abc import Iterator

from config.plugins import Registry
from items.watchers.base import Watcher

watchers: Registry[type[Watcher]] = Registry(
    "vervet.watchers",
    base=Watcher,
    needs=("technology", "label", "account_type"),
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
        "gcp.organization": "items.watchers.gcp.organization:Organization",
        "gcp.folder": "items.watchers.gcp.organization:Folder",
        "gcp.project": "items.watchers.gcp.project:Project",
        "gcp.compute.project": "items.watchers.gcp.compute:Project",
        "gcp.iam.service_account": "items.watchers.gcp.iam:ServiceAccount",
        "gcp.iam.role": "items.watchers.gcp.iam:Role",
        "gcp.compute.network": "items.watchers.gcp.compute:Network",
        "gcp.compute.subnetwork": "items.watchers.gcp.compute:Subnetwork",
        "gcp.compute.firewall": "items.watchers.gcp.compute:Firewall",
        "gcp.apikeys.key": "items.watchers.gcp.apikeys:ApiKey",
        "gcp.appengine.version": "items.watchers.gcp.appengine:Version",
        "gcp.bigquery.dataset": "items.watchers.gcp.bigquery:Dataset",
        "gcp.compute.address": "items.watchers.gcp.compute:Address",
        "gcp.compute.backend_service": "items.watchers.gcp.compute:BackendService",
        "gcp.compute.disk": "items.watchers.gcp.compute:Disk",
        "gcp.compute.forwarding_rule": "items.watchers.gcp.compute:ForwardingRule",
        "gcp.compute.image": "items.watchers.gcp.compute:Image",
        "gcp.compute.instance": "items.watchers.gcp.compute:Instance",
        "gcp.compute.snapshot": "items.watchers.gcp.compute:Snapshot",
        "gcp.compute.ssl_policy": "items.watchers.gcp.compute:SslPolicy",
        "gcp.compute.target_https_proxy": "items.watchers.gcp.compute:TargetHttpsProxy",
        "gcp.compute.target_ssl_proxy": "items.watchers.gcp.compute:TargetSslProxy",
        "gcp.dataproc.cluster": "items.watchers.gcp.dataproc:Cluster",
        "gcp.dns.policy": "items.watchers.gcp.dns:DnsPolicy",
        "gcp.dns.zone": "items.watchers.gcp.dns:DnsZone",
        "gcp.functions.function": "items.watchers.gcp.functions:Function",
        "gcp.gke.cluster": "items.watchers.gcp.gke:Cluster",
        "gcp.kms.key": "items.watchers.gcp.kms:Key",
        "gcp.kms.key_ring": "items.watchers.gcp.kms:KeyRing",
        "gcp.logging.metric": "items.watchers.gcp.logging:Metric",
        "gcp.logging.sink": "items.watchers.gcp.logging:Sink",
        "gcp.monitoring.alert_policy": "items.watchers.gcp.monitoring:AlertPolicy",
        "gcp.pubsub.topic": "items.watchers.gcp.pubsub:Topic",
        "gcp.run.service": "items.watchers.gcp.run:RunService",
        "gcp.secretmanager.secret": "items.watchers.gcp.secretmanager:Secret",
        "gcp.sql.instance": "items.watchers.gcp.sql:SqlInstance",
        "gcp.storage.bucket": "items.watchers.gcp.storage:Bucket",
        "azure.subscription": "items.watchers.azure.resources:Subscription",
        "azure.resource_group": "items.watchers.azure.resources:ResourceGroup",
        "azure.authorization.role_definition": "items.watchers.azure.authorization:RoleDefinition",
        "azure.authorization.role_assignment": "items.watchers.azure.authorization:RoleAssignment",
        "azure.network.public_address": "items.watchers.azure.network:PublicAddress",
        "azure.network.virtual_network": "items.watchers.azure.network:VirtualNetwork",
        "azure.network.security_group": "items.watchers.azure.network:SecurityGroup",
        "azure.network.load_balancer": "items.watchers.azure.network:LoadBalancer",
        "azure.network.application_gateway": "items.watchers.azure.network:ApplicationGateway",
        "azure.network.watcher": "items.watchers.azure.network:Watcher",
        "azure.compute.virtual_machine": "items.watchers.azure.compute:VirtualMachine",
        "azure.compute.disk": "items.watchers.azure.compute:Disk",
        "azure.compute.snapshot": "items.watchers.azure.compute:Snapshot",
        "azure.storage.account": "items.watchers.azure.storage:StorageAccount",
        "azure.keyvault.vault": "items.watchers.azure.keyvault:Vault",
        "azure.sql.server": "items.watchers.azure.sql:Server",
        "azure.postgresql.server": "items.watchers.azure.databases:PostgresqlServer",
        "azure.postgresql.single_server": "items.watchers.azure.databases:PostgresqlSingleServer",
        "azure.mysql.server": "items.watchers.azure.databases:MysqlServer",
        "azure.cosmosdb.account": "items.watchers.azure.databases:CosmosAccount",
        "azure.web.app": "items.watchers.azure.web:App",
        "azure.aks.cluster": "items.watchers.azure.containers:Cluster",
        "azure.monitor.activity_log_alert": "items.watchers.azure.monitor:ActivityLogAlert",
        "azure.monitor.application_insights": "items.watchers.azure.monitor:ApplicationInsights",
        "azure.monitor.diagnostic_setting": "items.watchers.azure.monitor:DiagnosticSetting",
        "azure.security.pricing": "items.watchers.azure.security:Pricing",
        "azure.security.auto_provisioning_setting": (
            "items.watchers.azure.security:AutoProvisioningSetting"
        ),
        "azure.security.contact": "items.watchers.azure.security:Contact",
        "azure.security.setting": "items.watchers.azure.security:Setting",
        "azure.security.secure_score": "items.watchers.azure.security:SecureScore",
        "azure.security.assessment": "items.watchers.azure.security:Assessment",
        "azure.security.jit_policy": "items.watchers.azure.security:JitPolicy",
        "azure.security.policies": "items.watchers.azure.security:Policies",
    },
)


def watched_in(account_type: str) -> Iterator[str]:
    """Yield the technologies of a kind of account; of ours, only that provider's are imported.

    The SDKs of all providers take more memory than a scan: a name of ours begins as its kind of
    account does. What other packages bring is asked.
    """
    provider = account_type.partition(".")[0]
    for technology in watchers:
        foreign = technology in watchers.builtin and technology.partition(".")[0] != provider
        if foreign or technology not in watchers:
            continue
        if watchers[technology].account_type == account_type:
            yield technology
