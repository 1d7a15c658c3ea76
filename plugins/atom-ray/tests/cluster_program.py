"""A Ray cluster of its own, for tests: nodes are processes of this machine. Told by lines what to do with them."""

from __future__ import annotations

import os
import sys

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "error"}

from ray.cluster_utils import Cluster

COMMON = {"node_ip_address": "127.0.0.1", "object_store_memory": 80 * 2**20, "include_dashboard": False}


def main() -> None:
    """The head has no processors: it works on nothing, and is never killed."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **COMMON})
    nodes = [cluster.add_node(num_cpus=1, **COMMON) for _ in range(int(sys.argv[1]))]
    say(cluster.address)
    for line in sys.stdin:
        match line.split():
            case ["kill"]:
                cluster.remove_node(nodes.pop(), allow_graceful=False)
            case ["add", *path]:
                variables = {"env_vars": {"PYTHONPATH": path[0]}} if path else {}
                nodes.append(cluster.add_node(num_cpus=1, **variables, **COMMON))
        say("done")
    cluster.shutdown()


def say(text: str) -> None:
    """A line for the test."""
    sys.stdout.write(f"cluster: {text}\n")
    sys.stdout.flush()


main()
