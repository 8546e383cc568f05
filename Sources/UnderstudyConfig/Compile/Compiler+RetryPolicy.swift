// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When a request is tried again.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Route_V3_RetryPolicy, at place: Place) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.conditions = conditions(message.retryOn, at: place.field("retry_on"))
        policy.retries = message.hasNumRetries ? Int(message.numRetries.value) : 1
        policy.perTryTimeout = limit(message.hasPerTryTimeout, message.perTryTimeout)
        policy.perTryIdleTimeout = limit(message.hasPerTryIdleTimeout, message.perTryIdleTimeout)
        policy.retriableStatuses = Set(message.retriableStatusCodes.map(Int.init))
        policy.retriableHeaders = compile(message.retriableHeaders, at: place.field("retriable_headers"))
        policy.retriableRequestHeaders = compile(
            message.retriableRequestHeaders,
            at: place.field("retriable_request_headers")
        )
        if message.hasRetryBackOff {
            setBackOff(message.retryBackOff, at: place.field("retry_back_off"), of: &policy)
        }
        if message.hasRateLimitedRetryBackOff {
            setResets(message.rateLimitedRetryBackOff, at: place.field("rate_limited_retry_back_off"), of: &policy)
        }
        policy.otherHostPicks = otherHostPicks(message, at: place)
        return policy
    }

    private func limit(_ isGiven: Bool, _ message: Google_Protobuf_Duration) -> Duration? {
        guard isGiven else { return nil }
        let duration = Duration(message)
        return duration == .zero ? nil : duration
    }

    private mutating func conditions(_ text: String, at place: Place) -> RetryPolicy.Conditions {
        let names = text.split(separator: ",").map { $0.trimming { $0 == " " || $0 == "\t" } }
        let unknown = names.filter { !$0.isEmpty && RetryPolicy.Conditions(names: String($0)).isEmpty }
        if !unknown.isEmpty {
            let tokens = shown(unknown.joined(separator: ", "))
            let config = "retry_on config '\(shown(text))'"
            warn(
                place,
                "Unknown retry_on policy token(s) [\(tokens)] in \(config). These tokens will be silently ignored."
            )
        }
        return RetryPolicy.Conditions(names: text)
    }

    private mutating func setBackOff(
        _ message: Envoy_Config_Route_V3_RetryPolicy.RetryBackOff,
        at place: Place,
        of policy: inout RetryPolicy
    ) {
        guard message.hasBaseInterval else {
            require("base_interval", in: place)
            return
        }
        checkPositive(Duration(message.baseInterval), at: place.field("base_interval"))
        policy.backOffBase = max(Duration(message.baseInterval), .milliseconds(1))
        policy.backOffMaximum = policy.backOffBase * 10
        guard message.hasMaxInterval else { return }
        checkPositive(Duration(message.maxInterval), at: place.field("max_interval"))
        policy.backOffMaximum = max(Duration(message.maxInterval), .milliseconds(1))
        guard policy.backOffMaximum < policy.backOffBase else { return }
        let rule = "retry_policy.max_interval must greater than or equal to the base_interval"
        refuse(place.field("max_interval"), rule)
    }

    private mutating func setResets(
        _ message: Envoy_Config_Route_V3_RetryPolicy.RateLimitedRetryBackOff,
        at place: Place,
        of policy: inout RetryPolicy
    ) {
        if message.resetHeaders.isEmpty {
            require("reset_headers", in: place)
        }
        for (header, place) in zip(message.resetHeaders, place.field("reset_headers").items) {
            requireHeaderName(header.name, "name", in: place)
            let isTimestamp = header.format == .unixTimestamp
            policy.resetHeaders.append(.init(name: header.name.lowercased(), isTimestamp: isTimestamp))
        }
        guard message.hasMaxInterval else { return }
        policy.resetMaximum = Duration(message.maxInterval)
        checkPositive(policy.resetMaximum, at: place.field("max_interval"))
    }

    private mutating func otherHostPicks(
        _ message: Envoy_Config_Route_V3_RetryPolicy,
        at place: Place
    ) -> Int {
        for (predicate, place) in zip(message.retryHostPredicate, place.field("retry_host_predicate").items) {
            requireText(predicate.name, "name", in: place)
            if predicate.configType == nil {
                let name = shown(predicate.name)
                let message = "Didn't find a registered implementation for '\(name)' with type URL: ''"
                require("typed_config", in: place, message)
            }
        }
        guard !message.retryHostPredicate.isEmpty else { return 0 }
        // As Envoy, which keeps the low 32 bits.
        let picks = UInt32(truncatingIfNeeded: message.hostSelectionRetryMaxAttempts)
        return picks == 0 ? 1 : Int(picks)
    }
}

extension Substring {
    fileprivate func trimming(_ isBlank: (Character) -> Bool) -> Substring {
        var rest = self
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}
