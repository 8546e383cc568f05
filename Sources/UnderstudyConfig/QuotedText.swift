// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Text of a file inside a message: short, on one line, and unable to steer the terminal it is printed on.

/// The text in quotes, as `shown`.
func quoted(_ text: String) -> String {
    "\"\(shown(text))\""
}

/// The text with everything unprintable escaped and everything past 120 characters left out.
func shown(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(longest) {
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case _ where isPrintable(scalar): result.unicodeScalars.append(scalar)
        default: result += "\\u{\(String(scalar.value, radix: 16))}"
        }
    }
    return result + (text.unicodeScalars.dropFirst(longest).isEmpty ? "" : "…")
}

private let longest = 120

private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: true
    }
}
