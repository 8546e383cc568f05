// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Refuses a hostile file before the YAML library touches it. The library builds a node for every value, and it hashes
// every mapping key with everything the key contains, aliases followed: a few lines can keep it busy for ever.
//
// The counts are upper bounds taken from the bytes alone, blind to quotes and comments. An exact count would need
// a second YAML reader, and the two would differ somewhere: that is where an attack would go.

/// How much work a YAML text can cause.
struct YAMLBudget {
    /// Values, at most.
    private(set) var values = 1
    /// Places where a mapping key may be more than a scalar.
    private(set) var complexKeys = 0
    /// Lines that may be directives, each of which the library compares with all before it.
    private(set) var directives = 0
    /// Values with every alias followed, at most.
    private(set) var expandedValues = 1

    static let maximumValues = 400_000
    /// Most values that may be hashed on behalf of complex keys.
    static let maximumHashing = 2_000_000

    static let maximumDirectives = 1000

    var isAffordable: Bool {
        guard !hasTooManyValues, directives <= Self.maximumDirectives else { return false }
        let (hashing, overflow) = expandedValues.multipliedReportingOverflow(by: complexKeys)
        return !overflow && hashing <= Self.maximumHashing
    }

    private var hasTooManyValues: Bool { values > Self.maximumValues }

    init(_ text: String) {
        var bytes = Array(text.utf8)
        bytes.append(UInt8(ascii: "\n"))
        var anchors: [ArraySlice<UInt8>: Weight] = [:]
        var previous = UInt8(ascii: "\n")
        var lastMark = UInt8(ascii: "\n")
        for index in bytes.indices.dropLast() where !hasTooManyValues {
            let byte = bytes[index]
            let next = bytes[index + 1]
            defer {
                previous = byte
                if !byte.isBlank { lastMark = byte }
            }
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                // At most one value follows a comma or an opening bracket, however many lines further down.
                if !lastMark.mayPrecedeFlowValue { count() }
                if next == UInt8(ascii: "%") { directives += 1 }
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"):
                count()
            case UInt8(ascii: ":"):
                // The key is a value, too, and is compared with all others of its mapping.
                count()
                count()
                if mayEndComplexKey(before: index, in: bytes) { complexKeys += 1 }
            case UInt8(ascii: "-") where next.isBlank:
                count()
            case UInt8(ascii: "?") where previous.mayPrecedeKey:
                count()
                if mayStartComplexKey(after: index, in: bytes) { complexKeys += 1 }
            case UInt8(ascii: "&") where next.isAnchorName && !previous.isAnchorName:
                define(name(after: index, in: bytes), in: &anchors)
            case UInt8(ascii: "*") where next.isAnchorName && !previous.isAnchorName:
                expand(name(after: index, in: bytes), in: &anchors)
            default:
                break
            }
        }
    }

    /// What following an alias costs: fixed when the alias is first used, for its node has ended by then.
    private struct Weight {
        let start: Int
        var cost: Int?
    }

    private mutating func count() {
        values += 1
        expandedValues = expandedValues.addingSaturated(1)
    }

    private mutating func define(_ name: ArraySlice<UInt8>, in anchors: inout [ArraySlice<UInt8>: Weight]) {
        count()
        // A name defined twice may stand for the first node inside the second, so its first use tells nothing.
        if anchors.updateValue(Weight(start: expandedValues), forKey: name) != nil { expandedValues = .max }
    }

    private mutating func expand(_ name: ArraySlice<UInt8>, in anchors: inout [ArraySlice<UInt8>: Weight]) {
        count()
        guard var weight = anchors[name] else { return }
        let cost = weight.cost ?? (expandedValues - weight.start + 1)
        weight.cost = cost
        anchors[name] = weight
        expandedValues = expandedValues.addingSaturated(cost)
    }

    private func name(after index: Int, in bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes[(index + 1)...].prefix { $0.isAnchorName }
    }

    /// Whether the `?` at `index` may begin a key that is more than a word.
    private func mayStartComplexKey(after index: Int, in bytes: [UInt8]) -> Bool {
        let next = bytes[index + 1]
        switch next {
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "!"): return true
        case UInt8(ascii: "&"), UInt8(ascii: "*"): return index + 2 < bytes.count && bytes[index + 2].isAnchorName
        default: return next.isBlank
        }
    }

    /// Whether the `:` at `index` may follow a key that is an alias, or a collection with anything in it but words.
    private func mayEndComplexKey(before index: Int, in bytes: [UInt8]) -> Bool {
        var cursor = index - 1
        while cursor >= 0, bytes[cursor].isBlank { cursor -= 1 }
        guard cursor >= 0 else { return false }
        let isCollection = bytes[cursor] == UInt8(ascii: "]") || bytes[cursor] == UInt8(ascii: "}")
        if isCollection { cursor -= 1 }
        // Addresses such as [::1]:80 are no reason for suspicion.
        while cursor >= 0, bytes[cursor].isAnchorName || isCollection && bytes[cursor].isAddressPunctuation {
            cursor -= 1
        }
        guard cursor >= 0 else { return false }
        if isCollection { return bytes[cursor] != UInt8(ascii: "[") && bytes[cursor] != UInt8(ascii: "{") }
        return bytes[cursor] == UInt8(ascii: "*")
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\n")
            || self == UInt8(ascii: "\r")
    }

    /// The letters that may form an anchor's name.
    fileprivate var isAnchorName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    fileprivate var isAddressPunctuation: Bool {
        self == UInt8(ascii: ":") || self == UInt8(ascii: ".") || self == UInt8(ascii: "%")
    }

    /// Whether the `?` of an explicit key may come right after this byte.
    fileprivate var mayPrecedeKey: Bool { isBlank || mayPrecedeFlowValue }

    /// Whether it is counted for the value that may come after it.
    fileprivate var mayPrecedeFlowValue: Bool {
        self == UInt8(ascii: "[") || self == UInt8(ascii: "{") || self == UInt8(ascii: ",")
    }
}

extension Int {
    fileprivate func addingSaturated(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
