// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Tunnels on the upstream's side: nothing of the client's is let out before the upstream agrees.

import NIOCore
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct ClientTunnelTests {
    private let lines = ["host: h", "connection: keep-alive, Upgrade", "upgrade: websocket"]
    private let head =
        "GET / HTTP/1.1\r\nhost: h\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\r\n"
    private let agreed = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    private func upgrading(_ configure: (inout ConnectionPool.Settings) -> Void = { _ in }) throws -> ClientRig {
        let rig = try ClientRig(configure)
        rig.begin("GET /", lines, mode: .tunnel)
        rig.connection.flush()
        return rig
    }

    private func connecting() throws -> ClientRig {
        let rig = try ClientRig()
        rig.begin("CONNECT a:1", ["host: a:1"], mode: .tunnel)
        rig.connection.flush()
        return rig
    }

    private func send(_ rig: ClientRig, _ text: String) {
        rig.connection.sendBody(ByteBuffer(string: text))
        rig.connection.flush()
    }

    @Test func `the client's bytes are held until the upstream agrees`() throws {
        let rig = try upgrading()
        send(rig, "early")
        #expect(rig.transport.sent == head)
        #expect(rig.connection.heldBytes == 5)
        rig.receive(agreed + "hello")
        #expect(rig.transport.sent == head + "early")
        send(rig, "late")
        #expect(rig.transport.sent == head + "earlylate")
        #expect(rig.events == ["101", "body hello"])
        #expect(rig.connection.heldBytes == 0)
    }

    @Test(arguments: [BodyFraming.length(5), .chunked])
    func `a request for a tunnel says nothing of a body`(framing: BodyFraming) throws {
        let rig = try ClientRig()
        rig.begin("POST /", lines, framing, mode: .tunnel)
        rig.connection.flush()
        #expect(rig.transport.sent == head.replacing("GET", with: "POST"))
    }

    @Test func `what is held beyond a bound backs the client up`() throws {
        let rig = try upgrading()
        send(rig, String(repeating: "a", count: 64 * 1024))
        #expect(rig.connection.isBackedUp)
        rig.receive(agreed)
        #expect(!rig.connection.isBackedUp)
        #expect(rig.events == ["101", "drained"])
    }

    @Test func `a blocked upstream backs the client up`() throws {
        let rig = try upgrading()
        rig.receive(agreed)
        rig.transport.isWritable = false
        send(rig, "a")
        #expect(rig.connection.isBackedUp)
        rig.transport.isWritable = true
        rig.connection.transportWritabilityChanged()
        #expect(rig.events == ["101", "drained"])
    }

    @Test func `the upstream's close ends the tunnel in an orderly way`() throws {
        let rig = try upgrading()
        rig.receive(agreed + "bye")
        rig.connection.transportClosed(.closedByPeer)
        #expect(rig.events == ["101", "body bye", "end"])
        #expect(rig.limits.requests.current == 0)
    }

    @Test func `the upstream's reset is a failure`() throws {
        let rig = try upgrading()
        rig.receive(agreed)
        rig.connection.transportClosed(.reset)
        #expect(rig.events == ["101", "failed: reset"])
    }

    @Test(arguments: [200, 201, 302, 304])
    func `an upgrade refused below 400 has no body`(status: Int) throws {
        let rig = try upgrading()
        send(rig, "early")
        rig.receive("HTTP/1.1 \(status) No\r\nContent-Length: 2\r\n\r\nno")
        #expect(rig.events == ["\(status)", "end"])
        #expect(rig.transport.sent == head)
    }

    @Test(arguments: [404, 426, 500])
    func `an upgrade refused with an error is an ordinary answer`(status: Int) throws {
        let rig = try upgrading()
        send(rig, "early")
        rig.receive("HTTP/1.1 \(status) No\r\nUpgrade: foo\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nno")
        #expect(rig.events == ["\(status)", "body no", "end"])
        #expect(rig.transport.sent == head)
        rig.connection.release()
        #expect(rig.transport.isClosed)
    }

    @Test(arguments: [
        "HTTP/1.1 101 S\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func `a 101 that does not switch is a protocol error`(answer: String) throws {
        let rig = try upgrading()
        rig.receive(answer)
        #expect(rig.events == ["failed: protocolError"])
    }

    @Test func `interim answers may come before the 101`() throws {
        let rig = try upgrading()
        rig.handler.notesInterim = true
        rig.receive("HTTP/1.1 100 Continue\r\n\r\n" + agreed + "x")
        #expect(rig.events == ["interim 100 []", "101", "body x"])
    }

    @Test(arguments: ["", "Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"])
    func `a CONNECT is open with a 2xx, whatever it says of a length`(line: String) throws {
        let rig = try connecting()
        send(rig, "early")
        rig.receive("HTTP/1.1 200 OK\r\n\(line)\r\n2\r\nok\r\n0\r\n\r\n")
        #expect(rig.events == ["200", "body 2\r\nok\r\n0\r\n\r\n"])
        #expect(rig.transport.sent == "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\nearly")
    }

    @Test func `a 101 to CONNECT is a protocol error`() throws {
        let rig = try connecting()
        rig.receive(agreed)
        #expect(rig.events == ["failed: protocolError"])
    }

    @Test func `a refused CONNECT is an ordinary answer`() throws {
        let rig = try connecting()
        rig.receive("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno")
        #expect(rig.events == ["404", "body no", "end"])
    }

    @Test func `an upgrade that nobody asked for stays a protocol error`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.receive(agreed)
        #expect(rig.events == ["failed: protocolError"])
    }

    @Test(arguments: [false, true])
    func `the client's half may end, and what the upstream says still comes`(isEarly: Bool) throws {
        let rig = try upgrading()
        send(rig, "in")
        if isEarly { rig.connection.endRequest() }
        #expect(!rig.transport.hasEndedOutput)
        rig.receive(agreed)
        if !isEarly { rig.connection.endRequest() }
        #expect(rig.transport.sent == head + "in")
        #expect(rig.transport.hasEndedOutput)
        rig.receive("out")
        rig.transport.end(.closedByPeer)
        #expect(rig.events == ["101", "body out", "end"])
    }

    @Test func `half of an upgrade that is refused ends nothing`() throws {
        let rig = try upgrading()
        rig.connection.endRequest()
        rig.receive("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        #expect(!rig.transport.hasEndedOutput)
        #expect(rig.events == ["403", "end"])
    }

    // MARK: Raw

    @Test func `a raw tunnel is open once it is connected, and no head is sent`() throws {
        let rig = try ClientRig(isConnected: false)
        rig.begin("CONNECT a:1", ["host: a:1"], mode: .rawTunnel)
        send(rig, "early")
        #expect(rig.events.isEmpty)
        #expect(rig.transport.sent == "")
        rig.transport.isConnected = true
        rig.transport.isWritable = true
        rig.connection.transportConnected()
        #expect(rig.events.first == "200")
        #expect(rig.transport.sent == "early")
        rig.receive("HTTP/1.1 what ever")
        #expect(rig.events.last == "body HTTP/1.1 what ever")
    }

    @Test func `a raw tunnel that cannot be connected has no answer`() throws {
        let rig = try ClientRig()
        rig.begin("CONNECT a:1", ["host: a:1"], mode: .rawTunnel)
        rig.connection.transportClosed(.couldNotConnect)
        #expect(rig.events == ["failed: connectFailure"])
    }
}
