// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The list of open connections, from which draining is done.

import Testing
import UnderstudyHTTP

struct ConnectionRegistryTests {
    @Test func `connections enter and leave in any order`() {
        let rigs = (0..<5).map { _ in ServerRig() }
        let connections = rigs.map(\.connection)
        var registry = ConnectionRegistry()
        for connection in connections { registry.insert(connection) }
        #expect(registry.count == 5)
        for index in [1, 4, 0] { registry.remove(connections[index]) }
        #expect(Set(registry.all.map(ObjectIdentifier.init)) == Set([2, 3].map { ObjectIdentifier(connections[$0]) }))
        registry.remove(connections[1])
        #expect(registry.count == 2)
        registry.insert(connections[1])
        for index in [3, 1, 2] { registry.remove(connections[index]) }
        #expect(registry.count == 0)
        #expect(registry.all.isEmpty)
    }
}
