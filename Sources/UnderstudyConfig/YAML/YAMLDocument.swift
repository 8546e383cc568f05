// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From text to a tree of nodes with positions. The one place that knows how the YAML library fails.

import Yams

/// The first document of a file.
struct YAMLDocument {
    let root: Place
    private let source: SourceText

    /// Nothing, after a report, if the text is not one readable YAML document.
    init?(_ text: String, log: inout DiagnosticLog) {
        guard YAMLBudget(text).isAffordable else {
            log.report(
                .syntax,
                line: nil,
                column: nil,
                "too large: more values, directives or nested aliases than can be checked",
                accepted: "\(YAMLBudget.maximumValues) lines, keys, fields and list items, and no alias in a key"
            )
            return nil
        }
        do {
            // Without rules: the types of scalars are decided by `ScalarValue`, as Envoy decides them.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            guard let node = try parser.nextRoot() else {
                log.report(.syntax, line: nil, column: nil, "empty", accepted: "a mapping such as static_resources: {}")
                return nil
            }
            root = Place(path: "", node: node, mark: node.mark)
            source = SourceText(text)
            if Self.hasMore(parser) {
                log.report(.syntax, .warning, line: nil, column: nil, "only the first YAML document is read")
            }
        } catch let error as YamlError {
            Self.report(error, in: text, to: &log)
            return nil
        } catch {
            log.report(.syntax, line: nil, column: nil, "not YAML")
            return nil
        }
    }

    func value(of scalar: Node.Scalar) -> ScalarValue {
        let isPlain = scalar.style == .plain || scalar.style == .any
        switch scalar.mark.map({ source.tag(line: $0.line, column: $0.column) }) ?? .none {
        case .none: return ScalarValue(scalar.string, style: isPlain ? .plain : .quoted)
        case .nonSpecific: return ScalarValue(scalar.string, style: .quoted)
        case .named: return ScalarValue(scalar.string, style: .tagged)
        }
    }

    /// Whether there is a second document.
    ///
    /// Envoy does not look at it, so it may even be broken.
    private static func hasMore(_ parser: Parser) -> Bool {
        do {
            return try parser.nextRoot() != nil
        } catch {
            return true
        }
    }
}

extension YAMLDocument {
    /// Most keys that a message lists.
    private static let mostKeys = 8

    private static func report(_ error: YamlError, in text: String, to log: inout DiagnosticLog) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let context = context.map { " \($0.text)" } ?? ""
            log.report(.syntax, line: mark.line, column: mark.column, problem + context)
        case .duplicatedKeysInMapping(let keys, let context):
            let others = keys.count > mostKeys ? " and \(keys.count - mostKeys) more" : ""
            let names = keys.prefix(mostKeys).map(quoted).joined(separator: ", ") + others
            let message = "\(names) is given more than once in one mapping"
            log.report(.invalid, line: context.mark.line, column: context.mark.column, message)
        case .reader(let problem, let offset, _, _):
            let position = offset.map { SourceText.position(ofCharacter: $0, in: text) }
            log.report(.syntax, line: position?.line, column: position?.column, problem)
        default:
            log.report(.syntax, line: nil, column: nil, "not YAML")
        }
    }
}
