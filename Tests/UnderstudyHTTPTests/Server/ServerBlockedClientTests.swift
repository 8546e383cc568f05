// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A client that asks and does not take its answers must not be able to fill the proxy's memory.

import Testing

@testable import UnderstudyHTTP

struct ServerBlockedClientTests {
    private let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test func `no further request begins while the client does not take its answers`() {
        let rig = ServerRig()
        rig.receive(Array(request.utf8))
        rig.transport.isWritable = false
        rig.service.handler(0).answer(200, "first")
        rig.receive(Array(request.utf8))
        #expect(rig.service.handlerCount == 1)
        rig.transport.isWritable = true
        rig.connection.transportWritabilityChanged()
        #expect(rig.service.handlerCount == 2)
    }

    @Test func `an answer does not let more pipelined input in than the bound`() {
        let rig = ServerRig()
        rig.receive(Array(request.utf8))
        // Far more than the bound behind a request that is being served.
        let many = Array(String(repeating: request, count: 4096).utf8)
        rig.receive(many)
        #expect(!rig.transport.isReading)
        rig.service.handler(0).answer(200, "first")
        #expect(rig.service.handlerCount == 2)
        #expect(!rig.transport.isReading)
    }
}
