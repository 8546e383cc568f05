// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `/logging`: how much the parts of the process tell.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// - Source: measured on Envoy 1.40.
struct LoggingEndpoints: Sendable {
    let logs: any LogControl

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(
                path: "/logging",
                help: "query/change logging levels",
                isMutating: true,
                parameters: [
                    .init(
                        name: "paths",
                        help: "Change multiple logging levels: <logger_name1>:<level1>,<logger_name2>:<level2>"
                    ),
                    .init(name: "level", help: "desired logging level, this will change all loggers's level"),
                ],
                takesOtherParameters: true,
                answer: answer
            )
        ]
    }

    @Sendable private func answer(_ request: AdminRequest) -> PlainAnswer {
        // A form sends the fields that were left empty, too.
        let changes = request.query.all.filter { !(["paths", "level"].contains($0.name) && $0.value.isEmpty) }
        do throws(Refusal) {
            if let change = changes.first {
                guard changes.count == 1 else { throw Refusal(reason: "invalid number of parameters") }
                try apply(change)
            }
            return PlainAnswer(body: list)
        } catch {
            return PlainAnswer(status: 400, body: "error: \(error.reason)\n\n" + Self.usage + list)
        }
    }

    private struct Refusal: Error {
        var reason: String
    }

    private func apply(_ change: QueryParameters.Parameter) throws(Refusal) {
        switch change.name {
        case "level": logs.setAll(try Self.level(change.value))
        case "paths": try applyPaths(change.value)
        default: try set([(change.name, try Self.level(change.value))])
        }
    }

    /// All or none.
    private func applyPaths(_ text: String) throws(Refusal) {
        var changes: [(String, LogLevel)] = []
        for item in text.split(separator: ",") {
            let pair = item.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[0].isEmpty, !pair[1].isEmpty else {
                throw Refusal(reason: "empty logger name or empty logger level")
            }
            changes.append((String(pair[0]), try Self.level(String(pair[1]))))
        }
        try set(changes)
    }

    private func set(_ changes: [(String, LogLevel)]) throws(Refusal) {
        let names = Set(logs.levels.map(\.component))
        for (name, _) in changes where !names.contains(name) && !logs.set(name, to: nil) {
            throw Refusal(reason: "unknown logger name")
        }
        for (name, level) in changes { _ = logs.set(name, to: level) }
    }

    private static func level(_ text: String) throws(Refusal) -> LogLevel {
        guard let level = LogLevel(rawValue: text) else { throw Refusal(reason: "unknown logger level") }
        return level
    }

    private var list: String {
        let lines = logs.levels.map { "  \($0.component): \($0.level.rawValue)\n" }
        return "active loggers:\n" + lines.joined() + "\n"
    }

    private static let usage = """
        usage: /logging?<name>=<level> (change single level)
        usage: /logging?paths=name1:level1,name2:level2,... (change multiple levels)
        usage: /logging?level=<level> (change all levels)
        levels: \(LogLevel.allCases.map(\.rawValue).joined(separator: " ")) \n
        """
}
