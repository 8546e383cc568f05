// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// JSON as protobuf's printer lays it out, which is how Envoy's admin server answers.

public enum IndentedJSON {
    /// A JSON string with its quotation marks.
    public static func quoted(_ text: String) -> String {
        RuntimeJSON.quoted(text)
    }

    /// The same JSON with a line for each value and one space for each level, and a newline at the end.
    ///
    /// - Parameter json: Well-formed, with any white space or none.
    public static func laidOut(_ json: String) -> String {
        var layout = Layout()
        for byte in json.utf8 { layout.add(byte) }
        layout.out.append(0x0A)
        return String(decoding: layout.out, as: UTF8.self)
    }

    private struct Layout {
        var out: [UInt8] = []
        private var depth = 0
        private var isInString = false
        private var isEscaped = false
        /// After an opening bracket, until it is known whether anything stands within.
        private var isOpening = false

        mutating func add(_ byte: UInt8) {
            if isInString { return addToString(byte) }
            switch byte {
            case UInt8(ascii: " "), 0x09, 0x0A, 0x0D: return
            case UInt8(ascii: "}"), UInt8(ascii: "]"): close(byte)
            default:
                if isOpening { newLine() }
                isOpening = false
                put(byte)
            }
        }

        private mutating func put(_ byte: UInt8) {
            out.append(byte)
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                isOpening = true
            case UInt8(ascii: ","): newLine()
            case UInt8(ascii: ":"): out.append(UInt8(ascii: " "))
            default: break
            }
        }

        private mutating func close(_ byte: UInt8) {
            depth = max(0, depth - 1)
            if !isOpening { newLine() }
            isOpening = false
            out.append(byte)
        }

        private mutating func addToString(_ byte: UInt8) {
            out.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
        }

        private mutating func newLine() {
            out.append(0x0A)
            out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth))
        }
    }
}
