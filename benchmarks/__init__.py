"""Measurements that are no tests: how much CPU, time and memory a scan takes."""
