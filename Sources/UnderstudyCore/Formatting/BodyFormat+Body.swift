// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bodies of the proxy's own answers, made from a format.

extension BodyFormat {
    /// The body and its content type.
    ///
    /// - Parameter response: With the answer's status, as far as it is known.
    public func body(
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts
    ) -> (bytes: [UInt8], contentType: [UInt8]) {
        var bytes: [UInt8] = []
        let absent: AbsentValue = omitsEmptyValues ? .empty : .dash
        switch form {
        case .text(let format):
            format.append(to: &bytes, request: request, response: response, facts: facts, absent: absent)
            return (bytes, Array((contentType ?? "text/plain").utf8))
        case .json(let tree):
            if !tree.append(to: &bytes, request: request, response: response, facts: facts, absent: absent) {
                bytes = Array("{}".utf8)
            }
            bytes.append(0x0A)
            return (bytes, Array((contentType ?? "application/json").utf8))
        }
    }
}

extension FormatTree {
    /// Writes JSON.
    ///
    /// Recursion is as deep as the configuration's nesting, which the reader of configurations bounds.
    /// - Returns: `false` if empty values are omitted and this is one; the caller forgets what was written.
    /// - Source: measured on Envoy 1.40: null, an absent value and an object without members are omitted, a list and a
    ///   text of several pieces never are.
    fileprivate func append(
        to bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts,
        absent: AbsentValue
    ) -> Bool {
        switch self {
        case .null: return absent == .dash && bytes.appendNull()
        case .bool(let value): bytes.append(literal: value ? "true" : "false")
        case .number(let value): bytes.append(json: value)
        case .string(let format):
            return format.append(json: &bytes, request: request, response: response, facts: facts, absent: absent)
        case .list(let elements):
            bytes.append(0x5B)
            bytes.appendParts(of: elements) { element, bytes in
                element.append(to: &bytes, request: request, response: response, facts: facts, absent: absent)
            }
            bytes.append(0x5D)
        case .object(let members):
            bytes.append(0x7B)
            let count = bytes.appendParts(of: members) { member, bytes in
                bytes.append(jsonKey: member.key)
                let value = member.value
                return value.append(to: &bytes, request: request, response: response, facts: facts, absent: absent)
            }
            bytes.append(0x7D)
            return absent == .dash || count > 0
        }
        return true
    }
}

extension FormatString {
    /// A lone command keeps its type, and is null where it has no value; all else is a string.
    fileprivate func append(
        json bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts,
        absent: AbsentValue
    ) -> Bool {
        var text: [UInt8] = []
        if pieces.count == 1, case .command(let command) = pieces[0] {
            let source = command.source(request: request, response: response, facts: facts)
            guard source.append(to: &text, request: request, response: response, facts: facts) else {
                return absent == .dash && bytes.appendNull()
            }
            if source.isNumber {
                bytes.append(contentsOf: text)
            } else {
                bytes.append(jsonString: text)
            }
        } else {
            bytes.append(0x22)
            for piece in pieces {
                text.removeAll(keepingCapacity: true)
                let part = FormatString(piece)
                part.append(to: &text, request: request, response: response, facts: facts, absent: absent)
                bytes.append(jsonText: text)
            }
            bytes.append(0x22)
        }
        return true
    }
}

extension FormatCommand {
    /// Of several choices a number that is the first to have a value, because it is not cut; else the command.
    fileprivate func source(
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts
    ) -> FormatCommand {
        guard case .coalesced(let choices, _) = self else { return self }
        var ignored: [UInt8] = []
        for choice in choices
        where choice.append(to: &ignored, request: request, response: response, facts: facts) {
            return choice.isNumber ? choice : self
        }
        return self
    }
}

extension [UInt8] {
    /// Writes the elements that are not omitted, with commas between them.
    ///
    /// - Returns: How many.
    @discardableResult
    fileprivate mutating func appendParts<Part>(
        of elements: [Part],
        write: (Part, inout [UInt8]) -> Bool
    ) -> Int {
        var written = 0
        for element in elements {
            let start = count
            if written > 0 { append(0x2C) }
            if write(element, &self) {
                written += 1
            } else {
                removeLast(count - start)
            }
        }
        return written
    }

    fileprivate mutating func append(jsonKey key: String) {
        append(jsonString: Array(key.utf8))
        append(0x3A)
    }

    fileprivate mutating func appendNull() -> Bool {
        append(literal: "null")
        return true
    }
}
