// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a loop's sockets read into is theirs again as soon as it was read, even if a part of a frame is left over.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HTTP2IdleMemoryTests {
    /// As a socket reads.
    private func buffer(_ bytes: some Sequence<UInt8>) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 64 * 1024)
        buffer.writeBytes(bytes)
        return buffer
    }

    private let request: [UInt8] = [
        WireFrame.headers(1, Block.post("/a"), end: false, endHeaders: false),
        .continuation(1, Block.fields([("first", "1")]), endHeaders: false),
        .continuation(1, Block.fields([("second", "2")])), .data(1, "abcdef"), .ping(),
        WireFrame(kind: 0, flags: WireFrame.padded, id: 1, payload: [3] + Array("ghi".utf8) + [0, 0, 0]),
        WireFrame(kind: 0x42, id: 1, payload: [1, 2, 3]), .headers(1, Block.fields([("last", "3")])),
    ].flatMap(\.bytes)

    // MARK: Frames

    /// - Returns: What was read, and that a buffer was kept if one was.
    private func texts(_ chunks: [[UInt8]]) throws -> [String] {
        var decoder = FrameDecoder()
        var texts: [String] = []
        var data = ""
        for chunk in chunks {
            var buffer = buffer(chunk)
            decoder.feed(buffer)
            while let frame = try decoder.next() {
                data += String(buffer: frame.payload)
                guard frame.isLast else { continue }
                texts.append("\(frame.header.rawKind) \(frame.header.streamID) \(data)")
                data = ""
            }
            if !buffer.isHeldByNobodyElse() { texts.append("kept") }
        }
        return texts
    }

    @Test func `wherever a read ends, the decoder keeps nothing of its buffer, and every byte of a frame`() throws {
        let whole = try texts([request])
        #expect(whole.count == 8)
        let wrong = try (1..<request.count).filter {
            try texts([Array(request[..<$0]), Array(request[$0...])]) != whole
        }
        #expect(wrong.isEmpty)
        #expect(try texts(request.map { [$0] }) == whole, "byte by byte")
    }

    // MARK: Connections

    /// - Returns: What became of the request, and that a buffer was kept if one was.
    private func serve(_ chunks: [[UInt8]]) -> [String] {
        let rig = HTTP2ServerRig.answering()
        for chunk in chunks {
            var buffer = buffer(chunk)
            rig.transport.user?.transportReceived(buffer)
            _ = rig.sent
            if !buffer.isHeldByNobodyElse() { rig.service.note("kept") }
        }
        return rig.events + rig.service.handler(0).lines
    }

    @Test func `wherever a read ends, the connection keeps nothing of its buffer, and all of the request`() {
        let whole = serve([request])
        #expect(whole.first == "POST /a" && whole.last == "second: 2", "\(whole)")
        let wrong = (1..<request.count).filter { serve([Array(request[..<$0]), Array(request[$0...])]) != whole }
        #expect(wrong.isEmpty)
    }

    #if os(Linux)
    /// On the loop.
    private final class Server {
        private let connection: HTTP2ServerConnection

        init(_ socket: EpollSocket, _ answers: Watched<Int>) {
            let service = RecordingService { handler, moment in
                guard moment == .end else { return }
                handler.answer()
                answers.update { $0 += 1 }
            }
            connection = HTTP2ServerConnection(
                transport: EpollTransport(socket),
                service: service,
                loop: LoopContext(eventLoop: socket.loop),
                limits: ServerLimits()
            )
        }

        func kill() { connection.kill() }
    }

    @Test func `a loop reads into the same memory again, while a connection waits within a head`() async throws {
        let answers = Watched(0)
        try await EpollPair<Server>.with {
            Server($0, answers)
        } _: { pair in
            @Sendable func place(_ loop: EpollLoop) -> UInt {
                let buffer = loop.buffers.take(ReadSize.small)
                defer { loop.buffers.give(buffer, ReadSize.small) }
                return buffer.place
            }
            let before = try await pair.on { place($0.socket.loop) }
            try pair.peer.send(HTTP2ServerRig.preface + WireFrame.settings().bytes + WireFrame.get(1).bytes)
            try await answers.wait("the first answer") { $0 == 1 }
            let next = WireFrame.get(3).bytes
            try pair.peer.send(Array(next.prefix(12)))
            try await pair.pass()
            #expect(try await pair.on { place($0.socket.loop) } == before)
            try pair.peer.send(Array(next.dropFirst(12)))
            try await answers.wait("the second answer") { $0 == 2 }
            #expect(try await pair.on { place($0.socket.loop) } == before)
            try await pair.on { $0.user.kill() }
        }
    }
    #endif
}
