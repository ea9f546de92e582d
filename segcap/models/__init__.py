"""Networks, each a keras.Model from arrays to logits, and their registry."""

from segcap.models.registry import NETWORKS, Network, build, network, networks_for, register

__all__ = ["NETWORKS", "Network", "build", "network", "networks_for", "register"]
