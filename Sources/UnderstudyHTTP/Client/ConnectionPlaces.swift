// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether a pool may open another connection, and where its connections are counted.

internal import UnderstudyCore

/// The open connections of one pool, each of which has a place within every limit that concerns it.
struct ConnectionPlaces {
    /// Of each kind of limits.
    private var open = [0, 0]
    /// To the address, on all loops together, by the slot of their limits; empty for no limit.
    private let hosts: [ResourceLimit]

    init(_ hosts: [ResourceLimit]) {
        self.hosts = hosts
    }

    /// Whether there may be another; a pool without any always gets one, so that whoever waits waits for something.
    ///
    /// - Source: Envoy, whose pools have at least one each.
    mutating func reserve(_ limits: UpstreamLimits, _ loop: LoopContext) -> Bool {
        let host = hostLimit(limits)
        if let host, !host.reserve() {
            guard open[limits.slot] == 0 else { return false }
            host.take()
        }
        if !limits.connections.reserve() {
            guard open[limits.slot] == 0 else {
                host?.free()
                return false
            }
            limits.connections.take()
        }
        count(limits, loop)
        return true
    }

    /// Takes a place even past the limits, for a connection that has been counted elsewhere.
    mutating func take(_ limits: UpstreamLimits, _ loop: LoopContext) {
        hostLimit(limits)?.take()
        limits.connections.take()
        count(limits, loop)
    }

    private mutating func count(_ limits: UpstreamLimits, _ loop: LoopContext) {
        limits.total?.take()
        if !limits.isRestrained { loop.pools.places?.take() }
        open[limits.slot] += 1
    }

    mutating func free(_ limits: UpstreamLimits, _ loop: LoopContext) {
        open[limits.slot] -= 1
        limits.connections.free()
        limits.total?.free()
        if !limits.isRestrained { loop.pools.places?.free() }
        hostLimit(limits)?.free()
    }

    private func hostLimit(_ limits: UpstreamLimits) -> ResourceLimit? {
        hosts.isEmpty ? nil : hosts[limits.slot]
    }
}
