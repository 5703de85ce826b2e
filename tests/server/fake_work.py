"""What processes of jobs may do, told as `core3d_search.server.job_process` tells it; imports next to nothing."""

import os
import time


def three_scenes(order, connection):
    """Tell what indexing would: one scene done, one broken; then what the order was."""
    connection.send({"scene": "a", "stage": "masks", "done": 1, "total": 2})
    report = dict.fromkeys(("frames", "resumed", "masks", "observations", "objects", "named", "seconds_per_frame"), 1)
    report |= {"scene": "a", "unchanged": False, "notes": [], "seconds": {"masks": 1.0}}
    connection.send({"run": {"skipped": [{"position": 3, "reason": "dark"}], **report}})
    connection.send({"fault": ("b", f"{order.place}/depth is missing")})


def all_broken(order, connection):
    connection.send({"fault": ("b", "nothing in it")})


def stopped(order, connection):
    connection.send({"error": "no scene could be opened"})


def dying(order, connection):
    os._exit(9)


def endless(order, connection):
    connection.send({"scene": "a", "stage": "masks", "done": 1, "total": 2})
    time.sleep(60)
