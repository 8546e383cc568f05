// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Values that arrive as text, from a file or from the admin server: as much YAML as a value can mean.

extension RuntimeValue {
    /// The value that a text describes: a number, a truth, a share, or just the text.
    ///
    /// - Throws: For the YAML that no parser could read.
    public init(parsing text: String) throws(RuntimeFault) {
        self.init(plain: text)
        switch try RuntimeText.tree(text) {
        case .number(let number): self = RuntimeValue(number, text: text)
        case .bool(let bool): self = RuntimeValue(text: text, bool: bool)
        case .object(let fields): self = RuntimeValue(text: text, fraction: Fraction(fields))
        case .null, .string, .list: break
        }
    }
}

/// - Source: YAML 1.2 chapters 6 and 7; what means what was measured on Envoy 1.40.
public enum RuntimeText {
    static func tree(_ text: String) throws(RuntimeFault) -> RuntimeTree {
        let lines = text.split(whereSeparator: \.isNewline).map(withoutComment).filter { !trimmed($0).isEmpty }
        guard let first = lines.first.map({ trimmed($0) }) else { return .null }
        if first.hasPrefix("{") || first.hasPrefix("[") { return try flow(lines.map(trimmed).joined(separator: " ")) }
        guard split(lines[0]) != nil else { return lines.count == 1 ? scalar(first) : .string(text) }
        return try block(lines)
    }

    /// One `key: value` for each line.
    private static func block(_ lines: [Substring]) throws(RuntimeFault) -> RuntimeTree {
        var fields: [String: RuntimeTree] = [:]
        for (number, line) in lines.enumerated() {
            // Whatever is nested deeper is no share.
            guard line.first != " ", line.first != "\t", let (key, value) = split(line) else {
                fields["?"] = .null
                continue
            }
            if !value.hasPrefix("\""), !value.hasPrefix("'"), !value.hasPrefix("{"), split(Substring(value)) != nil {
                let column = secondColon(line)
                throw RuntimeFault("yaml-cpp: error at line \(number + 1), column \(column): illegal map value")
            }
            fields[unquoted(key)] = value.hasPrefix("{") || value.hasPrefix("[") ? .list : scalar(value)
        }
        return .object(fields)
    }

    private static func secondColon(_ line: Substring) -> Int {
        var colons = 0
        for (offset, character) in line.enumerated() where character == ":" {
            colons += 1
            if colons == 2 { return offset + 1 }
        }
        return line.count
    }

    /// `{key: value, …}` or `[…]`.
    private static func flow(_ text: String) throws(RuntimeFault) -> RuntimeTree {
        let isMap = text.hasPrefix("{")
        guard text.hasSuffix(isMap ? "}" : "]"), text.count > 1 else {
            throw RuntimeFault(
                "yaml-cpp: error at line 1, column 1: end of \(isMap ? "map" : "sequence") flow not found"
            )
        }
        guard isMap else { return .list }
        var fields: [String: RuntimeTree] = [:]
        for part in elements(text.dropFirst().dropLast()) {
            guard let (key, value) = split(part, inFlow: true) else {
                fields[trimmed(part)] = .null
                continue
            }
            fields[unquoted(key)] = value.hasPrefix("{") ? .object([:]) : value.hasPrefix("[") ? .list : scalar(value)
        }
        return .object(fields)
    }

    /// The parts between the commas that stand in no quotes and no brackets.
    private static func elements(_ text: Substring) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var depth = 0
        var quote: Character?
        for index in text.indices {
            switch text[index] {
            case let character where quote != nil: if character == quote { quote = nil }
            case "\"", "'": quote = text[index]
            case "{", "[": depth += 1
            case "}", "]": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        parts.append(text[start...])
        return parts.filter { !trimmed($0).isEmpty }
    }

    /// Key and value; `nil` if the text is no such pair.
    ///
    /// Behind a plain key the colon needs a blank, behind a quoted one in a flow it does not.
    private static func split(_ text: Substring, inFlow: Bool = false) -> (key: String, value: String)? {
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
                continue
            }
            if character == "\"" || character == "'" {
                quote = character
                continue
            }
            guard character == ":" else { continue }
            let key = trimmed(text[..<index])
            let rest = text[text.index(after: index)...]
            let isJSON = inFlow && (key.hasSuffix("\"") || key.hasSuffix("'"))
            guard rest.first.map({ $0 == " " || $0 == "\t" }) ?? true || isJSON else { continue }
            return (key, trimmed(rest))
        }
        return nil
    }

    private static func scalar(_ text: String) -> RuntimeTree {
        if text.hasPrefix("\"") || text.hasPrefix("'") { return .string(unquoted(text)) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": return .bool(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N": return .bool(false)
        default:
            // Envoy takes only these for numbers; what else spells one is looked at as text.
            guard let number = RuntimeNumber.parse(text), Int32(exactly: number) != nil, !text.contains(".") else {
                return .string(text)
            }
            return .number(number)
        }
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let quote = text.first, quote == text.last, quote == "\"" || quote == "'" else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }

    /// The line without `# …`, which begins it or stands behind a blank.
    private static func withoutComment(_ line: Substring) -> Substring {
        var isBehindBlank = true
        for index in line.indices {
            if line[index] == "#", isBehindBlank { return line[..<index] }
            isBehindBlank = line[index] == " " || line[index] == "\t"
        }
        return line
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" || character.isNewline }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return String(text)
    }
}

extension RuntimeText {
    /// The value in a file of a disk layer: without comment lines, empty lines and the blanks at its end.
    ///
    /// - Source: Envoy, including its oddity that every line equal to the last one is joined to the next.
    public static func value(ofFile bytes: [UInt8]) -> String {
        let lines = bytes.split(separator: 0x0A)
        var value: [UInt8] = []
        for line in lines where line.first != 0x23 {
            guard line == lines.last else {
                value += line + [0x0A]
                continue
            }
            var end = line.endIndex
            while end > line.startIndex, line[end - 1] <= 0x20 { end -= 1 }
            value += line[..<end]
        }
        return String(decoding: value, as: UTF8.self)
    }
}
