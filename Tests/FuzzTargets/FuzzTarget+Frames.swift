// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Frames of HTTP/2: cut anywhere they are the same, and no more than came in.

internal import NIOCore
internal import TestSupport
internal import UnderstudyHTTP

extension FuzzTarget {
    package static let frames = FuzzTarget(name: "frames", check: checkFrames) { FieldGrammar.frames(&$0) }

    private static func checkFrames(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        let whole = ReadFrames([bytes])
        for cut in cuts(of: bytes) {
            verdict.expect(ReadFrames([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        verdict.expect(ReadFrames(bytes.map { [$0] }) == whole, "byte by byte")
        verdict.expect(whole.payloadBytes + whole.flowControlled <= 2 * bytes.count, "more than came in")
        verdict.isAccepted = whole.error == nil && !whole.frames.isEmpty
        guard whole.error == nil else { return verdict }
        // Bytes that are missing, or that belong to another frame, change nothing of what was there.
        let shorter = ReadFrames([Array(bytes.dropLast())])
        verdict.expect(shorter.error == nil && whole.frames.starts(with: shorter.frames), "one byte less")
        return verdict
    }
}

/// Frames as a connection takes them, with the pieces of DATA joined.
private struct ReadFrames: Equatable {
    private(set) var frames: [[UInt8]] = []
    private(set) var error: HTTP2ErrorCode?
    private(set) var flowControlled = 0
    private(set) var payloadBytes = 0
    /// Of a frame that is not complete: how much of it was told depends on how it arrived.
    private var data: [UInt8] = []
    private var untold = 0

    static func == (left: ReadFrames, right: ReadFrames) -> Bool {
        left.frames == right.frames && left.error == right.error && left.data == right.data
            && left.flowControlled == right.flowControlled
    }

    init(_ chunks: [[UInt8]]) {
        var decoder = FrameDecoder()
        do throws(HTTP2ErrorCode) {
            for chunk in chunks {
                decoder.feed(ByteBuffer(bytes: chunk))
                while let frame = try decoder.next() { add(frame) }
            }
        } catch {
            self.error = error
            data = []
        }
    }

    private mutating func add(_ frame: Frame) {
        data += Array(frame.payload.readableBytesView)
        payloadBytes += frame.payload.readableBytes
        untold += frame.flowControlled
        guard frame.isLast else { return }
        flowControlled += untold
        untold = 0
        var header = ByteBuffer()
        frame.header.write(to: &header)
        frames.append(Array(header.readableBytesView) + data + [frame.dependency == nil ? 0 : 1])
        data = []
    }
}
