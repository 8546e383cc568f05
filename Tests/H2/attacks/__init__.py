# SPDX-License-Identifier: Apache-2.0
"""Abuse that no frame of is wrong in itself (rule 14)."""
from . import compression, floods, holding, resets


def all_attacks():
    return [*resets.ATTACKS, *floods.ATTACKS, *compression.ATTACKS, *holding.ATTACKS]
