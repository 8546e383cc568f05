# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""The facts: importing this registers all of them."""
from . import answers, connections, failures, heads, messages, upgrades  # noqa: F401
