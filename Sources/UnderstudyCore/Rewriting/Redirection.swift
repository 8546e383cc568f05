// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a redirect sends the client.

/// A `RedirectAction` arranged for bytes.
///
/// - Source: Envoy `RedirectAction`; every rule measured on Envoy 1.40.
public final class Redirection: Sendable {
    private enum Path: Sendable {
        case whole([UInt8], hasQuery: Bool)
        case rewritten(PathRewriter)
    }

    public let status: Int
    private let scheme: [UInt8]
    private let host: [UInt8]
    /// With its colon.
    private let port: [UInt8]
    private let path: Path?
    private let stripsQuery: Bool
    /// The Host's port stays even if it is the one of the scheme that is left.
    private let keepsPort: Bool

    public convenience init(_ action: RedirectAction, matcher: PathMatcher) {
        self.init(action, matcher: matcher, keepsPort: false)
    }

    private init(_ action: RedirectAction, matcher: PathMatcher, keepsPort: Bool) {
        status = action.status
        scheme = Array((action.scheme ?? "").utf8)
        host = Array((action.host ?? "").utf8)
        port = action.port.map { Array(":\($0)".utf8) } ?? []
        path =
            switch action.path {
            case nil: nil
            case .whole(let text): text.isEmpty ? nil : .whole(Array(text.utf8), hasQuery: text.utf8.contains(0x3F))
            case .prefix(let text): .rewritten(.prefix(Array(text.utf8), matcher))
            case .regex(let rewrite): .rewritten(.regex(RegexRewriter(rewrite)))
            }
        stripsQuery = action.stripsQuery
        self.keepsPort = keepsPort
    }

    /// The same target by HTTPS, as `VirtualHost.require_tls` asks for.
    static let toHTTPS: Redirection = {
        var action = RedirectAction()
        action.scheme = "https"
        return Redirection(action, matcher: PathMatcher(.prefix("")), keepsPort: true)
    }()

    /// The request's own address, for answers that have a `location` but no redirect behind them.
    static let toItself = Redirection(RedirectAction(), matcher: PathMatcher(.prefix("")), keepsPort: false)

    /// The value of `location`; `nil` for CONNECT, which has no path to speak of.
    public func location(for head: borrowing RequestHead) -> [UInt8]? {
        guard head.method != .connect else { return nil }
        var bytes: [UInt8] = []
        appendScheme(to: &bytes, head)
        bytes.append(literal: "://")
        if host.isEmpty {
            bytes.append(copying: head.headers.bytes.span.extracting(hostWithWantedPort(head)))
        } else {
            bytes.append(contentsOf: host)
        }
        bytes.append(contentsOf: port)
        appendTarget(to: &bytes, head)
        return bytes
    }

    private func appendScheme(to bytes: inout [UInt8], _ head: borrowing RequestHead) {
        if !scheme.isEmpty {
            bytes.append(contentsOf: scheme)
        } else if head.isHTTPS {
            bytes.append(literal: "https")
        } else {
            bytes.append(literal: "http")
        }
    }

    /// Without the port if there is a new one, or if it is that of a scheme that changes.
    private func hostWithWantedPort(_ head: borrowing RequestHead) -> Range<Int> {
        let bytes = head.headers.bytes.span
        let host = head.host
        let bare = HostSyntax.withoutPort(bytes, host)
        guard !keepsPort, bare != host else { return host }
        if !port.isEmpty { return bare }
        for (old, standard) in Self.standardPorts where head.isForwarded(by: old) {
            let portLength = host.upperBound - bare.upperBound
            let isStandard =
                portLength == standard.utf8CodeUnitCount && ByteScan.equals(bytes, at: bare.upperBound, standard)
            return isStandard && leaves(old) ? bare : host
        }
        return host
    }

    private static let standardPorts: [(StaticString, StaticString)] = [("http", ":80"), ("https", ":443")]

    private func leaves(_ old: StaticString) -> Bool {
        let scheme = scheme
        guard !scheme.isEmpty else { return false }
        let isSame = scheme.count == old.utf8CodeUnitCount && ByteScan.equals(scheme.span, at: 0, old)
        return !isSame
    }

    private func appendTarget(to bytes: inout [UInt8], _ head: borrowing RequestHead) {
        let start = bytes.count
        let query = head.path.upperBound..<head.target.upperBound
        var keepsQuery = !stripsQuery
        let arena = head.headers.bytes.span
        switch path {
        case .whole(let text, let hasQuery):
            bytes.append(contentsOf: text)
            if !hasQuery, keepsQuery { bytes.append(copying: arena.extracting(query)) }
            keepsQuery = keepsQuery || hasQuery
        case .rewritten(let rewriter):
            let (part, value) = rewriter.change(of: head) ?? (head.target.prefix(0), [])
            bytes.append(contentsOf: value)
            bytes.append(copying: arena.extracting(part.upperBound..<head.target.upperBound))
        case nil:
            bytes.append(copying: arena.extracting(head.target))
        }
        if start == bytes.count || bytes[start] != 0x2F { bytes.insert(0x2F, at: start) }
        if !keepsQuery, let mark = bytes[start...].firstIndex(of: 0x3F) { bytes.removeSubrange(mark...) }
    }
}
