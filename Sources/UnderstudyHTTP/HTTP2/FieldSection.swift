// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The fields of one HTTP/2 header block, before they are a request, an answer or trailers.

public import UnderstudyCore

/// Pseudo-fields and lines of one decoded header block, in memory that is used again for the next one.
public struct FieldSection: Sendable {
    /// The regular lines, behind that of `:authority` as a Host; its arena has the values of all pseudo-fields.
    public internal(set) var headers = HeaderBlock()
    /// Where the values of pseudo-fields stand in `headers.bytes`; `nil` if they are absent.
    public private(set) var method: Range<Int>?
    public private(set) var scheme: Range<Int>?
    public private(set) var authority: Range<Int>?
    public private(set) var path: Range<Int>?
    public private(set) var status: Range<Int>?
    public private(set) var protocolName: Range<Int>?
    /// What is wrong with the first field that is wrong; what came from then on has not been kept.
    public private(set) var fault: FieldFault?
    /// The limits were exceeded; what came from then on has not been kept.
    public private(set) var isTooLarge = false
    /// Bytes of DATA that have to come, if that is known once a head was made.
    public internal(set) var contentLength: Int?
    /// Lines that the request has lost for an underscore in their names.
    public internal(set) var droppedLines = 0

    /// The values of `cookie` fields.
    var crumbs: [Range<Int>] = []
    private(set) var limits = MessageLimits()
    private(set) var hasTooManyLines = false
    /// What all fields count for, kept or not.
    ///
    /// - Source: RFC 9113 section 6.5.2.
    private(set) var listBytes = 0
    private var hasRegularField = false

    public init() {}

    /// Forgets the fields but keeps the memory.
    public mutating func reset() {
        headers.removeAll()
        crumbs.removeAll(keepingCapacity: true)
        method = nil
        scheme = nil
        authority = nil
        path = nil
        status = nil
        protocolName = nil
        fault = nil
        isTooLarge = false
        contentLength = nil
        droppedLines = 0
        hasTooManyLines = false
        listBytes = 0
        hasRegularField = false
    }

    /// The request was an extended CONNECT and has become an upgrade, as HTTP/1.1 knows it (RFC 8441).
    public var isExtendedConnect: Bool { method != nil && protocolName != nil }

    /// The answer has no body, whatever else is wrong with the request.
    var isHead: Bool {
        guard let method else { return false }
        return method.count == 4 && ByteScan.equals(headers.bytes.span, at: method.lowerBound, "HEAD")
    }

    /// More pseudo-fields than those that are told apart here make a message malformed.
    var hasRequestField: Bool {
        method != nil || scheme != nil || authority != nil || path != nil || protocolName != nil
    }

    mutating func begin(_ limits: MessageLimits) {
        reset()
        self.limits = limits
    }

    /// Fields are still kept.
    var isKeeping: Bool { fault == nil && !isTooLarge }

    /// Counts a field that is not kept.
    mutating func skip(nameLength: Int, valueLength: Int) {
        listBytes += nameLength + valueLength + HPACKTable.overhead
    }

    /// Takes the field whose line is the last of the arena, or removes it from there.
    mutating func take(_ name: FieldName, _ fieldFault: FieldFault?, at start: Int, nameLength: Int, valueLength: Int) {
        skip(nameLength: nameLength, valueLength: valueLength)
        if isKeeping {
            if listBytes > limits.headBytes {
                isTooLarge = true
            } else if let fieldFault {
                fault = fieldFault
            } else {
                keep(name, at: start, nameLength: nameLength, valueLength: valueLength)
            }
        }
        if !isKeeping { headers.bytes.removeLast(headers.bytes.count - start) }
    }

    private mutating func keep(_ name: FieldName, at start: Int, nameLength: Int, valueLength: Int) {
        let valueStart = start + nameLength + 2
        let value = valueStart..<valueStart + valueLength
        switch name.kind {
        case .regular:
            hasRegularField = true
            guard hasRoomForLine() else { return }
            headers.addLineInPlace(
                start: start,
                nameLength: nameLength,
                valueEnd: value.upperBound,
                known: name.known
            )
        case .cookie:
            hasRegularField = true
            guard !crumbs.isEmpty || hasRoomForLine() else { return }
            crumbs.append(value)
        case .method: if mayHave(method) { method = value }
        case .scheme: if mayHave(scheme) { scheme = value }
        case .path: if mayHave(path) { path = value }
        case .status: if mayHave(status) { status = value }
        case .protocolName: if mayHave(protocolName) { protocolName = value }
        case .authority:
            guard mayHave(authority), hasRoomForLine() else { return }
            authority = value
            addHost(value)
        }
    }

    private mutating func hasRoomForLine() -> Bool {
        guard headers.lines.count + (crumbs.isEmpty ? 0 : 1) >= limits.headerLines else { return true }
        isTooLarge = true
        hasTooManyLines = true
        return false
    }

    /// Whether there may be a pseudo-field here that is `present` so far.
    private mutating func mayHave(_ present: Range<Int>?) -> Bool {
        guard !hasRegularField else {
            fault = .latePseudoField
            return false
        }
        guard present == nil else {
            fault = .repeatedPseudoField
            return false
        }
        return true
    }

    /// The line of `:authority` becomes one of `host`, which takes the place of the last four letters of that name.
    private mutating func addHost(_ value: Range<Int>) {
        let start = value.lowerBound - 6
        headers.bytes[start] = 0x68
        headers.bytes[start + 1] = 0x6F
        headers.bytes[start + 2] = 0x73
        headers.bytes[start + 3] = 0x74
        headers.addLineInPlace(start: start, nameLength: 4, valueEnd: value.upperBound, known: .host)
    }
}

/// Why a field makes its message malformed.
///
/// - Source: RFC 9113 sections 8.1.1, 8.2 and 8.3.
public enum FieldFault: UInt8, Sendable {
    /// Empty, in upper case, or no token.
    case badName
    /// A control byte, or a blank at an end.
    case badValue
    /// A pseudo-field that is not known.
    case unknownPseudoField
    case repeatedPseudoField
    /// A pseudo-field behind a regular field.
    case latePseudoField
    /// `connection`, `keep-alive`, `proxy-connection`, `transfer-encoding` or `upgrade`.
    case connectionField
    /// `te` with anything but `trailers`.
    case badTE
}
