// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A connection is used again only if nothing is left on it that another request could take for its answer.

import NIOCore
import Testing

@testable import UnderstudyHTTP

struct ClientReuseTests {
    private let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test func `a released connection carries the next request`() throws {
        let rig = try ClientRig()
        #expect(!rig.connection.isReused)
        rig.exchange(answer)
        #expect(rig.isPooled())
        #expect(rig.connection.isReused)
        rig.exchange(answer)
        #expect(rig.events == ["200", "body ok", "end, reusable", "200", "body ok", "end, reusable"])
        #expect(!rig.transport.isClosed)
    }

    @Test func `an idle connection takes nobody's place`() throws {
        let rig = try ClientRig()
        rig.exchange(answer)
        #expect(rig.limits.requests.current == 0)
        #expect(rig.isPooled())
        #expect(rig.limits.requests.current == 1)
    }

    @Test func `beyond the limit not even an idle connection is given out`() throws {
        let rig = try ClientRig()
        rig.exchange(answer)
        while rig.limits.requests.reserve() {}
        #expect(rig.pool.acquire(within: rig.limits) == nil)
        #expect(rig.pool.idleCount == 1)
        #expect(rig.pool.hasIdle(rig.limits), "what refuses is the limit of its endpoint's ready connection")
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\n", "x", "\r\n", "\0"])
    func `surplus bytes behind the answer retire the connection`(surplus: String) throws {
        let rig = try ClientRig()
        rig.exchange(answer + surplus)
        #expect(rig.events == ["200", "body ok", "end"])
        #expect(rig.transport.isClosed)
        #expect(rig.limits.requests.current == 0)
        #expect(!rig.isPooled())
    }

    @Test func `a second answer behind the first is not read`() throws {
        let rig = try ClientRig()
        rig.exchange(answer + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        #expect(rig.events == ["200", "body ok", "end"])
    }

    @Test func `a body behind an answer to HEAD retires the connection`() throws {
        let rig = try ClientRig()
        rig.exchange(answer, start: "HEAD /")
        #expect(rig.events == ["200", "end"])
        #expect(rig.transport.isClosed)
    }

    @Test(arguments: ["x", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", "\r\n"])
    func `unasked bytes retire an idle connection`(bytes: String) throws {
        let rig = try ClientRig()
        rig.exchange(answer)
        rig.receive(bytes)
        #expect(rig.transport.isClosed)
        #expect(rig.events.last == "end, reusable")
        #expect(rig.limits.requests.current == 0)
        #expect(!rig.isPooled())
    }

    @Test func `surplus between the answer and its release retires the connection`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.receive(answer)
        #expect(rig.events.last == "end, reusable")
        rig.receive("x")
        rig.connection.release()
        #expect(rig.transport.isClosed)
        #expect(!rig.isPooled())
    }

    @Test func `a connection whose answer is not complete is closed when it is released`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
        rig.connection.release()
        #expect(rig.transport.isClosed)
        #expect(!rig.isPooled())
    }

    @Test(arguments: [TransportEnd.closedByPeer, .reset])
    func `an upstream that closes an idle connection takes it out of the pool`(end: TransportEnd) throws {
        let rig = try ClientRig()
        rig.exchange(answer)
        rig.connection.transportClosed(end)
        #expect(rig.events.last == "end, reusable")
        #expect(rig.limits.requests.current == 0)
        #expect(!rig.isPooled())
    }

    @Test func `an idle connection is closed when its time is over`() throws {
        let rig = try ClientRig(idleTime: .seconds(30))
        rig.exchange(answer)
        rig.loop.deadlines.advance(to: .now() + .seconds(29))
        #expect(!rig.transport.isClosed)
        rig.loop.deadlines.advance(to: .now() + .seconds(30))
        #expect(rig.transport.isClosed)
        #expect(!rig.isPooled())
    }

    @Test func `a connection in use is under no idle deadline`() throws {
        let rig = try ClientRig(idleTime: .seconds(30))
        rig.exchange(answer)
        #expect(rig.isPooled())
        rig.begin()
        #expect(rig.loop.deadlines.count == 0)
        rig.loop.deadlines.advance(to: .now() + .hours(24))
        #expect(!rig.transport.isClosed)
    }

    @Test func `a released connection is read, even if the last client had paused it`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.connection.setReading(false)
        rig.receive(answer)
        rig.connection.release()
        #expect(rig.transport.isReading)
    }

    @Test func `a retired pool closes what is idle now and what is busy when it is released`() throws {
        let (idle, busy) = (try ClientRig(), try ClientRig())
        idle.exchange(answer)
        idle.pool.retire()
        #expect(idle.transport.isClosed)
        #expect(idle.limits.requests.current == 0)
        busy.begin()
        busy.pool.retire()
        #expect(!busy.transport.isClosed)
        busy.receive(answer)
        busy.connection.release()
        #expect(busy.transport.isClosed)
        #expect(busy.limits.requests.current == 0)
    }
}
