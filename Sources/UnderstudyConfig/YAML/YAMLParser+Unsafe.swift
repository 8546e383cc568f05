// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// libyaml behind a Swift interface: the events of a text, one after the other. Unsafe because its memory is C's; what
// leaves this file is copied.

import CYAML

/// Why a text is no tree of values, and where.
struct YAMLError: Error {
    var kind = ConfigurationDiagnostic.Kind.syntax
    let message: String
    /// What would be taken instead, if that is not clear.
    var accepted: String?
    /// Nothing where it is not one place.
    var mark: Mark?
}

/// A piece of a YAML text.
struct YAMLEvent {
    enum Kind {
        case documentStart
        case documentEnd
        case streamEnd
        case alias(String)
        case scalar(Node.Scalar)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    let kind: Kind
    /// The name that the value goes by from here on.
    var anchor: String?
    let mark: Mark
}

/// Reads a text from front to back.
@safe struct YAMLParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) {
        unsafe self.text = .allocate(capacity: text.utf8.count)
        _ = unsafe self.text.initialize(fromContentsOf: text.utf8)
        unsafe parser = .allocate(capacity: 1)
        // It fails only where there is no memory, which ends a Swift program elsewhere, too.
        guard unsafe yaml_parser_initialize(parser) == 1 else { fatalError("no memory for a YAML parser") }
        // Without `yaml_parser_set_encoding`, which would make a byte order mark a column of the first line.
        unsafe yaml_parser_set_input_string(parser, self.text.baseAddress, self.text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    mutating func next() throws(YAMLError) -> YAMLEvent {
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw error() }
            defer { unsafe yaml_event_delete(&event) }
            if let event = unsafe read(event) { return event }
        }
    }

    /// What an event says; nothing for the beginning of the text, which says nothing.
    private func read(_ event: yaml_event_t) -> YAMLEvent? {
        let mark = unsafe Mark(event.start_mark)
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, mark: mark)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, mark: mark)
        case YAML_ALIAS_EVENT:
            return unsafe YAMLEvent(kind: .alias(Self.string(event.data.alias.anchor) ?? ""), mark: mark)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe scalar(event)
            return unsafe YAMLEvent(kind: .scalar(scalar), anchor: Self.string(event.data.scalar.anchor), mark: mark)
        case YAML_SEQUENCE_START_EVENT:
            let anchor = unsafe Self.string(event.data.sequence_start.anchor)
            return YAMLEvent(kind: .sequenceStart, anchor: anchor, mark: mark)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, mark: mark)
        case YAML_MAPPING_START_EVENT:
            let anchor = unsafe Self.string(event.data.mapping_start.anchor)
            return YAMLEvent(kind: .mappingStart, anchor: anchor, mark: mark)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, mark: mark)
        // After the end it has no more events, and says so.
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return YAMLEvent(kind: .streamEnd, mark: mark)
        default: return nil
        }
    }

    private func scalar(_ event: yaml_event_t) -> Node.Scalar {
        let scalar = unsafe event.data.scalar
        // Escapes may put a NUL into it, so that its length counts.
        let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        let string = unsafe String(decoding: bytes, as: UTF8.self)
        let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
        let style: ScalarValue.Style =
            switch unsafe Self.string(scalar.tag) {
            case nil: isPlain ? .plain : .quoted
            case "!": .quoted
            default: .tagged
            }
        return Node.Scalar(string: string, style: style)
    }

    private subscript(_ index: Int) -> UInt8? { unsafe index < text.count ? text[index] : nil }

    private func error() -> YAMLError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "not YAML"
        guard unsafe parser.pointee.error != YAML_READER_ERROR else {
            // The only error before there are characters, and the only one whose place is a byte's.
            return unsafe YAMLError(message: problem, mark: mark(ofByte: parser.pointee.problem_offset))
        }
        let context = unsafe parser.pointee.context.map { unsafe " " + String(cString: $0) } ?? ""
        return unsafe YAMLError(message: problem + context, mark: Mark(parser.pointee.problem_mark))
    }

    private func mark(ofByte offset: Int) -> Mark {
        var line = 1
        var column = 1
        for index in 0..<offset {
            guard let byte = self[index] else { break }
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return Mark(line: line, column: column)
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe text.map { unsafe String(cString: $0) }
    }
}

extension Mark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: mark.line + 1, column: mark.column + 1)
    }
}
