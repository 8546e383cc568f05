// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Access logs: where lines go, which there are and how they look.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias File = Envoy_Extensions_AccessLoggers_File_V3_FileAccessLog
    private typealias StandardOutput = Envoy_Extensions_AccessLoggers_Stream_V3_StdoutAccessLog
    private typealias StandardError = Envoy_Extensions_AccessLoggers_Stream_V3_StderrAccessLog

    mutating func accessLogs(_ messages: [Envoy_Config_Accesslog_V3_AccessLog], at place: Place) -> [AccessLog] {
        zip(messages, place.items).compactMap { compile($0, at: $1) }
    }

    private mutating func compile(_ message: Envoy_Config_Accesslog_V3_AccessLog, at place: Place) -> AccessLog? {
        let filter = message.hasFilter ? compile(message.filter, at: place.field("filter")) : nil
        guard case .typedConfig(let any) = message.configType else {
            let name = shown(message.name)
            let text = "Didn't find a registered implementation for '\(name)' with type URL: ''"
            require("typed_config", in: place, text)
            return nil
        }
        guard var log = log(any, at: place.field("typed_config")) else { return nil }
        log.filter = filter
        return log
    }

    private mutating func log(_ any: Google_Protobuf_Any, at place: Place) -> AccessLog? {
        let formatPlace = place.field("log_format")
        if any.isA(StandardOutput.self) {
            guard let message: StandardOutput = unpacked(any, at: place) else { return nil }
            guard case .logFormat(let format) = message.accessLogFormat else { return AccessLog(.standardOutput) }
            return AccessLog(.standardOutput, format: compile(format, at: formatPlace))
        }
        if any.isA(StandardError.self) {
            guard let message: StandardError = unpacked(any, at: place) else { return nil }
            guard case .logFormat(let format) = message.accessLogFormat else { return AccessLog(.standardError) }
            return AccessLog(.standardError, format: compile(format, at: formatPlace))
        }
        guard let message: File = unpacked(any, at: place) else { return nil }
        requireText(message.path, "path", in: place)
        checkWritable(message.path, at: place.field("path"))
        return AccessLog(.file(path: message.path), format: format(message, at: place))
    }

    private mutating func format(_ message: File, at place: Place) -> BodyFormat? {
        switch message.accessLogFormat {
        case .format(let text):
            guard !text.isEmpty, let format = format(text, at: place.field("format")) else { return nil }
            return BodyFormat(.text(format))
        case .jsonFormat(let members): return json(members, at: place.field("json_format"))
        case .typedJsonFormat(let members): return json(members, at: place.field("typed_json_format"))
        case .logFormat(let format): return compile(format, at: place.field("log_format"))
        case nil: return nil
        }
    }

    private mutating func json(_ members: Google_Protobuf_Struct, at place: Place) -> BodyFormat? {
        tree(members, at: place).map { BodyFormat(.json($0)) }
    }

    /// A log of the admin server, in the deprecated notation.
    mutating func accessLog(path: String, at place: Place) -> AccessLog? {
        guard !path.isEmpty else { return nil }
        checkWritable(path, at: place)
        return AccessLog(.file(path: path))
    }

    /// Checks that a file is there or can be made.
    private mutating func checkWritable(_ path: String, at place: Place) {
        guard !path.isEmpty else { return }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let isFolder = FileContent.exists(path + "/.")
        guard isFolder || !FileContent.exists(folder) else { return }
        let reason = isFolder ? "Is a directory" : "No such file or directory"
        refuse(place, "unable to open file '\(shown(path))': \(reason)", found: quoted(path))
    }
}

extension Compiler {
    /// The logs of a connection manager.
    mutating func setAccessLogs(_ message: Manager, at place: Place, of manager: inout ConnectionManager) {
        manager.accessLogs = accessLogs(message.accessLog, at: place.field("access_log"))
        // First of all: of one place only the first mistake is told.
        if message.hasAccessLogOptions, message.hasAccessLogFlushInterval {
            refuseBoth("access_log_flush_interval", in: place)
        } else if message.hasAccessLogOptions, message.flushAccessLogOnNewRequest {
            refuseBoth("flush_access_log_on_new_request", in: place)
        }
        if message.hasAccessLogFlushInterval {
            let place = place.field("access_log_flush_interval")
            refuseFlushInterval(message.accessLogFlushInterval, Self.lineAtEnd, at: place)
        }
        refuseEarlyLine(message.flushAccessLogOnNewRequest, in: place)
        guard message.hasAccessLogOptions else { return }
        let options = message.accessLogOptions
        let place = place.field("access_log_options")
        if options.hasAccessLogFlushInterval {
            let place = place.field("access_log_flush_interval")
            refuseFlushInterval(options.accessLogFlushInterval, Self.lineAtEnd, at: place)
        }
        refuseEarlyLine(options.flushAccessLogOnNewRequest, in: place)
        refuseUnsupported(
            options.flushLogOnTunnelSuccessfullyEstablished,
            "tunnels get their line at their end",
            at: place.field("flush_log_on_tunnel_successfully_established"),
            accepted: "false"
        )
    }

    private mutating func refuseBoth(_ field: String, in place: Place) {
        let text = "Only one of \(field) or access_log_options can be specified."
        refuse(place.field(field), text, accepted: "access_log_options")
    }

    private static let lineAtEnd = "a request gets its line at its end"

    private mutating func refuseFlushInterval(_ message: Google_Protobuf_Duration, _ text: String, at place: Place) {
        guard Duration(message) >= .milliseconds(1) else {
            let rule = "value must be greater than or equal to 1ms"
            return refuse(place, breaking: rule, accepted: "0.001s or more")
        }
        refuseUnsupported(true, text, at: place, accepted: "no interval")
    }

    private mutating func refuseEarlyLine(_ isAsked: Bool, in place: Place) {
        let place = place.field("flush_access_log_on_new_request")
        refuseUnsupported(isAsked, Self.lineAtEnd, at: place, accepted: "false")
    }

    /// The logs of a router.
    mutating func upstreamLogs(_ message: Router, at place: Place) -> [AccessLog] {
        let logs = accessLogs(message.upstreamLog, at: place.field("upstream_log"))
        let options = message.upstreamLogOptions
        let place = place.field("upstream_log_options")
        let text = "a try gets its line at its end"
        refuseUnsupported(
            options.flushUpstreamLogOnUpstreamStream,
            text,
            at: place.field("flush_upstream_log_on_upstream_stream"),
            accepted: "false"
        )
        guard options.hasUpstreamLogFlushInterval else { return logs }
        let interval = place.field("upstream_log_flush_interval")
        refuseFlushInterval(options.upstreamLogFlushInterval, text, at: interval)
        return logs
    }
}
