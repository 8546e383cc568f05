// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The way from a file to a checked model, one stage a line.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

public enum ConfigurationLoader {
    /// Reads and checks a configuration, reporting every mistake at once.
    ///
    /// - Parameter allowUnknownFields: turns unknown and unsupported fields from errors into warnings, as Envoy's
    ///   `--allow-unknown-static-fields` does. Values stay errors.
    public static func load(_ source: ConfigurationSource, allowUnknownFields: Bool) -> ConfigurationResult {
        var log = DiagnosticLog(file: source.name)
        let configuration = read(source, allowUnknownFields: allowUnknownFields, log: &log)
        return ConfigurationResult(
            configuration: log.hasErrors ? nil : configuration,
            diagnostics: log.inFileOrder,
            warningsLeftOut: log.warningsLeftOut,
            isComplete: !log.isFull
        )
    }

    private static func read(
        _ source: ConfigurationSource,
        allowUnknownFields: Bool,
        log: inout DiagnosticLog
    ) -> ServerConfiguration? {
        let text: String
        do {
            text = try source.text()
        } catch {
            log.report(.unreadable, line: error.line, column: error.column, error.message)
            return nil
        }
        let bootstrapType = Envoy_Config_Bootstrap_V3_Bootstrap.protoMessageName
        guard let root = root(of: text, log: &log)?.root(as: bootstrapType) else { return nil }
        var walker = MessageWalker(log: log, allowUnknownFields: allowUnknownFields)
        let json = walker.json(of: root, as: bootstrapType)
        log = walker.log
        guard !log.isFull, let json, let bootstrap = parse(json, log: &log) else { return nil }
        var compiler = Compiler(log: log)
        var configuration = compiler.compile(bootstrap, at: root)
        log = compiler.log
        if !log.hasErrors { configuration.document = ConfigurationDocument(bootstrap) }
        return configuration
    }

    /// The first document's value; nothing, after a report, if there is none.
    private static func root(of text: String, log: inout DiagnosticLog) -> Place? {
        do {
            guard let document = try YAMLDocument(text) else {
                log.report(.syntax, line: nil, column: nil, "empty", accepted: "a mapping such as static_resources: {}")
                return nil
            }
            if document.hasMore {
                log.report(.syntax, .warning, line: nil, column: nil, "only the first YAML document is read")
            }
            return Place(path: "", node: document.root, mark: document.root.mark)
        } catch {
            let (line, column) = (error.mark?.line, error.mark?.column)
            log.report(error.kind, line: line, column: column, error.message, accepted: error.accepted)
            return nil
        }
    }

    private static func parse(_ json: [UInt8], log: inout DiagnosticLog) -> Envoy_Config_Bootstrap_V3_Bootstrap? {
        do {
            return try Envoy_Config_Bootstrap_V3_Bootstrap(jsonUTF8Bytes: json)
        } catch {
            // The walker lets nothing through that the parser refuses; if it does, refusing is still right.
            log.report(.invalid, line: nil, column: nil, "cannot be read as a configuration")
            return nil
        }
    }
}
