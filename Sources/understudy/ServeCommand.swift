// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `understudy -c envoy.yaml`: reads the configuration and serves it.

internal import ArgumentParser
internal import Logging
internal import UnderstudyConfig
internal import UnderstudyCore
internal import UnderstudyProxy

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve an envoy.yaml. This is what happens without a subcommand."
    )

    @Option(
        name: [.customShort("c"), .customLong("config-path")],
        help: ArgumentHelp("The configuration, YAML or JSON.", valueName: "file")
    )
    var configPath: String?

    @Option(
        name: .customLong("config-yaml"),
        help: ArgumentHelp("The configuration itself instead of a path.", valueName: "text")
    )
    var configText: String?

    @Option(help: "serve, or validate: check the configuration and exit.")
    var mode = Mode.serve

    @Flag(
        name: [.customLong("allow-unknown-static-fields"), .customLong("allow-unknown-fields")],
        help: "Warn about fields that are unknown or not supported, instead of refusing the file."
    )
    var allowsUnknownFields = false

    @Flag(name: .customLong("hot-restart-version"), help: "Print that there is no hot restart, and exit.")
    var printsHotRestartVersion = false

    @OptionGroup var options: RunOptions

    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case serve, validate
        case initializeOnly = "init_only"

        static var allValueStrings: [String] { [Mode.serve.rawValue, Mode.validate.rawValue] }
    }

    func validate() throws {
        if printsHotRestartVersion { return }
        if mode == .initializeOnly {
            throw ValidationError("--mode init_only is not supported; accepted are serve and validate")
        }
        switch (configPath, configText) {
        case (nil, nil): throw ValidationError("a configuration is needed: -c FILE or --config-yaml TEXT")
        case (.some, .some): throw ValidationError("-c and --config-yaml together: give one of them")
        default: break
        }
    }

    func run() async throws {
        if printsHotRestartVersion {
            StandardStream.output.write("disabled\n")
            return
        }
        Signals.ignore(SIGHUP, SIGUSR1)
        let source: ConfigurationSource =
            if let configPath { .file(path: configPath) } else { .inline(configText ?? "", name: "--config-yaml") }
        let origin = ConfigurationOrigin(
            source: source,
            allowsUnknownFields: allowsUnknownFields,
            watch: configPath.map(FileWatch.init),
            adjust: { [options] in options.adjust(&$0) }
        )
        let configuration = try ConfigurationReport.load(source, allowsUnknownFields: allowsUnknownFields)
        if mode == .validate {
            StandardStream.output.write("configuration '\(source.name)' OK\n")
            return
        }
        let values = options.values(
            configPath: configPath,
            configText: configText,
            allowsUnknownFields: allowsUnknownFields
        )
        try await Serving.run(configuration, from: origin, options: options, values: values)
    }
}

/// Loading with its messages on standard error.
enum ConfigurationReport {
    /// - Throws: `ExitCode.failure` after every mistake has been shown.
    static func load(_ source: ConfigurationSource, allowsUnknownFields: Bool) throws -> ServerConfiguration {
        let result = ConfigurationLoader.load(source, allowUnknownFields: allowsUnknownFields)
        StandardStream.error.write(result.rendered)
        guard let configuration = result.configuration else { throw ExitCode.failure }
        let faults = CertificateCheck.faults(configuration)
        for fault in faults { StandardStream.error.write(fault.rendered) }
        guard faults.isEmpty else { throw ExitCode.failure }
        return configuration
    }
}
