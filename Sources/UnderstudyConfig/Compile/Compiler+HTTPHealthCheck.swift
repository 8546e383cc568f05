// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Health checks by a request.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias HTTPCheck = Envoy_Config_Core_V3_HealthCheck.HttpHealthCheck

    mutating func compile(
        _ message: Envoy_Config_Core_V3_HealthCheck.HttpHealthCheck,
        at place: Place
    ) -> HealthCheck.Probe {
        requireText(message.path, "path", in: place)
        checkLine(message.path, at: place.field("path"))
        checkLine(message.host, at: place.field("host"))
        var probe = HealthCheck.HTTPProbe(path: message.path)
        probe.host = message.host
        probe.version = message.codecClientType == .http2 ? .http2 : .http1
        probe.method = method(message, at: place)
        probe.headers.requestAdditions = additions(
            message.requestHeadersToAdd,
            at: place.field("request_headers_to_add")
        )
        probe.headers.requestRemovals = removals(
            message.requestHeadersToRemove,
            at: place.field("request_headers_to_remove"),
            mayBeEmpty: true
        )
        let expected = place.field("expected_statuses")
        probe.expectedStatuses = statuses(message.expectedStatuses, "expected", at: expected)
        let retriable = place.field("retriable_statuses")
        probe.retriableStatuses = statuses(message.retriableStatuses, "retriable", at: retriable)
        probe.receive = zip(message.receive, place.field("receive").items).compactMap { payload($0, at: $1) }
        if message.hasResponseBufferSize { probe.bodyLimit = Int(clamping: message.responseBufferSize.value) }
        if message.hasServiceNameMatcher {
            probe.serviceName = compile(message.serviceNameMatcher, at: place.field("service_name_matcher"))
        }
        return .http(probe)
    }

    /// Checks text that is written into the head of a request.
    private mutating func checkLine(_ text: String, at place: Place) {
        // Safe: a tab is the one control byte that Envoy lets pass.
        let isControl = text.utf8.contains { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }
        guard isControl else { return }
        let rule = #"value does not match regex pattern "^[^\x00-\b\n-\x1f\x7f]*$""#
        refuse(place, "value must not contain control bytes", found: quoted(text), envoy: place.breaking(rule))
    }

    private mutating func method(_ message: HTTPCheck, at place: Place) -> String {
        switch message.method {
        case .methodUnspecified, .get, .UNRECOGNIZED: return "GET"
        case .head: return "HEAD"
        case .post: return "POST"
        case .put: return "PUT"
        case .delete: return "DELETE"
        case .options: return "OPTIONS"
        case .trace: return "TRACE"
        case .patch: return "PATCH"
        case .connect:
            refuse(place.field("method"), breaking: "value must not be in list [CONNECT]", found: "CONNECT")
            return "GET"
        }
    }

    private mutating func statuses(
        _ messages: [Envoy_Type_V3_Int64Range],
        _ kind: String,
        at place: Place
    ) -> [Range<Int>] {
        zip(messages, place.items).compactMap { message, place in
            let start = message.start
            let end = message.end
            let problem: String? =
                if start >= end {
                    "expecting start < end, but found start=\(start) and end=\(end)"
                } else if start < 100 {
                    "expecting start >= 100, but found start=\(start)"
                } else if end > 600 {
                    "expecting end <= 600, but found end=\(end)"
                } else {
                    nil
                }
            guard let problem else { return Int(start)..<Int(end) }
            refuse(place, "Invalid http \(kind) status range: \(problem)", accepted: "statuses from 100 to 599")
            return nil
        }
    }
}
