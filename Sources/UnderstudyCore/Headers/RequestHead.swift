// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A request without its body, whichever protocol it came by.

/// How the end of a body is found (RFC 9112 section 6).
public enum BodyFraming: Sendable, Equatable {
    case none
    /// Exactly this many bytes; none of them where HTTP/2 says only later that this is all.
    case length(Int)
    case chunked
    /// Until the connection closes; answers only.
    case untilClose

    // A comparison of two would be called by way of its witness.
    @inlinable public var isNone: Bool { if case .none = self { true } else { false } }
    @inlinable public var isChunked: Bool { if case .chunked = self { true } else { false } }
    @inlinable public var isUntilClose: Bool { if case .untilClose = self { true } else { false } }
}

/// Method, target and header lines of a request, in memory that is used again for the next one.
///
/// A codec fills it; from then on the first line is the one and only Host and the target is in origin form (or `*`).
public struct RequestHead: Sendable {
    public var headers = HeaderBlock()
    public var method = Method.get
    /// Where the method's name stands in `headers.bytes`.
    public var methodName = 0..<0
    /// Where path and query stand in `headers.bytes`.
    public var target = 0..<0
    public var framing = BodyFraming.none
    /// `expect: 100-continue` was sent; the proxy answers it and does not pass it on.
    public var expectsContinue = false
    /// The client is willing to send another request on the connection.
    public var keepsAlive = true
    /// `connection` names headers beyond the usual two, so they have to be looked for.
    public var nominatesHeaders = false
    /// `connection: upgrade` with an `upgrade` header other than h2c.
    public var asksForUpgrade = false
    /// The client speaks HTTP/1.0: it gets no chunks.
    public var isHTTP10 = false
    /// It came without a Host, and whoever decodes it has to fill the empty one in; or a mutation removed it.
    public var lacksHost = false

    /// The target was in absolute form and began with `https`.
    public var saysHTTPS = false

    public static let hostLine = 0

    public init() {}

    /// Forgets the request but keeps the memory.
    public mutating func reset() {
        headers.removeAll()
        method = .get
        methodName = 0..<0
        target = 0..<0
        framing = .none
        expectsContinue = false
        keepsAlive = true
        nominatesHeaders = false
        asksForUpgrade = false
        saysHTTPS = false
        isHTTP10 = false
        lacksHost = false
    }

    /// Becomes a copy of `other`, in the memory it already has.
    public mutating func copy(_ other: borrowing RequestHead) {
        headers.copy(other.headers)
        method = other.method
        methodName = other.methodName
        target = other.target
        framing = other.framing
        expectsContinue = other.expectsContinue
        keepsAlive = other.keepsAlive
        nominatesHeaders = other.nominatesHeaders
        asksForUpgrade = other.asksForUpgrade
        saysHTTPS = other.saysHTTPS
        isHTTP10 = other.isHTTP10
        lacksHost = other.lacksHost
    }

    /// Lends the head of an object without a copy of it.
    ///
    /// To pass on an object's property as it stands is to copy it, because the object might change it meanwhile. Here
    /// nobody may.
    @inlinable
    @inline(__always)
    public mutating func lend<Result>(_ body: (borrowing RequestHead) -> Result) -> Result { body(self) }

    /// Where the target's path stands, without the query.
    public var path: Range<Int> {
        let bytes = headers.bytes.span
        for offset in target where bytes[offset] == 0x3F { return target.lowerBound..<offset }
        return target
    }

    /// Where the Host's value stands; empty in a mirror's copy that lost its Host.
    public var host: Range<Int> {
        let line = headers.lines[Self.hostLine]
        return line.known == .host ? line.value : 0..<0
    }
}
