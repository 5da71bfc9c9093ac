"""Databases beside SQL Server: PostgreSQL, MySQL and Cosmos DB."""

from dataclasses import replace

from items.watchers.azure.base import AzureWatcher, below, diagnostic_settings, listed

POSTGRESQL = "2022-12-01"
SINGLE = "2017-12-01"
MYSQL = "2023-12-30"
COSMOS = "2024-05-15"


class FlexibleServer(AzureWatcher):
    """What PostgreSQL's and MySQL's servers have in common."""

    ephemeral = (
        *AzureWatcher.ephemeral,
        "properties.backup.earliestRestoreDate",
        "properties.state",
        "properties.highAvailability.state",
    )
    secret = ("properties.administratorLoginPassword",)


class PostgresqlServer(FlexibleServer):
    technology = "azure.postgresql.server"
    label = "PostgreSQL server (Azure)"

    listing = listed("Microsoft.DBforPostgreSQL/flexibleServers", POSTGRESQL)
    details = {
        "FirewallRules": below("firewallRules", POSTGRESQL),
        "Configurations": below("configurations", POSTGRESQL),
    }


class PostgresqlSingleServer(AzureWatcher):
    """The kind before flexible servers, which Microsoft closes down."""

    technology = "azure.postgresql.single_server"
    label = "PostgreSQL single server (Azure)"

    # Where there is no such type any more there is no such server.
    listing = replace(
        listed("Microsoft.DBforPostgreSQL/servers", SINGLE), absent=("InvalidResourceType",)
    )

    ephemeral = (*AzureWatcher.ephemeral, "properties.earliestRestoreDate")
    secret = ("properties.administratorLoginPassword",)


class MysqlServer(FlexibleServer):
    technology = "azure.mysql.server"
    label = "MySQL server (Azure)"

    listing = listed("Microsoft.DBforMySQL/flexibleServers", MYSQL)
    details = {
        "FirewallRules": below("firewallRules", MYSQL),
        "Configurations": below("configurations", MYSQL),
    }


class CosmosAccount(AzureWatcher):
    technology = "azure.cosmosdb.account"
    label = "Cosmos DB account"

    listing = listed("Microsoft.DocumentDB/databaseAccounts", COSMOS)
    details = {"DiagnosticSettings": diagnostic_settings()}
