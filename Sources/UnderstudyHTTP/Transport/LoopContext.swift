// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What all connections of one event loop share: clocks, timers and memory that is used again.

public import NIOCore
public import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The shared belongings of one event loop.
///
/// Loop-bound: only ever touched on its loop.
public final class LoopContext {
    public let eventLoop: any EventLoop
    private let clock: LoopClock
    public let deadlines: DeadlineTable
    public let resting = RestingConnections()
    public let pools = PoolRegistry()
    public let turns: TurnQueue
    public var requestDecoder = RequestHeadDecoder()
    public var responseDecoder = ResponseHeadDecoder()

    private var freeBuffers: [ByteBuffer] = []
    private var spareRequestHead = RequestHead()
    private var spareResponseHead = ResponseHead()
    private var spareSection = FieldSection()
    private var dateSecond = -1
    private var dateBytes: [UInt8] = []
    private var random = SystemRandomNumberGenerator()
    private var randomState: (UInt64, UInt64)

    private static let bufferCapacity = 4 * 1024
    /// Buffers that grew beyond this are not kept.
    private static let largestKept = 64 * 1024
    private static let mostKept = 64

    public init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        clock = LoopClock.of(eventLoop)
        deadlines = DeadlineTable(eventLoop: eventLoop, clock: clock)
        turns = TurnQueue(eventLoop: eventLoop)
        randomState = (random.next(), random.next() | 1)
    }

    /// When that began which is being handled.
    public var now: NIODeadline { clock.now }

    /// An empty buffer.
    public func takeBuffer() -> ByteBuffer {
        guard var buffer = freeBuffers.popLast() else {
            return ByteBuffer(repeating: 0, count: Self.bufferCapacity).emptied()
        }
        buffer.clear()
        return buffer
    }

    /// Gives a buffer back, even if a transport still holds it: a buffer that is in use is replaced when taken.
    public func recycle(_ buffer: ByteBuffer) {
        guard freeBuffers.count < Self.mostKept, buffer.capacity <= Self.largestKept else { return }
        freeBuffers.append(buffer)
    }

    /// Runs `body` with a fresh request head whose memory is used again afterwards.
    public func withRequestHead<Result, Failure>(
        _ body: (inout RequestHead) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var head = RequestHead()
        swap(&head, &spareRequestHead)
        defer { swap(&head, &spareRequestHead) }
        head.reset()
        return try body(&head)
    }

    /// Runs `body` with a fresh answer head whose memory is used again afterwards.
    public func withResponseHead<Result, Failure>(
        _ body: (inout ResponseHead) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var head = ResponseHead()
        swap(&head, &spareResponseHead)
        defer { swap(&head, &spareResponseHead) }
        head.reset()
        return try body(&head)
    }

    /// Runs `body` with an empty section whose memory is used again afterwards.
    func withFieldSection<Result, Failure>(
        _ body: (inout FieldSection) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var section = FieldSection()
        swap(&section, &spareSection)
        defer { swap(&section, &spareSection) }
        section.reset()
        return try body(&section)
    }

    /// The value of a `date` header now.
    public var date: [UInt8] {
        let second = max(0, time(nil))
        if second != dateSecond {
            dateSecond = second
            dateBytes = HTTPDate.bytes(secondsSince1970: second)
        }
        return dateBytes
    }

    /// A random number for sampling and identifiers; not for secrets.
    ///
    /// xorshift128+, seeded from the system.
    public func nextRandom() -> UInt64 {
        var (first, second) = randomState
        let result = first &+ second
        first ^= first << 23
        first = first ^ second ^ (first >> 18) ^ (second >> 5)
        swap(&first, &second)
        randomState = (first, second)
        return result
    }
}

extension ByteBuffer {
    fileprivate func emptied() -> ByteBuffer {
        var buffer = self
        buffer.clear()
        return buffer
    }
}

@available(*, unavailable)
extension LoopContext: Sendable {}
