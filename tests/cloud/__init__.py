"""Stand-ins for clouds: an AWS-compatible server, and a proxy that spoils its answers."""
