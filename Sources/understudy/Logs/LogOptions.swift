// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The options that say what is logged, how and where. Envoy's names where Envoy has one.

public import ArgumentParser
public import UnderstudyCore

struct LogOptions: ParsableArguments {
    @Option(
        name: [.customShort("l"), .customLong("log-level")],
        help: ArgumentHelp("trace, debug, info, warning, error, critical or off.", valueName: "level")
    )
    var level = LogLevel.info

    @Option(
        name: .customLong("component-log-level"),
        help: ArgumentHelp(
            "Levels of single parts, for instance upstream:debug,config:trace. Parts: \(Self.parts).",
            valueName: "name:level,..."
        )
    )
    var componentLevels = ""

    @Option(
        name: .customLong("log-format"),
        help: ArgumentHelp("Form of a log line in Envoy's letters. Default: \(LogPattern.standard)", valueName: "text")
    )
    var format: String?

    @Flag(name: .customLong("log-json"), help: "Write each log line as a JSON object.")
    var isJSON = false

    @Option(
        name: .customLong("log-path"),
        help: ArgumentHelp("File for log lines instead of standard error; opened anew on SIGUSR1.", valueName: "file")
    )
    var path: String?

    private static let parts = LogComponent.allCases.map(\.rawValue).joined(separator: ", ")

    func validate() throws {
        if isJSON, format != nil { throw ValidationError("--log-json and --log-format together: give one of them") }
        _ = try components
    }

    /// In the order of the command line.
    var components: [ComponentLevel] {
        get throws {
            try componentLevels.split(separator: ",").map { item in
                let pair = item.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                let name = String(pair[0])
                guard LogComponent(rawValue: name) != nil || LogComponent.isEnvoyName(name) else {
                    throw ValidationError("--component-log-level: no part is named '\(name)'; there are \(Self.parts)")
                }
                guard pair.count == 2, let level = LogLevel(name: String(pair[1])) else {
                    let levels = LogLevel.allValueStrings.joined(separator: ", ")
                    throw ValidationError("--component-log-level: '\(item)' has no level; accepted are \(levels)")
                }
                return ComponentLevel(component: name, level: level)
            }
        }
    }

    /// - Throws: `LogFile.Failure` if the file cannot be opened.
    func makeSystem() throws -> LogSystem {
        let form = isJSON ? LogForm.json : .pattern(LogPattern(format ?? LogPattern.standard))
        return try LogSystem(level: level, components: try components, form: form, path: path)
    }
}

extension LogLevel: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(name: argument)
    }

    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}
