// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Request bytes to a `RequestHead`, once, with every rule that decides where the message ends.

public import UnderstudyCore

/// Decodes request heads.
///
/// Holds no state between heads but its memory.
public struct RequestHeadDecoder {
    private var lines: HeaderLineDecoder
    /// Lines that the last head has lost for an underscore in their names.
    private(set) var droppedLines = 0

    public init() {
        lines = HeaderLineDecoder(limits: MessageLimits())
    }

    /// Decodes the head at the start of `bytes` into `head`, which must be fresh or reset.
    ///
    /// - Returns: The length of the head, or `nil` if it is not complete. `head` is then unchanged.
    public mutating func decode(
        _ bytes: Span<UInt8>,
        _ rules: HeadRules = HeadRules(),
        into head: inout RequestHead
    ) throws(MessageFault) -> Int? {
        lines.limits = rules.limits
        lines.keepsNames = rules.keepsNames
        guard let line = try lines.line(in: bytes, from: 0) else { return nil }
        let requestLine = try RequestLine(bytes, line, acceptsHTTP10: rules.acceptsHTTP10)
        guard let length = try lines.scan(bytes, from: line.upperBound + 2) else { return nil }
        lines.store(bytes, headLength: length, into: &head.headers)
        head.headers.joinRepeatedLines(of: .request)
        head.method = requestLine.method
        head.methodName = requestLine.methodName
        head.target = requestLine.target
        head.isHTTP10 = requestLine.isHTTP10
        head.saysHTTPS = requestLine.saysHTTPS
        if rules.underscores != .allow { droppedLines = try head.headers.settleUnderscores(rules.underscores) }
        try interpret(&head, requestLine, hasDefaultHost: rules.hasDefaultHost)
        return length
    }

    private func interpret(
        _ head: inout RequestHead,
        _ requestLine: RequestLine,
        hasDefaultHost: Bool
    ) throws(MessageFault) {
        var facts = FramingFacts()
        var hosts = 0
        var upgrade: Range<Int>?
        for (index, line) in head.headers.lines.enumerated() {
            switch line.known {
            case .other: continue
            case .host:
                hosts += 1
                facts.hostLine = index
            case .contentLength: try facts.addLength(head.headers.bytes.span, line.value, line: index)
            case .transferEncoding: facts.addTransferCoding(head.headers.bytes.span, line.value)
            case .connection, .proxyConnection: try facts.addConnection(head.headers.bytes.span, line)
            case .upgrade: upgrade = line.value
            case .expect:
                head.expectsContinue = HeaderToken.isExactly("100-continue", head.headers.bytes.span, line.value)
            default: break
            }
        }
        head.framing = try facts.requestFraming()
        facts.settleLength(&head.headers)
        head.keepsAlive = head.isHTTP10 ? facts.saysKeepAlive : !facts.saysClose
        head.nominatesHeaders = facts.nominates
        if let upgrade, facts.saysUpgrade {
            head.asksForUpgrade = !HeaderToken.isExactly("h2c", head.headers.bytes.span, upgrade)
        }
        // HTTP/1.0 has neither transfer codings nor a duty to name the host (RFC 9112 section 6.1, RFC 1945).
        guard !head.isHTTP10 || !head.framing.isChunked else { throw .conflictingFraming }
        if hosts == 0, head.isHTTP10, hasDefaultHost || requestLine.authority != nil {
            head.headers.addFirst("host", [], known: .host)
            head.lacksHost = requestLine.authority == nil
            hosts = 1
        }
        guard hosts > 0 else { throw .missingHost }
        guard hosts == 1 else { throw .badHost }
        head.headers.moveLineToFront(facts.hostLine)
        if head.method.isConnect { try settleConnect(&head) }
        try settleTarget(&head, authority: requestLine.authority, emptyPath: requestLine.hasEmptyPath)
    }

    /// The authority of an absolute target replaces the Host, and the target becomes its path (RFC 9112 section 3.2.2).
    private func settleTarget(
        _ head: inout RequestHead,
        authority: Range<Int>?,
        emptyPath: Bool
    ) throws(MessageFault) {
        guard HostSyntax.isValid(head.headers.bytes.span, head.host) else { throw .badHost }
        guard let authority else { return }
        // An http target names a host, even where a Host may be empty (RFC 9110 section 4.2.1).
        guard HostSyntax.isTargetAuthority(head.headers.bytes.span, authority) else { throw .badTarget }
        head.headers.setValue(at: RequestHead.hostLine, prefix: authority)
        if emptyPath {
            head.target = head.headers.appendBytes("/", followedBy: head.target)
        }
    }

    /// A tunnel has no body before it, and its target is a host with a port (RFC 9110 section 9.3.6).
    private func settleConnect(_ head: inout RequestHead) throws(MessageFault) {
        switch head.framing {
        case .none: head.headers.removeLines { $0.known == .contentLength }
        case .chunked: throw .unsupportedTransferCoding
        case .length, .untilClose: throw .badLength
        }
        let bytes = head.headers.bytes.span
        var digits = 0
        var offset = head.target.upperBound
        while offset > head.target.lowerBound, bytes[offset - 1] >= 0x30, bytes[offset - 1] <= 0x39 {
            offset -= 1
            digits += 1
        }
        guard digits > 0, offset - 1 > head.target.lowerBound, bytes[offset - 1] == 0x3A else { throw .badTarget }
    }
}

/// The parts of `method SP target SP version` (RFC 9112 section 3).
private struct RequestLine {
    let method: Method
    let methodName: Range<Int>
    var target: Range<Int>
    /// Present if the target is in absolute form, or in authority form as CONNECT has it.
    var authority: Range<Int>?
    /// The absolute target has no path before its query or end.
    var hasEmptyPath = false
    var saysHTTPS = false
    private(set) var isHTTP10 = false

    init(_ bytes: Span<UInt8>, _ line: Range<Int>, acceptsHTTP10: Bool) throws(MessageFault) {
        let end = ByteScan.endOfToken(bytes, line)
        methodName = line.lowerBound..<end
        guard !methodName.isEmpty, end < line.upperBound, bytes[end] == 0x20 else { throw .badSyntax }
        let targetStart = end + 1
        var targetEnd = line.upperBound
        while targetEnd > targetStart, bytes[targetEnd - 1] != 0x20 { targetEnd -= 1 }
        guard targetEnd - 1 > targetStart else { throw .badSyntax }
        let version = targetEnd..<line.upperBound
        targetEnd -= 1
        target = targetStart..<targetEnd
        isHTTP10 = try !Self.isHTTP11(bytes, version, acceptsHTTP10: acceptsHTTP10)
        guard let method = Method(bytes, methodName) else { throw .unknownMethod }
        self.method = method
        guard ByteScan.isVisibleASCII(bytes, target) else { throw .badTarget }
        try resolveTargetForm(bytes)
    }

    private static func isHTTP11(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        acceptsHTTP10: Bool
    ) throws(MessageFault) -> Bool {
        guard range.count == 8, ByteScan.equals(bytes, at: range.lowerBound, "HTTP/") else { throw .badSyntax }
        if ByteScan.equals(bytes, at: range.lowerBound + 5, "1.1") { return true }
        if acceptsHTTP10, ByteScan.equals(bytes, at: range.lowerBound + 5, "1.0") { return false }
        let major = range.lowerBound + 5
        guard isDigit(bytes[major]), bytes[major + 1] == 0x2E, isDigit(bytes[major + 2]) else { throw .badSyntax }
        // Whoever speaks 1.0, 2 or 3 can be told to use another; any other version is a mistake.
        switch (bytes[major], bytes[major + 2]) {
        case (0x31, 0x30), (0x32...0x33, _): throw .badVersion
        default: throw .badSyntax
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private mutating func resolveTargetForm(_ bytes: Span<UInt8>) throws(MessageFault) {
        for offset in target where bytes[offset] == 0x23 { throw .fragment }
        if method.isConnect {
            authority = target
            return
        }
        switch bytes[target.lowerBound] {
        case 0x2F: return
        case 0x2A where target.count == 1 && method == .options: return
        default: try splitAbsoluteTarget(bytes)
        }
    }

    private mutating func splitAbsoluteTarget(_ bytes: Span<UInt8>) throws(MessageFault) {
        var start = target.lowerBound
        for scheme in ["http://", "https://"] as [StaticString]
        where HeaderToken.hasPrefix(scheme, bytes, target) {
            start += scheme.utf8CodeUnitCount
            saysHTTPS = scheme.utf8CodeUnitCount == 8
        }
        guard start > target.lowerBound else { throw .badTarget }
        var end = start
        while end < target.upperBound, bytes[end] != 0x2F, bytes[end] != 0x3F { end += 1 }
        authority = start..<end
        target = end..<target.upperBound
        hasEmptyPath = target.isEmpty || bytes[end] == 0x3F
    }
}
