// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Fields to a request, with every rule that decides whether it may be one.

public import UnderstudyCore

extension FieldSection {
    /// Makes the fields a request head, whose memory is swapped with that of the section.
    ///
    /// The head is as HTTP/1.1 would have brought it: the Host first, cookies in one line behind all others. Its
    /// framing is `none` only if the stream has ended; `length(0)` if it has not, and no byte may follow.
    /// An extended CONNECT becomes an upgrade, and CONNECT has no framing, as with HTTP/1.1.
    ///
    /// - Parameters:
    ///   - head: Fresh or reset; of no use if this throws.
    ///   - allowsConnectProtocol: What SETTINGS_ENABLE_CONNECT_PROTOCOL has said.
    /// - Throws: `tooLarge` or `tooManyLines` (431), `missingHost` (400), `underscore`; anything else is a malformed
    ///   request (RFC 9113 section 8.1.1).
    public mutating func makeRequest(
        _ head: inout RequestHead,
        endsStream: Bool,
        rules: HeadRules,
        allowsConnectProtocol: Bool
    ) throws(MessageFault) {
        try refuseFaults()
        guard status == nil, let method else { throw .badSyntax }
        guard protocolName == nil || allowsConnectProtocol else { throw .badSyntax }
        head.method = try Self.method(headers.bytes.span, method)
        head.methodName = method
        let isConnect = head.method == .connect
        guard protocolName == nil || isConnect else { throw .badSyntax }
        if isConnect, protocolName == nil {
            guard scheme == nil, path == nil else { throw .badSyntax }
        } else {
            try settlePath(&head)
        }
        if !crumbs.isEmpty { joinCrumbs() }
        headers.joinRepeatedLines(of: .request)
        droppedLines = try headers.settleUnderscores(rules.underscores)
        try interpret(&head, endsStream: endsStream)
        if isConnect { try settleConnect(&head) }
        swap(&head.headers, &headers)
    }

    func refuseFaults() throws(MessageFault) {
        guard !isTooLarge else { throw hasTooManyLines ? .tooManyLines : .tooLarge }
        guard fault == nil else { throw .badSyntax }
    }

    /// Any token is a method here, as in Envoy.
    private static func method(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(MessageFault) -> Method {
        if let method = Method(bytes, range) { return method }
        guard !range.isEmpty else { throw .badSyntax }
        for offset in range where !HeaderToken.allows(bytes[offset]) { throw .badSyntax }
        return .other
    }

    private func settlePath(_ head: inout RequestHead) throws(MessageFault) {
        let bytes = headers.bytes.span
        guard let scheme, let path, !path.isEmpty else { throw .badSyntax }
        guard Self.isScheme(bytes, scheme) else { throw .badSyntax }
        head.saysHTTPS = HeaderToken.isExactly("https", bytes, scheme)
        guard ByteScan.isVisibleASCII(bytes, path) else { throw .badTarget }
        for offset in path where bytes[offset] == 0x23 { throw .fragment }
        let isStar = path.count == 1 && bytes[path.lowerBound] == 0x2A && head.method == .options
        guard isStar || bytes[path.lowerBound] == 0x2F else { throw .badTarget }
        head.target = path
    }

    /// Any scheme will do (RFC 9113 section 8.3.1), as in Envoy.
    ///
    /// - Source: RFC 3986 section 3.1.
    private static func isScheme(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty, (0x61...0x7A).contains(bytes[range.lowerBound] | 0x20) else { return false }
        for offset in range {
            switch bytes[offset] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: break
            default: return false
            }
        }
        return true
    }

    private mutating func interpret(_ head: inout RequestHead, endsStream: Bool) throws(MessageFault) {
        var facts = FramingFacts()
        var hosts = 0
        for (index, line) in headers.lines.enumerated() where line.known != .other {
            switch line.known {
            case .host:
                hosts += 1
                facts.hostLine = index
            case .contentLength: try facts.addLength(headers.bytes.span, line.value, line: index)
            case .expect:
                head.expectsContinue = HeaderToken.isExactly("100-continue", headers.bytes.span, line.value)
            default: break
            }
        }
        facts.settleLength(&headers)
        try settleHost(facts.hostLine, of: hosts, isSecure: head.saysHTTPS)
        head.framing = try framing(facts.length, endsStream: endsStream)
    }

    private mutating func framing(_ length: Int?, endsStream: Bool) throws(MessageFault) -> BodyFraming {
        guard endsStream else {
            contentLength = length
            return length.map { .length($0) } ?? .chunked
        }
        guard length ?? 0 == 0 else { throw .badLength }
        contentLength = 0
        return .none
    }

    /// Makes one Host of `:authority` and `host`, the last of which is line `last`.
    private mutating func settleHost(_ last: Int, of count: Int, isSecure: Bool) throws(MessageFault) {
        guard count > 0 else { throw .missingHost }
        let expected = authority == nil || last == 0 ? 1 : 2
        guard count == expected, isHost(headers.lines[last].value) else { throw .badHost }
        guard let authority, last > 0 else { return headers.moveLineToFront(last) }
        guard isHost(authority), isSame(headers.lines[last].value, authority, isSecure: isSecure) else {
            throw .badHost
        }
        headers.removeLine(at: last)
    }

    /// - Source: RFC 9110 section 4.2: no http or https URL is without a host.
    private func isHost(_ value: Range<Int>) -> Bool {
        let bytes = headers.bytes.span
        return !value.isEmpty && bytes[value.lowerBound] != 0x3A && HostSyntax.isValid(bytes, value)
    }

    /// Whether two values name the same host and port.
    ///
    /// - Source: RFC 9113 section 8.3.1 and RFC 3986 section 6.2.
    private func isSame(_ one: Range<Int>, _ other: Range<Int>, isSecure: Bool) -> Bool {
        let bytes = headers.bytes.span
        let left = Self.withoutDefaultPort(bytes, one, isSecure: isSecure)
        let right = Self.withoutDefaultPort(bytes, other, isSecure: isSecure)
        guard left.count == right.count else { return false }
        for (leftOffset, rightOffset) in zip(left, right)
        where HeaderToken.lowercased(bytes[leftOffset]) != HeaderToken.lowercased(bytes[rightOffset]) {
            return false
        }
        return true
    }

    private static func withoutDefaultPort(_ bytes: Span<UInt8>, _ range: Range<Int>, isSecure: Bool) -> Range<Int> {
        let port: StaticString = isSecure ? ":443" : ":80"
        let end = range.upperBound - port.utf8CodeUnitCount
        guard end > range.lowerBound, ByteScan.equals(bytes, at: end, port) else { return range }
        return range.lowerBound..<end
    }

    /// A tunnel has no length; what is no tunnel by its protocol's name becomes what asks for one in HTTP/1.1.
    private mutating func settleConnect(_ head: inout RequestHead) throws(MessageFault) {
        if case .length(let length) = head.framing, length > 0 { throw .badLength }
        head.framing = .none
        contentLength = nil
        headers.removeLines { $0.known == .contentLength }
        guard let protocolName else { return try settleTunnel(&head) }
        guard !protocolName.isEmpty else { throw .badSyntax }
        for offset in protocolName where !HeaderToken.allows(headers.bytes[offset]) && headers.bytes[offset] != 0x2F {
            throw .badSyntax
        }
        head.method = .get
        head.methodName = headers.appendBytes("GET", followedBy: 0..<0)
        // In the order in which Envoy writes them.
        headers.add("upgrade", known: .upgrade) { $0.append(copying: protocolName) }
        headers.add("connection", "upgrade", known: .connection)
        head.asksForUpgrade = true
    }

    /// The target is a host with a port (RFC 9110 section 9.3.6).
    private func settleTunnel(_ head: inout RequestHead) throws(MessageFault) {
        guard let authority else { throw .badTarget }
        let bytes = headers.bytes.span
        var offset = authority.upperBound
        while offset > authority.lowerBound, bytes[offset - 1] >= 0x30, bytes[offset - 1] <= 0x39 { offset -= 1 }
        guard offset < authority.upperBound, offset - 1 > authority.lowerBound, bytes[offset - 1] == 0x3A else {
            throw .badTarget
        }
        head.target = authority
    }

    /// One line of all crumbs; empty ones leave no trace, since no value ends in a blank.
    ///
    /// - Source: RFC 9113 section 8.2.3; the place measured on Envoy 1.40.
    private mutating func joinCrumbs() {
        guard crumbs.count > 1 else { return restoreCrumbs() }
        let crumbs = crumbs
        headers.add("cookie") { bytes in
            var isFirst = true
            for crumb in crumbs where !crumb.isEmpty {
                if !isFirst { bytes.append(literal: "; ") }
                bytes.append(copying: crumb)
                isFirst = false
            }
        }
    }

    /// Makes each crumb a line again, behind all others.
    mutating func restoreCrumbs() {
        for crumb in crumbs {
            headers.addLineInPlace(
                start: crumb.lowerBound - 8,
                nameLength: 6,
                valueEnd: crumb.upperBound,
                known: .other
            )
        }
    }
}

extension [UInt8] {
    /// Appends a copy of bytes that the array holds already.
    fileprivate mutating func append(copying range: Range<Int>) {
        for offset in range { append(self[offset]) }
    }
}
