// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Heads written and read as text in tests, so that a table of cases looks like what stands on the wire.

package import UnderstudyCore

extension HeaderBlock {
    /// Header lines given as `name: value` with lower-case names, as a codec leaves them.
    package init(_ lines: [String]) {
        self.init()
        for line in lines { add(wireText: line) }
    }

    package mutating func add(wireText line: String) {
        let text = Array(line.utf8)
        let nameLength = text.firstIndex(of: 0x3A) ?? text.count
        let start = bytes.count
        bytes.append(contentsOf: text)
        bytes.append(contentsOf: [0x0D, 0x0A])
        let known = KnownHeader(lowercased: bytes.span, at: start, length: nameLength)
        addLineInPlace(start: start, nameLength: nameLength, valueEnd: start + text.count, known: known)
    }

    /// Every line as `name: value`, in order.
    package var texts: [String] {
        lines.map { text($0.name) + ": " + text($0.value) }
    }
}

extension RequestHead {
    /// A decoded head.
    ///
    /// - Parameters:
    ///   - start: Method and target.
    ///   - lines: `name: value` with lower-case names, the Host first.
    package init(_ start: String, _ lines: [String]) {
        self.init()
        let words = start.split(separator: " ").map { Array($0.utf8) }
        let name = words.first ?? []
        headers.bytes = Array(start.utf8) + [0x0D, 0x0A]
        methodName = 0..<name.count
        target = name.count + 1..<start.utf8.count
        method = Method(name.span, 0..<name.count) ?? .other
        for line in lines { headers.add(wireText: line) }
        headers.joinRepeatedLines(of: .request)
        let usual = ["close", "keep-alive", "upgrade"].map { Array($0.utf8) }
        for line in headers.lines where line.known == .connection {
            let tokens = HeaderToken.list(headers.bytes.span, line.value)
            nominatesHeaders = nominatesHeaders || !tokens.allSatisfy(usual.contains)
        }
    }

    package var targetText: String { headers.text(target) }
    package var methodText: String { headers.text(methodName) }
    package var hostText: String { headers.text(host) }
}

extension ResponseHead {
    /// A decoded answer head with lines given as `name: value`.
    package init(status: Int, framing: BodyFraming = .none, _ lines: [String]) {
        self.init()
        self.status = status
        self.framing = framing
        headers = HeaderBlock(lines)
        headers.joinRepeatedLines(of: .response)
        nominatesHeaders = headers.firstIndex(of: .connection) != nil
    }
}
