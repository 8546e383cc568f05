// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connection manager: what it reads, believes, changes and answers.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias Manager = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager

    mutating func compile(_ message: Manager, at place: Place) -> ConnectionManager? {
        requireText(message.statPrefix, "stat_prefix", in: place)
        checkHeaderText(message.serverName, at: place.field("server_name"))
        let filters = filters(message.httpFilters, at: place)
        var manager = ConnectionManager(
            statPrefix: message.statPrefix,
            routes: RouteConfiguration(name: "", virtualHosts: [])
        )
        if !message.serverName.isEmpty { manager.serverName = message.serverName }
        manager.serverHeader = ConnectionManager.ServerHeader(message.serverHeaderTransformation)
        manager.addsUserAgent = message.addUserAgent.value
        manager.proxiesContinue = message.proxy100Continue
        setFilters(filters, of: &manager)
        setAccessLogs(message, at: place, of: &manager)
        setRequests(message, at: place, of: &manager)
        setProtocol(message, at: place, of: &manager)
        if message.hasLocalReplyConfig {
            manager.localReplies = compile(message.localReplyConfig, at: place.field("local_reply_config"))
        }
        guard case .routeConfig(let routes) = message.routeSpecifier else {
            require("route_config", in: place, of: "route_specifier")
            return nil
        }
        manager.routes = compile(routes, at: place.field("route_config"))
        return message.statPrefix.isEmpty ? nil : manager
    }

    private mutating func setFilters(_ filters: HTTPFilters, of manager: inout ConnectionManager) {
        manager.healthCheckFilters = filters.healthChecks
        manager.buffering = buffering()
        manager.buffersBeforeHealthChecks = filters.buffersBeforeHealthChecks
        guard let router = filters.router else { return }
        manager.suppressesEnvoyHeaders = router.suppressEnvoyHeaders
        manager.respectsExpectedTimeout = router.respectExpectedRqTimeout
        manager.upstreamLogs = upstreamLogs(router, at: filters.routerPlace)
    }

    /// What is believed of requests, and changed in them.
    private mutating func setRequests(_ message: Manager, at place: Place, of manager: inout ConnectionManager) {
        manager.forwarding = forwarding(message, at: place)
        manager.requestID = requestID(message, at: place)
        manager.clientCertificate = ClientCertificateForwarding(message)
        manager.path.normalizes = message.normalizePath.value
        manager.path.mergesSlashes = message.mergeSlashes
        manager.path.escapedSlashes = PathOptions.EscapedSlashes(message.pathWithEscapedSlashesAction)
        manager.host = host(message, at: place)
    }

    /// How HTTP itself is spoken.
    private mutating func setProtocol(_ message: Manager, at place: Place, of manager: inout ConnectionManager) {
        manager.upgrades = upgrades(message.upgradeConfigs, at: place.field("upgrade_configs"))
        let http1 = place.field("http_protocol_options")
        manager.http1 = compile(message.httpProtocolOptions, at: http1)
        let http2 = place.field("http2_protocol_options")
        manager.version = HTTPVersionChoice(message.codecType)
        manager.http2 = compile(
            message.http2ProtocolOptions,
            at: http2,
            isStreamError: message.hasStreamErrorOnInvalidHTTPMessage
                ? message.streamErrorOnInvalidHTTPMessage.value : nil
        )
        let options = message.httpProtocolOptions
        let isRefused = options.hasAllowAbsoluteURL && !options.allowAbsoluteURL.value
        let text = "absolute targets are always understood"
        refuseUnsupported(isRefused, text, at: http1.field("allow_absolute_url"), accepted: "true")
        refuseUnsupported(
            message.streamErrorOnInvalidHTTPMessage.value,
            "a malformed message of HTTP/1 always ends its connection",
            at: place.field("stream_error_on_invalid_http_message"),
            accepted: "false"
        )
        check(message.commonHTTPProtocolOptions, at: place.field("common_http_protocol_options"))
        manager.timeouts = timeouts(message)
        manager.limits = limits(message, at: place)
    }

    private mutating func host(_ message: Manager, at place: Place) -> HostOptions {
        var host = HostOptions()
        host.stripsTrailingDot = message.stripTrailingHostDot
        if message.stripMatchingHostPort { host.port = .stripIfListener }
        guard case .stripAnyHostPort(true) = message.stripPortMode else { return host }
        if message.stripMatchingHostPort {
            let rule = "Only one of `strip_matching_host_port` or `strip_any_host_port` can be set."
            refuse(place.field("strip_any_host_port"), rule, found: "true", accepted: "one of them")
        }
        host.port = .strip
        return host
    }
}

extension HTTPVersionChoice {
    fileprivate init(_ message: Compiler.Manager.CodecType) {
        self =
            switch message {
            case .auto, .UNRECOGNIZED: .automatic
            case .http1: .http1
            case .http2: .http2
            }
    }
}

extension ClientCertificateForwarding {
    fileprivate init(_ message: Compiler.Manager) {
        self.init()
        mode =
            switch message.forwardClientCertDetails {
            case .sanitize, .UNRECOGNIZED: .sanitize
            case .forwardOnly: .forwardOnly
            case .appendForward: .appendForward
            case .sanitizeSet: .sanitizeSet
            case .alwaysForwardOnly: .alwaysForwardOnly
            }
        let details = message.setCurrentClientCertDetails
        tellsSubject = details.subject.value
        tellsCertificate = details.cert
        tellsChain = details.chain
        tellsDNS = details.dns
        tellsURI = details.uri
    }
}

extension ConnectionManager.ServerHeader {
    fileprivate init(_ message: Compiler.Manager.ServerHeaderTransformation) {
        self =
            switch message {
            case .overwrite, .UNRECOGNIZED: .overwrite
            case .appendIfAbsent: .appendIfAbsent
            case .passThrough: .passThrough
            }
    }
}

extension PathOptions.EscapedSlashes {
    fileprivate init(_ message: Compiler.Manager.PathWithEscapedSlashesAction) {
        self =
            switch message {
            case .implementationSpecificDefault, .keepUnchanged, .UNRECOGNIZED: .keep
            case .rejectRequest: .reject
            case .unescapeAndRedirect: .unescapeAndRedirect
            case .unescapeAndForward: .unescapeAndForward
            }
    }
}
