// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Reads Prometheus' text format as strictly as its grammar, so that tests notice what a scraper would stumble over.

/// The values of one scrape.
///
/// - Source: Prometheus "Exposition formats", text format 0.0.4.
package struct PrometheusText {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Kinds by metric, as the `# TYPE` lines say.
    package private(set) var kinds: [String: String] = [:]
    /// Values by name and labels, as they stand in the text.
    package private(set) var values: [String: Double] = [:]
    private var metric = ""

    /// - Throws: `Failure` with the first line that is wrong.
    package init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Failure(description: "the last line does not end") }
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            try line.hasPrefix("#") ? readComment(line) : readValue(line)
        }
    }

    private mutating func readComment(_ line: Substring) throws {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count > 1, words[1] == "TYPE" else { return }
        guard words.count == 4, Self.isName(words[2]), Self.allKinds.contains(words[3]) else {
            throw Failure(description: "no TYPE line: \(line)")
        }
        guard kinds.updateValue(words[3], forKey: words[2]) == nil else {
            throw Failure(description: "a second TYPE line: \(line)")
        }
        metric = words[2]
    }

    private mutating func readValue(_ line: Substring) throws {
        var rest = line
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        rest = rest.dropFirst(name.count)
        guard Self.isName(name), belongs(name) else { throw Failure(description: "no metric of its block: \(line)") }
        if rest.first == "{" { rest = try Self.afterLabels(rest.dropFirst(), of: line) }
        guard rest.first == " ", let value = Self.number(rest.dropFirst()) else {
            throw Failure(description: "no value: \(line)")
        }
        let key = String(line.dropLast(rest.count))
        guard values.updateValue(value, forKey: key) == nil else { throw Failure(description: "twice: \(line)") }
    }

    /// Metrics stand under their TYPE line.
    private func belongs(_ name: String) -> Bool {
        let suffixes: [String] =
            switch kinds[metric] {
            case "histogram": ["_bucket", "_sum", "_count"]
            case "summary": ["", "_sum", "_count"]
            default: [""]
            }
        return suffixes.contains { metric + $0 == name }
    }

    /// What follows the closing brace.
    private static func afterLabels(_ text: Substring, of line: Substring) throws -> Substring {
        var rest = text
        var names: Set<String> = []
        while rest.first != "}" {
            let name = String(rest.prefix { $0 != "=" })
            rest = rest.dropFirst(name.count)
            guard isName(name), !name.contains(":"), names.insert(name).inserted, rest.hasPrefix("=\"") else {
                throw Failure(description: "no label: \(line)")
            }
            guard let afterValue = afterLabelValue(rest.dropFirst(2)) else {
                throw Failure(description: "no label value: \(line)")
            }
            rest = afterValue
            if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "}" { break }
        }
        guard rest.first == "}" else { throw Failure(description: "labels without an end: \(line)") }
        return rest.dropFirst()
    }

    private static func afterLabelValue(_ text: Substring) -> Substring? {
        var rest = text
        while let letter = rest.popFirst() {
            if letter == "\"" { return rest }
            guard letter == "\\" else { continue }
            guard let escaped = rest.popFirst(), ["\\", "\"", "n"].contains(escaped) else { return nil }
        }
        return nil
    }

    private static func number(_ text: Substring) -> Double? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 1 || words.count == 2 && Int64(words[1]) != nil else { return nil }
        return Double(words[0])
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
    }

    private static let allKinds: Set = ["counter", "gauge", "histogram", "summary", "untyped"]
}
