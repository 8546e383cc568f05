// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From text to a tree of nodes with positions, within bounds: nothing is built of a file that is larger than any means.

/// The first document of a file.
struct YAMLDocument {
    let root: Node
    /// Whether another document follows.
    ///
    /// Envoy does not look at it, so it may even be broken, but for control characters: libyaml reads ahead.
    let hasMore: Bool

    /// Most values, keys included; an alias is one.
    static let maximumValues = 400_000
    /// Most lists and mappings in one another, with every alias followed.
    static let maximumDepth = 500
    /// Most lines that may be directives, each of which libyaml compares with all before it.
    static let maximumDirectives = 1000

    /// Nothing if the text has no document.
    init?(_ text: String) throws(YAMLError) {
        guard Self.directives(in: text) <= Self.maximumDirectives else {
            throw YAMLError(
                message: "too many directives",
                accepted: "\(Self.maximumDirectives) lines that begin with %"
            )
        }
        var parser = YAMLParser(text)
        guard case .documentStart = try parser.next().kind else { return nil }
        var composer = Composer()
        while let event = try Self.value(&parser) { try composer.add(event) }
        guard let root = composer.root else { return nil }
        self.root = root
        hasMore = Self.hasMore(&parser)
    }

    /// The next event before the document's end.
    private static func value(_ parser: inout YAMLParser) throws(YAMLError) -> YAMLEvent? {
        let event = try parser.next()
        switch event.kind {
        case .documentEnd, .streamEnd: return nil
        default: return event
        }
    }

    private static func hasMore(_ parser: inout YAMLParser) -> Bool {
        guard let event = try? parser.next() else { return true }
        if case .streamEnd = event.kind { return false }
        return true
    }

    private static func directives(in text: String) -> Int {
        var count = 0
        var previous = UInt8(ascii: "\n")
        for byte in text.utf8 {
            if byte == UInt8(ascii: "%"), previous == UInt8(ascii: "\n") || previous == UInt8(ascii: "\r") {
                count += 1
            }
            previous = byte
        }
        return count
    }
}

/// Puts a tree together from its events.
///
/// Without recursion, so that a deep file needs no deep stack.
private struct Composer {
    /// A sequence or mapping whose end has not come.
    private struct Open {
        let isMapping: Bool
        let anchor: String?
        /// Which of all anchors it is.
        let number: Int
        let mark: Mark
        /// The items; of a mapping its keys and values in turn.
        var children: [Node] = []
        /// Levels below it.
        var depth = 0
    }

    private(set) var root: Node?
    private var open: [Open] = []
    private var values = 0
    /// What a name stands for: the value that got it last, by where values begin.
    private var anchors: [String: Anchor] = [:]
    private var lastAnchor = 0

    private struct Anchor {
        let number: Int
        /// `nil` within the value itself.
        var value: (node: Node, depth: Int)?
    }

    mutating func add(_ event: YAMLEvent) throws(YAMLError) {
        switch event.kind {
        case .scalar(let scalar):
            let node = Node(content: .scalar(scalar), mark: event.mark)
            if let anchor = event.anchor { anchors[anchor] = Anchor(number: nextAnchor(), value: (node, 0)) }
            try finish(node, depth: 0)
        case .alias(let name):
            guard let anchor = anchors[name] else {
                throw YAMLError(message: "undefined alias \(quoted(name))", mark: event.mark)
            }
            guard let (node, depth) = anchor.value else {
                throw YAMLError(message: "alias \(quoted(name)) within what it names", mark: event.mark)
            }
            try checkDepth(open.count + depth, at: event.mark)
            try finish(node, depth: depth)
        case .sequenceStart: try begin(event, isMapping: false)
        case .mappingStart: try begin(event, isMapping: true)
        case .sequenceEnd, .mappingEnd: try end()
        case .documentStart, .documentEnd, .streamEnd: break
        }
    }

    private mutating func begin(_ event: YAMLEvent, isMapping: Bool) throws(YAMLError) {
        try checkDepth(open.count + 1, at: event.mark)
        let number = nextAnchor()
        if let anchor = event.anchor { anchors[anchor] = Anchor(number: number) }
        open.append(Open(isMapping: isMapping, anchor: event.anchor, number: number, mark: event.mark))
    }

    private mutating func nextAnchor() -> Int {
        lastAnchor += 1
        return lastAnchor
    }

    private mutating func end() throws(YAMLError) {
        guard let ended = open.popLast() else { return }
        let content: Node.Content = ended.isMapping ? .mapping(try pairs(of: ended)) : .sequence(ended.children)
        let (node, depth) = (Node(content: content, mark: ended.mark), ended.depth + 1)
        // Unless a value within it got the same name.
        if let anchor = ended.anchor, anchors[anchor]?.number == ended.number { anchors[anchor]?.value = (node, depth) }
        try finish(node, depth: depth)
    }

    private mutating func finish(_ node: Node, depth: Int) throws(YAMLError) {
        values += 1
        guard values <= YAMLDocument.maximumValues else {
            throw YAMLError(message: "too large", accepted: "\(YAMLDocument.maximumValues) keys, fields and list items")
        }
        guard let last = open.indices.last else {
            root = node
            return
        }
        open[last].children.append(node)
        open[last].depth = max(open[last].depth, depth)
    }

    private func checkDepth(_ depth: Int, at mark: Mark) throws(YAMLError) {
        guard depth <= YAMLDocument.maximumDepth else {
            throw YAMLError(message: "nested too deeply", accepted: "\(YAMLDocument.maximumDepth) levels", mark: mark)
        }
    }

    private func pairs(of mapping: Open) throws(YAMLError) -> Node.Mapping {
        let children = mapping.children
        let pairs = stride(from: 1, to: children.count, by: 2).map { (key: children[$0 - 1], value: children[$0]) }
        try checkNames(of: pairs)
        return pairs
    }

    /// Most keys that a message lists.
    private static let mostKeys = 8

    private func checkNames(of pairs: Node.Mapping) throws(YAMLError) {
        var seen: Set<String> = []
        var repeated: Set<String> = []
        var first: Mark?
        for (key, _) in pairs {
            guard let name = key.scalar?.string, !seen.insert(name).inserted else { continue }
            repeated.insert(name)
            first = first ?? key.mark
        }
        guard !repeated.isEmpty else { return }
        let others = repeated.count > Self.mostKeys ? " and \(repeated.count - Self.mostKeys) more" : ""
        let names = repeated.sorted().prefix(Self.mostKeys).map(quoted).joined(separator: ", ")
        throw YAMLError(
            kind: .invalid,
            message: "\(names)\(others) is given more than once in one mapping",
            mark: first
        )
    }
}
