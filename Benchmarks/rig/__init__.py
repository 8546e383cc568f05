# SPDX-License-Identifier: Apache-2.0
"""What benches of cost share: processes that are pinned and watched, upstreams that count, proxies, load."""
