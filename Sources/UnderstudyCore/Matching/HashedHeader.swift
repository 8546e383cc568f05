// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A header that requests are hashed by.

struct HashedHeader: Sendable {
    private enum Subject: Sendable {
        case lines([UInt8])
        case method, path, host, scheme
    }

    private let subject: Subject
    private let rewrite: RegexRewriter?

    init(_ name: String, _ rewrite: RegexRewrite?) {
        let lowered = name.utf8.map(HeaderToken.lowercased)
        subject =
            switch String(decoding: lowered, as: UTF8.self) {
            case ":method": .method
            case ":path": .path
            case ":authority", "host": .host
            case ":scheme": .scheme
            default: .lines(lowered)
            }
        self.rewrite = rewrite.map { RegexRewriter($0) }
    }

    /// Lines of the same name count all, in whichever order they come.
    func hash(of head: borrowing RequestHead) -> UInt64? {
        let bytes = head.headers.bytes.span
        switch subject {
        case .lines(let name): return hash(name, of: head.headers)
        case .method: return hash(bytes, head.methodName)
        case .path: return head.method == .connect ? nil : hash(bytes, head.target)
        case .host: return hash(bytes, head.host)
        case .scheme:
            let scheme = Array((head.isHTTPS ? "https" : "http").utf8)
            return hash(scheme.span, scheme.indices)
        }
    }

    private func hash(_ name: [UInt8], of headers: borrowing HeaderBlock) -> UInt64? {
        let bytes = headers.bytes.span
        var first: Range<Int>?
        var values: [[UInt8]] = []
        for line in headers.lines where ByteScan.equals(bytes, line.name, name) {
            guard let only = first else {
                first = line.value
                continue
            }
            if values.isEmpty { values.append(value(bytes, only)) }
            values.append(value(bytes, line.value))
        }
        guard !values.isEmpty else { return first.map { hash(bytes, $0) } }
        values.sort { $0.lexicographicallyPrecedes($1) }
        return values.reduce(0) { XXHash64.hash($1, seed: $0) }
    }

    private func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        rewrite == nil ? XXHash64.hash(bytes.extracting(range)) : XXHash64.hash(value(bytes, range))
    }

    /// As rewritten; one that would grow too long counts as empty.
    private func value(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        if let rewrite { return rewrite.result(in: bytes, range) ?? [] }
        var copy: [UInt8] = []
        copy.append(copying: bytes.extracting(range))
        return copy
    }
}
