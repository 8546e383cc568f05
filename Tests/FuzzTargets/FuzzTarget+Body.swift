// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Chunked bodies: cut anywhere they are the same, and framed anew they are the same to the next hop.

internal import NIOCore
internal import TestSupport
internal import UnderstudyCore

@testable internal import UnderstudyHTTP

extension FuzzTarget {
    package static let body = FuzzTarget(name: "body", check: checkBody) { MessageGrammar.chunks(&$0) }

    private static func checkBody(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        let whole = ReadBody([bytes])
        for cut in cuts(of: bytes) {
            verdict.expect(ReadBody([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        verdict.expect(ReadBody(bytes.map { [$0] }) == whole, "byte by byte")
        verdict.expect(whole.data.count <= bytes.count, "\(whole.data.count) bytes of \(bytes.count)")
        let silent = ReadBody([bytes], reportsTrailers: false)
        verdict.expect(silent.data == whole.data, "asking for trailers changes the data")
        verdict.expect(silent.trailers == [], "trailers that nobody asked for")
        verdict.expect(silent.end == whole.end || whole.end == .refused(.tooManyLines), "asking for trailers matters")
        guard case .whole(let left) = whole.end else { return verdict }
        verdict.isAccepted = true
        verdict.expect(ReadBody([Array(bytes.dropLast(left))]) == whole.leaving(0), "what follows matters")
        verdict.expect(ReadBody([whole.framedAnew]) == whole.leaving(0), "framed anew it is another body")
        let forbidden = ["host:", "content-length:", "transfer-encoding:", "connection:", "trailer:", "te:"]
        for line in whole.trailers {
            verdict.expect(!forbidden.contains { line.hasPrefix($0) }, "the trailer \(line)")
        }
        let counted = ReadBody([whole.data + [1]], framing: whole.data.isEmpty ? .none : .length(whole.data.count))
        verdict.expect(counted.data == whole.data && counted.end == .whole(1), "a body of known length")
        return verdict
    }
}

/// A body as a connection takes it.
private struct ReadBody: Equatable {
    enum End: Equatable {
        /// So many bytes were left.
        case whole(Int)
        case incomplete
        case refused(MessageFault)
    }

    private(set) var data: [UInt8] = []
    private(set) var trailers: [String] = []
    private(set) var end = End.incomplete
    private var trailerLines = HeaderBlock()

    static func == (left: ReadBody, right: ReadBody) -> Bool {
        left.data == right.data && left.trailers == right.trailers && left.end == right.end
    }

    init(_ pieces: [[UInt8]], framing: BodyFraming = .chunked, reportsTrailers: Bool = true) {
        var decoder = BodyDecoder(framing, reportsTrailers: reportsTrailers)
        var collector = TrailerCollector()
        var left = 0
        for piece in pieces {
            guard end == .incomplete else {
                left += piece.count
                continue
            }
            var buffer = ByteBuffer(bytes: piece)
            do throws(MessageFault) {
                if try read(&buffer, &decoder, &collector) {
                    try finish(collector)
                    left = buffer.readableBytes
                    end = .whole(0)
                }
            } catch {
                end = .refused(error)
            }
        }
        if case .whole = end { end = .whole(left) }
    }

    private mutating func finish(_ collector: TrailerCollector) throws(MessageFault) {
        var collector = collector
        guard let lines = try collector.finish(MessageLimits()) else { return }
        trailers = lines.texts
        trailerLines = lines
    }

    /// - Returns: Whether the body has ended.
    private mutating func read(
        _ buffer: inout ByteBuffer,
        _ decoder: inout BodyDecoder,
        _ collector: inout TrailerCollector
    ) throws(MessageFault) -> Bool {
        while true {
            switch try decoder.next(&buffer) {
            case .piece(let piece): data += Array(piece.readableBytesView)
            case .trailers(let piece): collector.add(piece)
            case .needMore: return false
            case .end: return true
            }
        }
    }

    func leaving(_ left: Int) -> ReadBody {
        var copy = self
        copy.end = .whole(left)
        return copy
    }

    /// As it goes on.
    var framedAnew: [UInt8] {
        var buffer = ByteBuffer()
        for start in stride(from: 0, to: data.count, by: 7) {
            let piece = data[start..<min(data.count, start + 7)]
            HeadEncoder.writeChunkHead(piece.count, to: &buffer)
            buffer.writeBytes(piece)
            buffer.writeStaticString("\r\n")
        }
        HeadEncoder.writeLastChunk(trailerLines, to: &buffer)
        return Array(buffer.readableBytesView)
    }
}
