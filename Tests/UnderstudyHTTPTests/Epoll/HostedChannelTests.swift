// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What NIO's handlers may ask of a channel on a socket of ours, and what they are told.

#if os(Linux)
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import UnderstudyHTTP

@Suite struct HostedChannelTests {
    private typealias Pair = EpollPair<HostedUser>

    private func withPair(
        buffered: Int = 64 * 1024,
        _ reaction: NotingHandler.Reaction? = nil,
        _ body: (Pair, Watched<[String]>) async throws -> Void
    ) async throws {
        let notes = Watched<[String]>([])
        try await Pair.with(buffered: buffered) {
            HostedUser($0, notes, reaction)
        } _: {
            try await body($0, notes)
        }
    }

    /// More than the system takes of one connection.
    private static let much = ByteBuffer(repeating: 0x61, count: 24 << 20)

    private static let pollEnd = CInt(POLLHUP)

    // MARK: Reading

    @Test func `each read is told and then completed, and the channel is active before the first`() async throws {
        try await withPair { pair, notes in
            try pair.peer.send("abc")
            try await notes.wait("what was sent") { $0.count == 3 }
            #expect(notes.current == ["active", "read 3", "complete"])
            try await pair.on { [peer = pair.peer] _ in try peer.send([UInt8](repeating: 0x62, count: 20_480)) }
            try await notes.wait("the rest") { $0.count == 7 }
            #expect(notes.current.dropFirst(3) == ["read 4096", "complete", "read 16384", "complete"])
        }
    }

    @Test func `nothing is read while nobody wants to read, but for what comes before the end`() async throws {
        try await withPair { pair, notes in
            try await pair.on { [peer = pair.peer] held in
                try held.user.channel.syncOptions?.setOption(.autoRead, value: false)
                try peer.send("ab")
            }
            try await pair.pass()
            #expect(notes.current == ["active"])
            try await pair.on { held in try held.user.channel.syncOptions?.setOption(.autoRead, value: true) }
            try await notes.wait("what was held back") { $0.count == 3 }
            try await pair.on { [peer = pair.peer] held in
                try held.user.channel.syncOptions?.setOption(.autoRead, value: false)
                try peer.send("cde")
                peer.finishSending()
            }
            try await notes.wait("the end") { $0.last == "removed" }
            #expect(
                notes.current == ["active", "read 2", "complete", "read 3", "complete", "inactive", "removed"]
            )
        }
    }

    // MARK: Writing

    @Test func `what is written leaves with the flush, and then whoever wrote it hears so, in order`() async throws {
        try await withPair { pair, notes in
            try await pair.on { held in
                held.user.write(ByteBuffer(string: "ab"), "first")
                held.user.write(ByteBuffer(), "nothing")
                held.user.write(ByteBuffer(string: "c"), "second")
                held.user.note("flush")
                held.user.channel.flush()
            }
            #expect(notes.current == ["active", "flush", "first done", "nothing done", "second done"])
            try await pair.on { $0.user.channel.close(promise: nil) }
            #expect(try await pair.peer.readToEnd() == (3, .closed))
        }
    }

    @Test func `a write is done when the system has taken it, and not before`() async throws {
        try await withPair { pair, notes in
            try await pair.on { held in
                held.user.write(ByteBuffer(string: "a"), "small")
                held.user.write(Self.much, "large")
                held.user.channel.flush()
                held.user.write(ByteBuffer(string: "b"), "last")
                held.user.channel.flush()
            }
            try await pair.pass()
            #expect(!notes.current.contains("large done"))
            async let got = pair.peer.readToEnd()
            try await notes.wait("the last write", within: Patience.bulk) { $0.contains("last done") }
            #expect(notes.current.filter { $0.hasSuffix("done") } == ["small done", "large done", "last done"])
            try await pair.on { $0.user.channel.close(promise: nil) }
            #expect(try await got == (Self.much.readableBytes + 2, .closed))
        }
    }

    @Test func `what is still queued when the channel closes has failed, in order, before it is inactive`() async throws
    {
        try await withPair { pair, notes in
            try await pair.on { held in
                held.user.write(Self.much, "first")
                held.user.channel.flush()
                held.user.write(ByteBuffer(string: "b"), "second")
                held.user.channel.close(promise: held.user.promise("close"))
                held.user.write(ByteBuffer(string: "c"), "third")
                held.user.channel.flush()
            }
            try await notes.wait("the handler's removal") { $0.contains("removed") }
            #expect(
                notes.current.dropFirst() == [
                    "first failed: closed", "second failed: closed", "close done", "inactive",
                    "third failed: closed", "removed",
                ]
            )
        }
    }

    @Test func `a write that fails is told as that, behind what the peer had said`() async throws {
        try await withPair { pair, notes in
            try await pair.on { [peer = pair.peer] held in
                try peer.send("last words")
                peer.reset()
                try PeerSocket.wait(for: Self.pollEnd, of: held.socket.descriptor)
                held.user.write(ByteBuffer(string: "lost"), "write")
                held.user.channel.flush()
                held.user.write(ByteBuffer(string: "lost"), "other")
                held.user.channel.flush()
                held.user.note("flushed")
            }
            try await notes.wait("the end") { $0.last == "removed" }
            // The transport closes the channel for the error.
            #expect(
                notes.current == [
                    "active", "flushed", "read 10", "complete", "error UndeliveredWrite", "write failed: closed",
                    "other failed: closed", "inactive", "removed",
                ]
            )
        }
    }

    @Test func `behind the end of the output nothing is taken`() async throws {
        try await withPair { pair, notes in
            try await pair.on { held in
                held.user.write(ByteBuffer(string: "ab"), "early")
                held.user.channel.close(mode: .output, promise: held.user.promise("end"))
                held.user.write(ByteBuffer(string: "c"), "late")
                held.user.channel.flush()
            }
            #expect(try await pair.peer.readToEnd() == (2, .closed))
            #expect(notes.current.filter { $0.hasPrefix("early") } == ["early done"])
            #expect(notes.current.filter { $0.hasPrefix("late") } == ["late failed: output closed"])
            #expect(notes.current.filter { $0.hasPrefix("end") } == ["end done"])
            // The other half is still open.
            try pair.peer.send("more")
            try await notes.wait("what the peer says") { $0.contains("read 4") }
            #expect(try await pair.on { $0.user.channel.isActive })
        }
    }

    @Test func `a socket that is not connected takes nothing`() async throws {
        let loop = try EpollLoop(name: "test")
        let notes = Watched<[String]>([])
        let user = try await loop.submit {
            NIOLoopBound(HostedUser(EpollSocket(loop, readSize: .upstream), notes), eventLoop: loop)
        }.get()
        try await loop.submit {
            #expect(!user.value.channel.isActive && !user.value.channel.isWritable)
            user.value.write(ByteBuffer(string: "early"), "write")
            user.value.channel.flush()
            user.value.channel.close(promise: user.value.promise("close"))
        }.get()
        try await notes.wait("the end") { $0.last == "removed" }
        #expect(notes.current == ["write failed: closed", "close done", "removed"])
        try await loop.shutdownGracefully()
    }

    @Test func `beyond the mark it is not writable, and half of it later it is again`() async throws {
        try await withPair(buffered: 100_000) { pair, notes in
            try await pair.on { held in
                #expect(held.user.channel.isWritable)
                held.user.write(ByteBuffer(repeating: 0x61, count: 100_000), "fitting")
                #expect(held.user.channel.isWritable)
                held.user.write(Self.much, "large")
                #expect(!held.user.channel.isWritable)
                held.user.channel.flush()
                let queued = try held.user.channel.syncOptions?.getOption(.bufferedWritableBytes)
                #expect(queued ?? 0 > 100_000)
            }
            try await notes.wait("being backed up") { $0.contains("writable false") }
            async let got = pair.peer.readToEnd()
            try await notes.wait("being ready again", within: Patience.bulk) { $0.contains("writable true") }
            #expect(try await pair.on { $0.user.channel.isWritable })
            try await notes.wait("all bytes", within: Patience.bulk) { $0.contains("large done") }
            try await pair.on { $0.user.channel.close(promise: nil) }
            #expect(try await got.bytes == Self.much.readableBytes + 100_000)
            #expect(notes.current.filter { $0.hasPrefix("writable") } == ["writable false", "writable true"])
        }
    }

    // MARK: Closing

    @Test func `whoever closes while it reads is inactive once, and told of nothing else`() async throws {
        try await withPair { note, context, user in
            guard note.hasPrefix("read") else { return }
            context.close(promise: user.promise("close"))
            context.close(promise: user.promise("again"))
            user.note("returned")
        } _: { pair, notes in
            let closing = try await pair.on { $0.user.channel.closeFuture }
            try await pair.on { [peer = pair.peer] _ in try peer.send([UInt8](repeating: 0x62, count: 20_000)) }
            try await closing.get()
            try await notes.wait("the end") { $0.last == "removed" }
            #expect(
                notes.current == [
                    "active", "read 4096", "close done", "inactive", "again failed: already closed", "returned",
                    "removed",
                ]
            )
            #expect(try await pair.on { !$0.user.channel.isActive && $0.socket.isClosed })
        }
    }

    @Test func `whoever closes when it hears that its bytes have left closes once`() async throws {
        try await withPair { pair, notes in
            try await pair.on { held in
                let channel = held.user.channel
                let promise = held.user.promise("first")
                promise.futureResult.assumeIsolated().whenSuccess { channel.close(promise: held.user.promise("close")) }
                channel.pipeline.syncOperations.write(NIOAny(ByteBuffer(string: "a")), promise: promise)
                held.user.write(ByteBuffer(string: "b"), "second")
                channel.flush()
            }
            #expect(try await pair.peer.readToEnd() == (2, .closed))
            try await notes.wait("the end") { $0.last == "removed" }
            #expect(
                notes.current == [
                    "active", "first done", "second failed: closed", "close done", "inactive", "removed",
                ]
            )
        }
    }

    @Test(arguments: [true, false])
    func `the peer's end makes it inactive once`(isOrderly: Bool) async throws {
        try await withPair { pair, notes in
            let closing = try await pair.on { held in
                held.user.write(Self.much, "queued")
                held.user.channel.flush()
                return held.user.channel.closeFuture
            }
            if isOrderly { pair.peer.finishSending() } else { pair.peer.reset() }
            try await closing.get()
            try await notes.wait("the end") { $0.last == "removed" }
            let seen = notes.current.filter { !$0.hasPrefix("writable") }
            if isOrderly {
                #expect(seen == ["active", "queued failed: end of file", "inactive", "removed"])
            } else {
                let error = "errno \(ECONNRESET)"
                #expect(
                    seen == ["active", "error \(error)", "queued failed: closed", "inactive", "removed"]
                )
            }
        }
    }

    private struct Boom: Error {}

    @Test func `an error of a handler's comes to the transport, which closes`() async throws {
        try await withPair { note, context, _ in
            if note == "read 1" { context.fireErrorCaught(Boom()) }
        } _: { pair, notes in
            try pair.peer.send("a")
            #expect(try await pair.peer.readToEnd().end == .closed)
            try await notes.wait("the end") { $0.last == "removed" }
            #expect(notes.current == ["active", "read 1", "inactive", "removed"])
        }
    }

    @Test func `a channel on a socket that is connected already is active, and nobody is told so`() async throws {
        let notes = Watched<[String]>([])
        try await EpollPair<Sleeper>.with {
            Sleeper($0)
        } _: { pair in
            try await pair.on { [peer = pair.peer] held in
                held.user.hosted = HostedUser(held.socket, notes)
                #expect(held.user.hosted?.channel.isActive == true)
                #expect(held.user.hosted?.channel.isWritable == true)
                try peer.send("abc")
            }
            try await notes.wait("what was sent") { $0.count == 2 }
            #expect(notes.current == ["read 3", "complete"])
        }
    }

    /// The owner before there is a channel.
    private final class Sleeper: EpollSocketOwner {
        var hosted: HostedUser?

        init(_ socket: EpollSocket) {
            socket.owner = self
        }

        func socketConnected() {}
        func socketCouldNotConnect() {}
        func socketReceived(_ bytes: ByteBuffer) {}
        func socketWritabilityChanged() {}
        func socketSent() {}
        func socketClosed(_ end: SocketEnd) {}
    }

    // MARK: What else may be asked

    @Test func `options that it knows are set and told, and no others`() async throws {
        try await withPair { pair, _ in
            try await pair.on { held in
                let options = try #require(held.user.channel.syncOptions)
                #expect(try options.getOption(.autoRead))
                try options.setOption(.autoRead, value: false)
                #expect(try options.getOption(.autoRead) == false)
                #expect(try options.getOption(.bufferedWritableBytes) == 0)
                try options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1))
                #expect(throws: ChannelError.operationUnsupported) {
                    try options.setOption(.maxMessagesPerRead, value: 1)
                }
                #expect(throws: ChannelError.operationUnsupported) {
                    try options.setOption(.allowRemoteHalfClosure, value: true)
                }
                #expect(throws: ChannelError.operationUnsupported) { try options.getOption(.maxMessagesPerRead) }
                #expect(throws: ChannelError.operationUnsupported) { try options.getOption(.writeBufferWaterMark) }
            }
            let channel = try await pair.on { $0.user.channel }
            #expect(try await channel.getOption(.autoRead).get() == false)
            try await channel.setOption(.autoRead, value: true).get()
            #expect(try await channel.getOption(.autoRead).get())
            await #expect(throws: ChannelError.operationUnsupported) {
                try await channel.setOption(.socketOption(.so_keepalive), value: 1).get()
            }
            await #expect(throws: ChannelError.operationUnsupported) {
                try await channel.getOption(.allowRemoteHalfClosure).get()
            }
            try await pair.on { $0.user.channel.close(promise: nil) }
            await #expect(throws: ChannelError.ioOnClosedChannel) {
                try await channel.setOption(.autoRead, value: true).get()
            }
        }
    }

    @Test func `a read has the size that was asked for`() async throws {
        try await withPair { pair, notes in
            try await pair.on { [peer = pair.peer] held in
                let allocator = FixedSizeRecvByteBufferAllocator(capacity: 1)
                try held.user.channel.syncOptions?.setOption(.recvAllocator, value: allocator)
                try peer.send([UInt8](repeating: 0x62, count: 32_768))
            }
            try await notes.wait("all bytes") { $0.count == 5 }
            // Whatever the allocator says, it is what suits TLS.
            #expect(notes.current.dropFirst() == ["read 16384", "complete", "read 16384", "complete"])
        }
    }

    @Test func `it knows its peer's address, and no parent`() async throws {
        try await withPair { pair, _ in
            try await pair.on { held in
                let channel = held.user.channel
                #expect(channel.remoteAddress?.ipAddress == "127.0.0.1")
                #expect(channel.remoteAddress == held.socket.remoteAddress)
                let remote = try channel._channelCore.remoteAddress0()
                #expect(remote == held.socket.remoteAddress)
                #expect(channel.localAddress == nil)
                #expect(throws: ChannelError.operationUnsupported) { try channel._channelCore.localAddress0() }
                #expect(channel.parent == nil)
                #expect(channel.eventLoop === held.socket.loop)
            }
        }
    }

    @Test func `what it cannot do fails, and changes nothing`() async throws {
        try await withPair { pair, notes in
            try await pair.on { held in
                let (channel, user) = (held.user.channel, held.user)
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
                channel.pipeline.syncOperations.bind(to: address, promise: user.promise("bind"))
                channel.pipeline.syncOperations.connect(to: address, promise: user.promise("connect"))
                channel.pipeline.syncOperations.triggerUserOutboundEvent("event", promise: user.promise("event"))
                channel.close(mode: .input, promise: user.promise("input"))
                channel.pipeline.syncOperations.read()
                #expect(channel.isActive)
            }
            let kinds = ["bind", "connect", "event", "input"]
            #expect(notes.current.dropFirst() == kinds.map { "\($0) failed: unsupported" }[...])
            try pair.peer.send("abc")
            try await notes.wait("what was sent") { $0.suffix(2) == ["read 3", "complete"] }
        }
    }
}
#endif
