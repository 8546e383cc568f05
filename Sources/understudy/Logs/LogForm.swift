// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How a log line is spelt: by a pattern, or as JSON.

internal import Logging
internal import UnderstudyCore

enum LogForm: Sendable {
    case pattern(LogPattern)
    /// An object on each line: `time`, `level`, `component`, `thread`, `source`, `message`, and `facts` if there are any.
    case json

    /// With its newline.
    func line(_ record: LogRecord) -> String {
        switch self {
        case .pattern(let pattern): pattern.line(record)
        case .json: Self.json(record)
        }
    }

    private static let jsonTime = LogPattern("%Y-%m-%dT%T.%eZ")

    private static func json(_ record: LogRecord) -> String {
        let quoted = IndentedJSON.quoted
        var members = [
            "\"time\":\(quoted(String(jsonTime.line(record).dropLast())))",
            "\"level\":\(quoted(record.level.rawValue))",
            "\"component\":\(quoted(record.component))",
            "\"thread\":\(record.thread)",
            "\"source\":\(quoted("\(record.file):\(record.line)"))",
            "\"message\":\(quoted(record.message))",
        ]
        if !record.metadata.isEmpty {
            let facts = record.metadata.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\"facts\":{" + facts.joined(separator: ",") + "}")
        }
        return "{" + members.joined(separator: ",") + "}\n"
    }
}
