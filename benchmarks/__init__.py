"""Measurements that anybody can repeat; nothing here is part of the platform."""
