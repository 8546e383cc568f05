// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The parts of a request that rewriting changes: target, Host, and lines about what they were before.

extension RequestHead {
    /// Whether the client came by HTTPS, as far as the proxies before this one say.
    ///
    /// This is also the request's scheme: this proxy's own listeners are plain.
    /// - Source: measured on Envoy 1.40, which takes `:scheme` from `x-forwarded-proto`, in any case.
    public var isHTTPS: Bool {
        if saysHTTPS { return true }
        guard let index = headers.firstIndex(of: .forwardedProto) else { return false }
        return HeaderToken.isExactly("https", headers.bytes.span, headers.lines[index].value)
    }

    /// Whether `x-forwarded-proto` is exactly this.
    func isForwarded(by scheme: StaticString) -> Bool {
        guard let index = headers.firstIndex(of: .forwardedProto) else { return false }
        let value = headers.lines[index].value
        return value.count == scheme.utf8CodeUnitCount
            && ByteScan.equals(headers.bytes.span, at: value.lowerBound, scheme)
    }

    public mutating func setHost(to value: [UInt8]) {
        headers.setValue(at: Self.hostLine, to: value)
    }

    /// Gives the request another target.
    public mutating func setTarget(to value: [UInt8]) {
        let start = headers.bytes.count
        headers.bytes.append(contentsOf: value)
        target = start..<headers.bytes.count
    }

    /// Replaces a part of the target, which keeps what stands before and behind it.
    mutating func replaceInTarget(_ part: Range<Int>, with value: [UInt8]) {
        let start = headers.bytes.count
        for offset in target.lowerBound..<part.lowerBound { headers.bytes.append(headers.bytes[offset]) }
        headers.bytes.append(contentsOf: value)
        for offset in part.upperBound..<target.upperBound { headers.bytes.append(headers.bytes[offset]) }
        target = start..<headers.bytes.count
    }

    /// Gives the first line of this name a value that stands in the arena, or adds one.
    mutating func keep(_ value: Range<Int>, as header: KeptHeader) {
        if let index = headers.firstIndex(named: header.name) {
            headers.setValue(at: index, prefix: value)
        } else {
            headers.add(header.literal, known: header.known) { bytes in
                for offset in value { bytes.append(bytes[offset]) }
            }
        }
    }

    /// Appends the Host to `x-forwarded-host`, unless it is the last one there already.
    ///
    /// - Source: Envoy `append_x_forwarded_host`; measured on Envoy 1.40.
    mutating func appendForwardedHost() {
        guard !host.isEmpty else { return }
        guard let index = headers.firstIndex(named: KeptHeader.forwardedHost.name) else {
            return keep(host, as: .forwardedHost)
        }
        let value = headers.lines[index].value
        guard !value.isEmpty else { return headers.setValue(at: index, prefix: host) }
        guard !isLastElement(of: value, host) else { return }
        headers.setValue(at: index, prefix: value, infix: [0x2C], suffix: host)
    }

    /// Whether the last element of the comma list is these bytes; blanks are part of an element, empty ones are none.
    private func isLastElement(of list: Range<Int>, _ wanted: Range<Int>) -> Bool {
        let bytes = headers.bytes.span
        var end = list.upperBound
        while end > list.lowerBound, bytes[end - 1] == 0x2C { end -= 1 }
        var start = end
        while start > list.lowerBound, bytes[start - 1] != 0x2C { start -= 1 }
        guard end - start == wanted.count else { return false }
        for offset in start..<end where bytes[offset] != bytes[wanted.lowerBound + offset - start] { return false }
        return true
    }
}

/// A header that says what a request was before it was changed.
struct KeptHeader {
    let literal: StaticString
    let name: [UInt8]
    let known: KnownHeader

    static let originalPath = KeptHeader("x-envoy-original-path")
    static let originalHost = KeptHeader("x-envoy-original-host")
    static let forwardedHost = KeptHeader("x-forwarded-host")
    static let originalURL = KeptHeader("x-envoy-original-url")

    private init(_ literal: StaticString) {
        self.literal = literal
        var bytes: [UInt8] = []
        bytes.append(literal: literal)
        name = bytes
        known = KnownHeader(lowercased: bytes.span, at: 0, length: bytes.count)
    }
}
