// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `understudy validate FILE...`: every mistake of every file at once.

internal import ArgumentParser
internal import UnderstudyConfig

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check configurations and exit: 0 if all are good, 1 if any is not."
    )

    @Argument(help: "Configurations, YAML or JSON.")
    var files: [String]

    @Flag(
        name: .customLong("allow-unknown-static-fields"),
        help: "Warn about fields that are unknown or not supported, instead of refusing the file."
    )
    var allowsUnknownFields = false

    func run() throws {
        var hasFailed = false
        for file in files {
            do {
                _ = try ConfigurationReport.load(.file(path: file), allowsUnknownFields: allowsUnknownFields)
                StandardStream.output.write("configuration '\(file)' OK\n")
            } catch {
                hasFailed = true
            }
        }
        if hasFailed { throw ExitCode.failure }
    }
}
