// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Redirects that the proxy follows itself instead of showing them to the client.

/// Why a redirect is shown to the client after all.
public enum InternalRedirectRefusal: Error, Sendable, Equatable {
    case noLocation
    /// `location` is empty, relative, or no URL of HTTP.
    case badLocation
    /// It leads to HTTPS, and the policy does not let it.
    case unsafeScheme
    case tooMany
}

extension InternalRedirectPolicy {
    public func applies(to status: Int) -> Bool { statuses.contains(status) }
}

extension RequestHead {
    /// Becomes the request that the redirect asks for; nothing changes if it is refused.
    ///
    /// The head is the one that the primary got. Its caller looks for a route afterwards, and shows the redirect if
    /// there is none. A body must be there to be sent again, but for 303, which drops it.
    /// - Parameters:
    ///   - answer: The redirect.
    ///   - followed: How many this request has followed already.
    /// - Source: Envoy `InternalRedirectPolicy`; order of the lines measured on Envoy 1.40.
    public mutating func follow(
        _ answer: borrowing ResponseHead,
        policy: InternalRedirectPolicy,
        followed: Int
    ) throws(InternalRedirectRefusal) {
        guard let line = answer.headers.firstIndex(named: Self.location) else { throw .noLocation }
        let bytes = answer.headers.bytes.span
        guard let url = AbsoluteURL(bytes, answer.headers.lines[line].value) else { throw .badLocation }
        // Listeners are plain, so the request came by HTTP whatever it says about a client before it.
        guard !url.isHTTPS || policy.allowsOtherScheme else { throw .unsafeScheme }
        guard followed < policy.maximum else { throw .tooMany }
        let original = originalURL
        for name in policy.responseHeadersToCopy { copyLines(named: Array(name.utf8), from: answer) }
        headers.setValue(at: Self.hostLine) { $0.append(copying: bytes.extracting(url.authority)) }
        setTarget(to: bytes, url.target)
        if answer.status == 303, method != .get, method != .head { becomeGet() }
        keep(original, as: .originalURL)
    }

    private static let location = Array("location".utf8)

    /// Writes the request's own URL into the arena.
    private var originalURL: Range<Int> {
        mutating get {
            let start = headers.bytes.count
            headers.bytes.append(literal: "http://")
            for offset in host { headers.bytes.append(headers.bytes[offset]) }
            for offset in target { headers.bytes.append(headers.bytes[offset]) }
            return start..<headers.bytes.count
        }
    }

    /// Replaces all lines of the name by those of the answer, at the end.
    private mutating func copyLines(named name: [UInt8], from answer: borrowing ResponseHead) {
        let own = headers.bytes
        headers.removeLines { ByteScan.equals(own.span, $0.name, name) }
        let bytes = answer.headers.bytes.span
        for line in answer.headers.lines where ByteScan.equals(bytes, line.name, name) {
            let start = headers.bytes.count
            headers.bytes.append(copying: bytes.extracting(line.wire))
            headers.addLineInPlace(
                start: start,
                nameLength: line.nameLength,
                valueEnd: start + line.valueEnd - line.start,
                known: KnownHeader(lowercased: bytes, at: line.start, length: line.nameLength)
            )
        }
    }

    private mutating func setTarget(to bytes: Span<UInt8>, _ range: Range<Int>) {
        let start = headers.bytes.count
        if range.isEmpty {
            headers.bytes.append(0x2F)
        } else {
            headers.bytes.append(copying: bytes.extracting(range))
        }
        target = start..<headers.bytes.count
    }

    /// - Source: RFC 9110 section 15.4.4.
    private mutating func becomeGet() {
        let start = headers.bytes.count
        headers.bytes.append(literal: "GET")
        methodName = start..<headers.bytes.count
        method = .get
        framing = .none
        headers.removeLines { $0.known == .contentLength || $0.known == .transferEncoding }
    }
}
