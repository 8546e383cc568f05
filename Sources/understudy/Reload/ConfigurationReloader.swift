// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Loads the configuration again while the proxy serves.

internal import Logging
internal import UnderstudyConfig
internal import UnderstudyCore
internal import UnderstudyHTTP
internal import UnderstudyProxy

/// Where the configuration comes from, for whoever reads it another time.
struct ConfigurationOrigin: Sendable {
    let source: ConfigurationSource
    let allowsUnknownFields: Bool
    /// Made before the first reading; `nil` if it is not a file.
    let watch: FileWatch?
    /// What the command line has set in place of the file.
    let adjust: @Sendable (inout ServerConfiguration) -> Void

    /// - Returns: The configuration, or what is wrong with it.
    func load() -> ConfigurationResult {
        ConfigurationLoader.load(source, allowUnknownFields: allowsUnknownFields)
    }
}

/// Replaces the configuration of a server, by signal or because its file has changed.
struct ConfigurationReloader: Sendable {
    let origin: ConfigurationOrigin
    let server: ProxyServer
    let logger: Logger
    /// What the process began with.
    private let beginning: ServerConfiguration

    init(origin: ConfigurationOrigin, server: ProxyServer, logger: Logger) {
        self.origin = origin
        self.server = server
        self.logger = logger
        beginning = server.snapshot.configuration
    }

    /// A configuration that cannot be used is told of, and the one before it goes on serving.
    func reload() async {
        guard origin.watch != nil else {
            return logger.warning("there is no configuration file to load again")
        }
        let result = origin.load()
        for diagnostic in result.diagnostics where diagnostic.severity == .warning {
            logger.warning("\(diagnostic.summary)")
        }
        if result.warningsLeftOut > 0 { logger.warning("and \(result.warningsLeftOut) more warnings") }
        guard var configuration = result.configuration else { return refuse(result) }
        origin.adjust(&configuration)
        warnOfFixedParts(configuration)
        do {
            try await server.replace(with: configuration, time: UnixTime.now)
            logger.info(
                "configuration loaded",
                metadata: [
                    "file": "\(origin.source.name)", "listeners": "\(configuration.listeners.count)",
                    "clusters": "\(configuration.clusters.count)",
                ]
            )
        } catch {
            logger.error("configuration refused, the one before it serves on", metadata: ["reason": "\(error)"])
        }
    }

    private func refuse(_ result: ConfigurationResult) {
        let errors = result.diagnostics.filter { $0.severity == .error }.map(\.summary)
        server.refused(errors, time: UnixTime.now)
        for error in errors { logger.error("\(error)") }
        logger.error(
            "configuration refused, the one before it serves on",
            metadata: ["file": "\(origin.source.name)", "errors": "\(errors.count)"]
        )
    }

    /// What is set up once, at the start.
    private func warnOfFixedParts(_ configuration: ServerConfiguration) {
        var parts: [String] = []
        if configuration.admin != beginning.admin { parts.append("admin.address") }
        if configuration.runtime != beginning.runtime { parts.append("layered_runtime") }
        guard !parts.isEmpty else { return }
        logger.warning("changes take effect at the next start", metadata: ["fields": "\(parts.joined(separator: ","))"])
    }
}

extension ConfigurationDiagnostic {
    /// The message with everything known about it, on one line.
    var summary: String {
        let place = line.map { "\(file):\($0):\(column ?? 1)" } ?? file
        var text = "\(place): "
        if !path.isEmpty { text += "\(path): " }
        text += message
        if let found { text += ", found \(found)" }
        if let accepted { text += ", accepted \(accepted)" }
        if let suggestion { text += ", did you mean \"\(suggestion)\"?" }
        return text
    }
}
