// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// HTTP as it is spoken with clients and with clusters: times, counts and the spelling of names.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias CommonOptions = Envoy_Config_Core_V3_HttpProtocolOptions

    mutating func compile(_ message: Envoy_Config_Core_V3_Http1ProtocolOptions, at place: Place) -> HTTP1Options {
        var options = HTTP1Options()
        options.acceptsHTTP10 = message.acceptHTTP10
        options.defaultHost = message.defaultHostForHTTP10
        options.passesTrailers = message.enableTrailers
        options.sendsAbsoluteTarget = message.sendFullyQualifiedURL
        // Envoy has no rule for it, and would send such a Host.
        if !isHeaderText(options.defaultHost) {
            let place = place.field("default_host_for_http_10")
            refuse(place, "value must not contain NUL, CR or LF", found: quoted(options.defaultHost))
        }
        if message.hasHeaderKeyFormat {
            options.headerCase = headerCase(message.headerKeyFormat, at: place.field("header_key_format"))
        }
        return options
    }

    private mutating func headerCase(
        _ message: Envoy_Config_Core_V3_Http1ProtocolOptions.HeaderKeyFormat,
        at place: Place
    ) -> HTTP1Options.HeaderCase {
        switch message.headerFormat {
        case .properCaseWords: return .proper
        case .statefulFormatter(let formatter):
            check(formatter, at: place.field("stateful_formatter"))
            return .preserved
        case nil:
            require("header_format", in: place, accepted: "proper_case_words or stateful_formatter")
            return .lower
        }
    }

    private mutating func check(_ formatter: Envoy_Config_Core_V3_TypedExtensionConfig, at place: Place) {
        requireText(formatter.name, "name", in: place)
        let inner = place.field("typed_config")
        guard formatter.hasTypedConfig else {
            require("typed_config", in: place)
            return
        }
        typealias PreserveCase =
            Envoy_Extensions_Http_HeaderFormatters_PreserveCase_V3_PreserveCaseFormatterConfig
        guard let message: PreserveCase = unpacked(formatter.typedConfig, at: inner) else { return }
        let text = "reason phrases are always the standard ones"
        refuseUnsupported(
            message.forwardReasonPhrase,
            text,
            at: inner.field("forward_reason_phrase"),
            accepted: "false"
        )
    }

    /// Checks what holds on both sides.
    mutating func check(_ message: CommonOptions, at place: Place) {
        if message.hasMaxHeadersCount, message.maxHeadersCount.value == 0 {
            let rule = "value must be greater than or equal to 1"
            refuse(place.field("max_headers_count"), breaking: rule, found: "0", accepted: "1 or more")
        }
        if message.hasMaxResponseHeadersKb {
            checkKilobytes(message.maxResponseHeadersKb.value, at: place.field("max_response_headers_kb"))
        }
    }

    func timeouts(_ message: Manager) -> DownstreamTimeouts {
        let common = message.commonHTTPProtocolOptions
        var timeouts = DownstreamTimeouts()
        if message.hasStreamIdleTimeout { timeouts.streamIdle = Duration(message.streamIdleTimeout) }
        if message.hasRequestTimeout { timeouts.request = Duration(message.requestTimeout) }
        if message.hasRequestHeadersTimeout { timeouts.requestHeaders = Duration(message.requestHeadersTimeout) }
        if message.hasDrainTimeout { timeouts.drain = Duration(message.drainTimeout) }
        if message.hasDelayedCloseTimeout { timeouts.delayedClose = Duration(message.delayedCloseTimeout) }
        if common.hasIdleTimeout { timeouts.idle = Duration(common.idleTimeout) }
        if common.hasMaxConnectionDuration { timeouts.maxConnectionDuration = Duration(common.maxConnectionDuration) }
        if common.hasMaxStreamDuration { timeouts.maxStreamDuration = Duration(common.maxStreamDuration) }
        return timeouts
    }

    mutating func limits(_ message: Manager, at place: Place) -> DownstreamLimits {
        let common = message.commonHTTPProtocolOptions
        var limits = DownstreamLimits()
        if message.hasMaxRequestHeadersKb {
            checkKilobytes(message.maxRequestHeadersKb.value, at: place.field("max_request_headers_kb"))
            limits.headKilobytes = Int(message.maxRequestHeadersKb.value)
        }
        if common.hasMaxHeadersCount { limits.headerCount = Int(common.maxHeadersCount.value) }
        limits.requestsPerConnection = Int(common.maxRequestsPerConnection.value)
        limits.underscores = DownstreamLimits.Underscores(common.headersWithUnderscoresAction)
        return limits
    }
}

extension DownstreamLimits.Underscores {
    fileprivate init(_ message: Compiler.CommonOptions.HeadersWithUnderscoresAction) {
        self =
            switch message {
            case .allow, .UNRECOGNIZED: .allow
            case .rejectRequest: .rejectRequest
            case .dropHeader: .dropHeader
            }
    }
}
