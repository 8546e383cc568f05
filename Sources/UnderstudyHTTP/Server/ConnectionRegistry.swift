// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which client connections are open on a loop, so that they can be drained.

/// The open client connections of one service on one loop.
///
/// Loop-bound.
public struct ConnectionRegistry {
    private var connections: [any ServerConnection] = []

    public init() {}

    public var count: Int { connections.count }

    public mutating func insert(_ connection: any ServerConnection) {
        connection.registrySlot = connections.count
        connections.append(connection)
    }

    public mutating func remove(_ connection: any ServerConnection) {
        let slot = connection.registrySlot
        guard slot >= 0 else { return }
        connection.registrySlot = -1
        let last = connections.removeLast()
        if slot < connections.count {
            connections[slot] = last
            last.registrySlot = slot
        }
    }

    public mutating func replace(_ old: any ServerConnection, by new: any ServerConnection) {
        let slot = old.registrySlot
        guard slot >= 0 else { return }
        old.registrySlot = -1
        new.registrySlot = slot
        connections[slot] = new
    }

    /// All of them, as they are now; closing one changes the registry.
    public var all: [any ServerConnection] { connections }
}
