// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Lines added and removed by names that only the configuration knows.

extension HeaderBlock {
    /// Removes the lines of this lower-case name from line `first` on.
    ///
    /// - Returns: Whether there was any.
    @discardableResult
    mutating func removeLines(named name: [UInt8], from first: Int) -> Bool {
        guard let start = firstIndex(named: name, from: first) else { return false }
        let arena = bytes
        var index = -1
        removeLines { line in
            index += 1
            return index >= start && ByteScan.equals(arena.span, line.name, name)
        }
        return true
    }

    func firstIndex(named name: [UInt8], from first: Int) -> Int? {
        let arena = bytes.span
        for index in lines.indices.dropFirst(first) where ByteScan.equals(arena, lines[index].name, name) {
            return index
        }
        return nil
    }

    /// Adds the value in a line of its own, or to the line that there is if the name allows one only.
    ///
    /// - Source: measured on Envoy 1.40: a comma without a blank, and none beside an empty value.
    mutating func append(_ name: HeaderName, joins: Bool, _ value: Span<UInt8>, from first: Int) {
        guard joins, let index = firstIndex(named: name.bytes, from: first) else {
            add(name.bytes, known: name.known) { $0.append(copying: value) }
            return
        }
        guard !value.isEmpty else { return }
        extendValue(at: index) { bytes, isEmpty in
            if !isEmpty { bytes.append(0x2C) }
            bytes.append(copying: value)
        }
    }
}

/// The additions of one level with their values, all worked out before the first line changes.
///
/// - Source: Envoy `HeaderParser::evaluateHeaders`; measured on 1.40.
struct AdditionPlan {
    private let side: JoinedHeaders.Side
    /// Lines before it are not touched.
    private let firstLine: Int
    var values: [UInt8] = []
    private var overwrites: [(name: HeaderName, value: Range<Int>)] = []
    private var appends: [(name: HeaderName, value: Range<Int>)] = []

    init(_ side: JoinedHeaders.Side) {
        self.side = side
        firstLine = side == .request ? RequestHead.hostLine + 1 : 0
    }

    /// Decides on an addition whose value is the end of `values`, from `start` on.
    ///
    /// A value with a control byte, as only a decoded query parameter brings it, is dropped: Envoy refuses such a
    /// request, and sends such an answer as it is.
    mutating func settle(
        _ addition: borrowing HeaderAddition,
        valueFrom start: Int,
        in headers: borrowing HeaderBlock
    ) {
        let value = start..<values.count
        guard !value.isEmpty || addition.keepsEmptyValue else { return }
        guard ByteScan.isFieldValue(values.span, value) else { return }
        let name = addition.lineName
        // The configuration refuses these; here a second one would be a different message to the next hop.
        guard ![.host, .contentLength, .transferEncoding].contains(name.known) else { return }
        switch addition.action {
        case .appendIfExistsOrAdd: appends.append((name, value))
        case .addIfAbsent:
            guard headers.firstIndex(named: name.bytes) == nil else { return }
            appends.append((name, value))
        case .overwriteIfExists:
            guard headers.firstIndex(named: name.bytes, from: firstLine) != nil else { return }
            overwrites.append((name, value))
        case .overwriteIfExistsOrAdd: overwrites.append((name, value))
        }
    }

    /// Overwrites first, each of which moves its line to the end; then what is added.
    func perform(on headers: inout HeaderBlock) {
        for step in overwrites {
            headers.removeLines(named: step.name.bytes, from: firstLine)
            headers.add(step.name.bytes, known: step.name.known) {
                $0.append(copying: values.span.extracting(step.value))
            }
        }
        for step in appends {
            let joins = side == .request ? step.name.joinsInRequests : step.name.joinsInResponses
            headers.append(step.name, joins: joins, values.span.extracting(step.value), from: firstLine)
        }
    }
}
